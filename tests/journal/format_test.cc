// The bytes themselves: known values of the hashes, and the layout that docs/journal-format.md promises.
#include "journal/format.h"

#include <gtest/gtest.h>

#include <string>

#include "journal/bytes.h"
#include "journal/crc32c.h"
#include "support/seeded_random.h"

namespace user_events::journal {
namespace {

TEST(Crc32c, GivesThePublishedValues) {
  // RFC 3720, B.4
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\0'))), 0x8A9136AAu);
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\xFF'))), 0x62A8AB43u);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);
  EXPECT_EQ(crc32c({}), 0u);
}

TEST(Crc32c, IsTheSameWithAndWithoutTheInstructionAndInParts) {
  user_events::test::SeededRandom random(3);
  std::string text(70'000, '\0');
  random.fill({reinterpret_cast<std::byte*>(text.data()), text.size()});
  for (const std::size_t size : {0, 1, 7, 8, 9, 63, 4'095, 4'096, 12'287, 12'288, 12'289, 30'001, 69'990}) {
    for (const std::size_t from : {0, 1, 5}) {
      const auto bytes = as_bytes(text).subspan(from, size);
      ASSERT_EQ(crc32c(bytes), crc32c_portable(bytes)) << size;
      ASSERT_EQ(crc32c(bytes.subspan(size / 3), crc32c(bytes.first(size / 3))), crc32c(bytes)) << size;
    }
  }
}

TEST(SipHash, GivesThePublishedValues) {
  // Aumasson and Bernstein, appendix A and the reference implementation's vectors: key 00 01 … 0f, input 00
  // 01 ….
  const IdHashKey key{0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
  std::string input;
  EXPECT_EQ(siphash(key, input), 0x726fdb47dd0e0e31u);
  for (char c = 0; c < 8; ++c) input.push_back(c);
  EXPECT_EQ(siphash(key, input), 0x93f5f5799a932462u);
  for (char c = 8; c < 15; ++c) input.push_back(c);
  EXPECT_EQ(siphash(key, input), 0xa129ca6149be45e5u);
}

TEST(Sha256, GivesThePublishedValue) {
  Sha256 sha;
  const Hash hash = sha(as_bytes("abc"));
  EXPECT_EQ(hash[0], std::byte{0xBA});
  EXPECT_EQ(hash[31], std::byte{0xAD});
}

TEST(Format, AFrameHeaderHasTheDocumentedLayout) {
  FrameHeader header;
  header.salt = 0x1122334455667788;
  header.offset = 4096;
  header.first_sequence = 7;
  header.record_count = 3;
  header.caller_ids = 2;
  header.body_bytes = 400;
  header.body_crc = 0xAABBCCDD;
  header.accepted_first_ms = 1;
  header.accepted_last_ms = 2;
  header.wall_lowest_ms = -1;
  header.previous_hash.fill(std::byte{0x5C});
  std::array<std::byte, kFrameHeaderBytes> bytes;
  encode(header, bytes);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), 4), "UEF1");
  EXPECT_EQ(load<std::uint32_t>(&bytes[4]), 1u);
  EXPECT_EQ(load<std::uint64_t>(&bytes[8]), header.salt);
  EXPECT_EQ(load<std::uint64_t>(&bytes[16]), 4096u);
  EXPECT_EQ(load<std::uint64_t>(&bytes[24]), 7u);
  EXPECT_EQ(load<std::uint32_t>(&bytes[32]), 3u);
  EXPECT_EQ(load<std::uint32_t>(&bytes[36]), 2u);
  EXPECT_EQ(load<std::uint32_t>(&bytes[40]), 400u);
  EXPECT_EQ(load<std::uint32_t>(&bytes[44]), 0xAABBCCDDu);
  EXPECT_EQ(load<std::int64_t>(&bytes[48]), 1);
  EXPECT_EQ(load<std::int64_t>(&bytes[56]), 2);
  EXPECT_EQ(load<std::int64_t>(&bytes[64]), -1);
  EXPECT_EQ(bytes[72], std::byte{0x5C});
  EXPECT_EQ(bytes[103], std::byte{0x5C});
  EXPECT_EQ(bytes[104], std::byte{0});
  EXPECT_EQ(load<std::uint32_t>(&bytes[124]), crc32c(std::span(bytes).first(124)));
  const auto decoded = decode_frame_header(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->last_sequence(), 9u);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= std::byte{1};
    EXPECT_FALSE(decode_frame_header(bytes)) << i;
    bytes[i] ^= std::byte{1};
  }
}

TEST(Format, ASegmentHeaderHasTheDocumentedLayout) {
  SegmentHeader header;
  header.journal.fill(std::byte{9});
  header.epoch = 5;
  header.ordinal = 3;
  header.base_sequence = 100;
  header.previous_ordinal = 2;
  header.previous_end_offset = 50'000;
  header.previous_end = PreviousEnd::broken;
  header.created_ms = 11;
  header.accepted_floor_ms = 12;
  header.salt = 13;
  header.previous_hash.fill(std::byte{7});
  SegmentHeaderBytes bytes;
  encode(header, bytes);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), 8), "UEVESEG1");
  EXPECT_EQ(load<std::uint32_t>(&bytes[8]), 1u);
  EXPECT_EQ(load<std::uint32_t>(&bytes[12]), 4096u);
  EXPECT_EQ(bytes[16], std::byte{9});
  EXPECT_EQ(load<std::uint64_t>(&bytes[32]), 5u);
  EXPECT_EQ(load<std::uint64_t>(&bytes[40]), 3u);
  EXPECT_EQ(load<std::uint64_t>(&bytes[48]), 100u);
  EXPECT_EQ(load<std::uint64_t>(&bytes[56]), 2u);
  EXPECT_EQ(load<std::uint64_t>(&bytes[64]), 50'000u);
  EXPECT_EQ(load<std::uint32_t>(&bytes[72]), 2u);
  EXPECT_EQ(load<std::int64_t>(&bytes[80]), 11);
  EXPECT_EQ(load<std::int64_t>(&bytes[88]), 12);
  EXPECT_EQ(load<std::uint64_t>(&bytes[96]), 13u);
  EXPECT_EQ(bytes[104], std::byte{7});
  EXPECT_EQ(bytes[135], std::byte{7});
  EXPECT_EQ(load<std::uint32_t>(&bytes[252]), crc32c(std::span(bytes).first(252)));
  EXPECT_TRUE(decode_segment_header(bytes));
}

TEST(Format, ARecordHasTheDocumentedLayout) {
  RecordDraft draft;
  draft.id = "id";
  draft.type = "typ";
  draft.key = "key4";
  draft.scope = "scop5";
  draft.source_position = "posit6";
  draft.key_id = "keyid-7";
  draft.form = PayloadForm::sealed;
  draft.id_from_caller = true;
  draft.request_mac.fill(std::byte{0xEE});
  draft.payload = "payload-9";
  std::string bytes(encoded_size(draft), '\0');
  auto* const at = reinterpret_cast<std::byte*>(bytes.data());
  ASSERT_EQ(encode(draft, 77, at) - at, static_cast<std::ptrdiff_t>(bytes.size()));
  EXPECT_EQ(load<std::uint32_t>(at), 32u + 16 + 2 + 3 + 4 + 5 + 6 + 7 + 9);
  EXPECT_EQ(at[4], std::byte{1});
  EXPECT_EQ(at[5], std::byte{1});
  EXPECT_EQ(at[6], std::byte{1});
  EXPECT_EQ(at[7], std::byte{2});
  EXPECT_EQ(at[8], std::byte{3});
  EXPECT_EQ(at[9], std::byte{7});
  EXPECT_EQ(load<std::uint16_t>(at + 10), 4u);
  EXPECT_EQ(load<std::uint16_t>(at + 12), 5u);
  EXPECT_EQ(load<std::uint16_t>(at + 14), 6u);
  EXPECT_EQ(load<std::int64_t>(at + 16), 77);
  EXPECT_EQ(load<std::uint32_t>(at + 24), 9u);
  EXPECT_EQ(at[32], std::byte{0xEE});
  EXPECT_EQ(bytes.substr(48), "idtypkey4scop5posit6keyid-7payload-9");
}

TEST(Format, DecodingARecordNeverReadsBeyondItsBytes) {
  RecordDraft draft;
  draft.id = "id";
  draft.type = "typ";
  draft.key = "key";
  draft.payload = "payload";
  std::string bytes(encoded_size(draft), '\0');
  encode(draft, 77, reinterpret_cast<std::byte*>(bytes.data()));
  RecordView view;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    EXPECT_EQ(decode_record(as_bytes(cut), 1, view), 0u);
  }
  user_events::test::SeededRandom random(4);
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = bytes;
    for (int k = 0; k < 3; ++k) changed[random.below(32)] = static_cast<char>(random.below(256));
    const std::size_t size = decode_record(as_bytes(changed), 1, view);
    ASSERT_LE(size, changed.size());
  }
}

}  // namespace
}  // namespace user_events::journal
