// Takes the elements of a JSON array apart without parsing them, so that each event is parsed, limited and
// refused on its own, and no parser ever needs memory for a whole body.
#pragma once

#include <cstddef>
#include <string_view>

namespace user_events::formation {

/// JSON's white space off both ends.
[[nodiscard]] std::string_view trim_json_space(std::string_view text) noexcept;

/// Walks the texts of an array's elements. It knows strings, brackets and commas only: what lies between them
/// is returned as it is and must be parsed, and every byte of the array but its own brackets and commas is in
/// one of these texts. About 1 ns a byte.
class ArrayReader {
 public:
  enum class Step : unsigned char {
    element,    ///< `element()` is the next one, white space off; it may be empty, which is no JSON.
    end,        ///< The array is closed and nothing follows.
    malformed,  ///< Not closed, closed too often, or something follows.
  };

  /// `text` begins with `[`.
  explicit ArrayReader(std::string_view text) noexcept : text_(text) {}
  [[nodiscard]] Step next() noexcept;
  [[nodiscard]] std::string_view element() const noexcept { return element_; }

 private:
  [[nodiscard]] bool skip_string() noexcept;
  [[nodiscard]] bool scan_to_separator() noexcept;

  std::string_view text_, element_;
  std::size_t at_ = 1;
  bool first_ = true, closed_ = false;
};

}  // namespace user_events::formation
