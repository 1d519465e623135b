// The stage between delivery and a destination's adapter: what goes on the wire for one event. Whatever a destination asks for that changes
// an event (its format, a binary encoding, a policy, a signature) happens here, once, before the adapter sees it.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "encoding/envelope.h"
#include "encoding/growth.h"

namespace user_events::encoding {

/// A header that goes with the body besides the event's attributes, in every format, under this very name.
struct Header {
  std::string_view name;   ///< Lower case, a token of HTTP (RFC 9110, 5.6.2); lives for ever.
  std::string_view value;  ///< Visible ASCII and spaces.
};

inline constexpr std::size_t kMaxHeaders = 4;
/// The header of a signature over body and attributes (docs/security/signatures.md).
inline constexpr std::string_view kSignatureHeader = "jws-signature";

/// The further headers of one event. Without allocation.
class Headers {
 public:
  void add(Header header) noexcept {
    assert(count_ < kMaxHeaders);
    headers_[count_++] = header;
  }
  void clear() noexcept { count_ = 0; }
  [[nodiscard]] const Header* begin() const noexcept { return headers_.data(); }
  [[nodiscard]] const Header* end() const noexcept { return headers_.data() + count_; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

 private:
  std::array<Header, kMaxHeaders> headers_{};
  std::size_t count_ = 0;
};

/// What goes on the wire. Views are valid until the encoder is used again, and no longer than what it was given.
struct Encoded {
  Envelope envelope;  ///< Attributes and key as this destination may see them; `data` is not for the wire, `body` is.
  std::string_view body;
  std::string_view content_type;       ///< Of the body; in binary mode CloudEvents' `datacontenttype` too.
  bool attributes_in_headers = false;  ///< Binary mode. False: the body says what it is, or the destination wants no more than the marks.
  Headers headers;
};

enum class Readiness : std::uint8_t {
  ready,
  not_now,  ///< Something outside is missing for this event (a schema's id): it waits, no attempt is counted, others go on.
  refused,  ///< It can never be encoded: a dead letter.
  nothing,  ///< It has no counterpart in what this destination gets: it is passed over.
};

struct Encoding {
  Readiness readiness = Readiness::ready;
  std::string reason;  ///< Of not_now and refused: one line, no payload, no personal data.
};

/// One of each destination, used by its delivery thread only, except what says otherwise.
class Encoder {
 public:
  virtual ~Encoder() = default;
  /// Never blocks: no I/O, no waiting for somebody else. `out` is whole unless the answer is something else than ready. Equal events give
  /// equal bytes, at each attempt. Allocates only when a buffer must grow.
  [[nodiscard]] virtual Encoding encode(const Envelope& envelope, const Position& position, Encoded& out) = 0;
  /// A bound, never too small, on the body's bytes at any position with a journal id of at most kMaxJournalIdBytes. Thread-safe.
  [[nodiscard]] virtual std::size_t body_bound_bytes(const Envelope& envelope) const noexcept = 0;
  /// From the payload form to the body.
  [[nodiscard]] virtual Growth growth() const noexcept { return {.factor = 2, .bytes = 8'192}; }
  /// One line for `status` on what events wait for, and what to do; empty: nothing. Thread-safe.
  [[nodiscard]] virtual std::string waits_for() const { return {}; }
};

struct JsonOptions {
  Format format = Format::cloudevents;
  /// U+FFFE and U+FFFF are written as JSON escapes, for services that take only what XML 1.0 allows.
  bool escape_noncharacters = false;
};

/// JSON in the three formats. Binary mode copies nothing.
[[nodiscard]] std::unique_ptr<Encoder> make_json_encoder(const JsonOptions& options);

}  // namespace user_events::encoding
