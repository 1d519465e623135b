#include "audit/checkpoint.h"

#include "audit_fixture.h"
#include "base/base64url.h"

namespace user_events::audit::test {
namespace {

class CheckpointTest : public AuditFixture {
 protected:
  CheckpointTest() {
    claims_.at_ms = 1'795'510'800'250;
    claims_.events = {"0123456789abcdefghjkmnpqrs", {12, {}}};
    claims_.events.head.hash.fill(std::byte{0xab});
    claims_.audit = {"zyxwvtsrqpnmkjhgfedcba9876", {3, {}}};
  }
  std::string signed_text() {
    signing::Signer signer(key_);
    return sign(claims_, signer);
  }
  Claims claims_;
};

TEST_F(CheckpointTest, ComesBackAsItWasSigned) {
  const auto read = read_checkpoint(signed_text(), &keys_);
  ASSERT_TRUE(read) << describe(read.error());
  EXPECT_TRUE(read->is_signed);
  EXPECT_EQ(read->key, "ours");
  EXPECT_EQ(to_json(read->claims), to_json(claims_));
  const auto bare = read_checkpoint(to_json(claims_), &keys_);
  ASSERT_TRUE(bare);
  EXPECT_FALSE(bare->is_signed);
  EXPECT_EQ(to_json(bare->claims), to_json(claims_));
}

TEST_F(CheckpointTest, IsRefusedWithAnyCharacterChanged) {
  const std::string good = signed_text();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(read_checkpoint(bad, &keys_)) << "at " << i;
  }
}

TEST_F(CheckpointTest, IsRefusedWithAnotherKeyAlgorithmOrHeader) {
  const auto other = load_key("theirs", "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f");
  signing::Signer signer(other);
  EXPECT_FALSE(read_checkpoint(sign(claims_, signer), &keys_));
  EXPECT_TRUE(read_checkpoint(sign(claims_, signer), nullptr));
  const std::string good = signed_text(), rest = good.substr(good.find('.'));
  for (const char* header : {R"({"alg":"none","kid":"ours","typ":"user-events-checkpoint+jws"})", R"({"alg":"HS256","kid":"ours","typ":"user-events-checkpoint+jws"})",
                             R"({"alg":"EdDSA","kid":"ours","typ":"JWT"})", R"({"alg":"EdDSA","kid":"ours","typ":"user-events-checkpoint+jws","jwk":{}})", "[]", ""})
    EXPECT_FALSE(read_checkpoint(base::base64url(header) + rest, nullptr)) << header;
}

TEST_F(CheckpointTest, TextThatIsNoneIsRefused) {
  for (const char* text : {"", ".", "..", "a.b", "{}", "{\"at\":\"2026-11-24T09:00:00.000Z\"}", "a.b.c.d", "{\"at\":"}) EXPECT_FALSE(read_checkpoint(text, nullptr)) << text;
}

}  // namespace
}  // namespace user_events::audit::test
