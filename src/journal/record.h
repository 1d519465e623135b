// One record of the journal, as handed in (RecordDraft) and as read back (RecordView).
// The bytes on disk: docs/journal-format.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace user_events::journal {

enum class PayloadForm : std::uint8_t { clear = 0, sealed = 1 };

using RequestMac = std::array<std::byte, 16>;

/// What a caller hands in. Views must stay valid until `append` returns (it copies).
struct RecordDraft {
  std::string_view id;     ///< Event id, 1..255 bytes.
  std::string_view type;   ///< 1..255 bytes.
  std::string_view key;    ///< Lane key: events of one key are delivered in order. 1..1024 bytes.
  std::string_view scope;  ///< What `id` is unique within: source and principal. Up to 1024 bytes.
  std::string_view
      source_position;  ///< Where the event came from (outbox position); empty if nowhere. Up to 1024 bytes.
  std::string_view key_id;  ///< Empty: a sealed payload names its key itself (docs/payload-format.md).
  PayloadForm form = PayloadForm::clear;
  bool id_from_caller = false;  ///< Only such ids are indexed and compared (`request_mac`).
  RequestMac request_mac{};  ///< Keyed MAC of the request as submitted; compared when the id is seen again.
  std::string_view payload;
};

/// Who handed a record in; a scope is `SOURCE`, or `SOURCE\nPRINCIPAL`.
[[nodiscard]] constexpr std::string_view principal_in(std::string_view scope) noexcept {
  const auto line_break = scope.find('\n');
  return line_break == std::string_view::npos ? std::string_view() : scope.substr(line_break + 1);
}

/// A durable record; views point into the chunk it was read from.
struct RecordView {
  std::uint64_t sequence = 0;
  std::int64_t accepted_ms =
      0;  ///< Wall clock at acceptance, Unix milliseconds; never decreasing within a journal.
  std::string_view id, type, key, scope, source_position, key_id;
  PayloadForm form = PayloadForm::clear;
  bool id_from_caller = false;
  RequestMac request_mac{};
  std::string_view payload;
};

}  // namespace user_events::journal
