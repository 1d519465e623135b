// Where secrets come from: a file, an environment variable, a credential of systemd.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/secret_key.h"
#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::crypto {

inline constexpr std::size_t kMaxSecretTextBytes = 4'096;

/// A text that is wiped when it goes, in the reserved memory as long as there is room. Without a way to print it.
class SecretText {
 public:
  /// Of `KeySource`, without the line ends behind it. Errors `usage`, code `key-source`: none or several given, not there, empty, too large, or a file
  /// that others than its owner may read (in $CREDENTIALS_DIRECTORY: than its owner and group). A message begins with `what` and never holds the text.
  [[nodiscard]] static Result<SecretText> read(const KeySource& source, const std::string& what);
  explicit SecretText(std::string_view text);

  [[nodiscard]] std::string_view view() const noexcept { return {memory_.get(), size_}; }
  /// Where it came from, for messages: a path, the name of a variable.
  [[nodiscard]] const std::string& origin() const noexcept { return origin_; }

 private:
  struct Wipe {
    std::size_t bytes;
    void operator()(char* memory) const noexcept;
  };
  explicit SecretText(std::size_t room);
  /// At most one byte more than a secret may have.
  [[nodiscard]] static Result<SecretText> read_some(const KeySource& source, const std::string& what);
  [[nodiscard]] static Result<SecretText> read_file(const std::string& path, const std::string& what);

  std::unique_ptr<char[], Wipe> memory_;
  std::size_t size_ = 0;
  std::string origin_;
};

/// 32 bytes in base64 or hexadecimal; nothing if the text is neither.
[[nodiscard]] std::optional<SecretKey> parse_secret_key(const SecretText& text);

}  // namespace user_events::crypto
