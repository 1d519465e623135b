// One event as it was handed in: the members of its envelope, told apart and not yet judged.
#pragma once

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formation/attributes.h"
#include "user_events/error.h"
#include "user_events/event.h"

namespace user_events::formation {

/// What the catalogue finds and what formation finds, together at most this many.
inline constexpr std::size_t kMaxFindings = 32;

/// Where findings of one event go. `prefix` is the event's own pointer: empty, or `/3` in an array.
struct Findings {
  std::vector<FieldError>& list;
  std::string_view prefix;

  /// Adds one at the member `name`.
  void add(std::string_view name, std::string_view code, std::string_view detail) const;
  /// Adds one at the event itself.
  void add_here(std::string_view code, std::string_view detail) const;
};

/// The members that formation knows.
enum class Member : std::uint8_t {
  type,
  id,
  time,
  traceparent,
  tracestate,
  source,
  subject,
  data_schema,
  data_content_type,
  spec_version,  // texts
  data,
  data_base64,
  version,
  sequence,
  journal_id,
  partition_key,
  replay,  // the caller's are replaced by ours
  none,
};
inline constexpr std::size_t kTextMembers = static_cast<std::size_t>(Member::data);

/// Name of a member in events of its form, and so its pointer.
[[nodiscard]] std::string_view name_of(Member member) noexcept;

/// Views into the parser's or the caller's memory.
class RawEvent {
 public:
  /// `extensions` is cleared and then holds the extension attributes as JSON members (see
  /// encoding::Envelope).
  explicit RawEvent(std::string& extensions) : extensions_(extensions) { extensions_.clear(); }

  /// Each adds findings for what does not belong there: wrong types, unknown members, duplicates, names of
  /// secrets.
  void read_native(const simdjson::dom::object& object, const Findings& findings);
  void read_cloudevent(const simdjson::dom::object& object, const Findings& findings);
  void read_dynamic(const DynamicEvent& event, const Findings& findings);

  /// True if it is there and not null.
  [[nodiscard]] bool has(Member member) const noexcept { return (present_ & bit(member)) != 0; }
  /// True if it is there and a string.
  [[nodiscard]] bool has_text(Member member) const noexcept { return text(member).data() != nullptr; }
  /// Empty if it is not there or no string.
  [[nodiscard]] std::string_view text(Member member) const noexcept {
    return texts_[static_cast<std::size_t>(member)];
  }
  /// As submitted; 0: not said.
  [[nodiscard]] std::uint32_t version() const noexcept { return version_; }
  [[nodiscard]] std::string_view extensions() const noexcept { return extensions_; }
  [[nodiscard]] const std::optional<simdjson::dom::element>& data() const noexcept { return data_; }
  void set_data(const simdjson::dom::element& data) {
    data_ = data;
    present_ |= bit(Member::data);
  }

 private:
  [[nodiscard]] static constexpr std::uint32_t bit(Member member) noexcept {
    return 1u << static_cast<unsigned>(member);
  }
  [[nodiscard]] bool see(Member member, bool is_null) noexcept;
  void set_text(Member member, const simdjson::dom::element& value, const Findings& findings);
  void set_version(const simdjson::dom::element& value, const Findings& findings);
  void read_attribute(std::string_view name, const simdjson::dom::element& value, const Findings& findings);
  [[nodiscard]] bool begin_extension(std::string_view name, const Findings& findings);
  void add_extension(std::string_view name, const simdjson::dom::element& value, const Findings& findings);
  void set_attribute_text(std::string_view name, std::string_view value, const Findings& findings);

  static_assert(static_cast<unsigned>(Member::none) < 32);
  std::array<std::string_view, kTextMembers> texts_{};
  std::optional<simdjson::dom::element> data_;
  std::uint32_t version_ = 0, seen_ = 0, present_ = 0;
  std::string& extensions_;
  std::array<std::string_view, kMaxExtensions> extension_names_{};
  std::size_t extension_count_ = 0;
};

}  // namespace user_events::formation
