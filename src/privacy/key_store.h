// The users' keys on disk: SQLite, wrapped under the epoch key. Its file may lie outside the data directory. Format: the statements in key_store.cc.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/key_wrap.h"
#include "privacy/subject.h"
#include "state/sqlite.h"
#include "user_events/error.h"

namespace user_events::privacy {

/// Eight bytes that ascend, so that the store's tables grow at their end, and eight random ones; all zero: the root key, which tokens and other
/// keys are derived from.
using KeyId = std::array<std::byte, 16>;

[[nodiscard]] inline std::string_view text_of_key(const KeyId& id) noexcept { return {reinterpret_cast<const char*>(id.data()), id.size()}; }

struct StoredKey {
  KeyId id{};
  std::uint32_t epoch = 0;
  crypto::WrappedKey wrapped{};
};

/// Up to which record of the journal the store knows who uses which key.
struct Watermark {
  std::string journal_id;
  std::uint64_t sequence = 0;
};

struct StoreCounts {
  std::uint64_t users = 0;      ///< Subjects with a key. The root key is not counted, here and below.
  std::uint64_t keys = 0;       ///< Their keys.
  std::uint64_t spare = 0;      ///< Made ahead, nobody's.
  std::uint64_t forgotten = 0;  ///< Subjects whose keys were destroyed.
  std::int64_t oldest_ms = 0;   ///< When the oldest key in use was given out; 0: none.
};

/// Two connections: one thread at a time may use the functions under "reads", another those under "changes"; neither waits for the other. Errors of
/// all: full, unavailable, damaged, io.
class KeyStore {
 public:
  /// Opens or creates the file, mode 0600, WAL, synchronous=FULL, secure_delete.
  [[nodiscard]] static Result<KeyStore> open(const std::string& path);

  // Reads.
  [[nodiscard]] Result<std::optional<StoredKey>> key_of(const Subject& subject);  ///< The newest of them.
  [[nodiscard]] Result<std::optional<StoredKey>> key(const KeyId& id);

  // Changes; each is durable when it returns.
  [[nodiscard]] Result<void> add(std::span<const StoredKey> keys);
  struct Assignment {
    KeyId id;
    Subject subject;
  };
  [[nodiscard]] Result<void> assign(std::span<const Assignment> given, std::span<const Link> links, const Watermark& watermark, std::int64_t now_ms);
  [[nodiscard]] Result<std::vector<Link>> links_of_identifier(const Identifier& identifier);
  [[nodiscard]] Result<std::vector<Link>> links_of_subject(const Subject& subject);
  [[nodiscard]] Result<std::vector<StoredKey>> spare(std::size_t limit);  ///< Keys that are nobody's.
  /// Destroys all keys of these subjects, and what links them to identifiers, truncates the write-ahead log, and returns how many keys there were. What was deleted is overwritten.
  [[nodiscard]] Result<std::uint64_t> forget(std::span<const Subject> subjects, std::int64_t now_ms);
  /// Replaces up to `limit` keys of epochs below `epoch`, those with ids above `after`, by what `rewrap` makes of them. Returns the last one's id, to go on behind it; empty: there was none.
  [[nodiscard]] Result<std::string> rewrap(std::uint32_t epoch, std::string_view after, std::size_t limit, const std::function<Result<crypto::WrappedKey>(const StoredKey&)>& rewrap);
  [[nodiscard]] Result<void> truncate_log();
  [[nodiscard]] Result<Watermark> watermark();
  [[nodiscard]] Result<StoreCounts> counts();

 private:
  KeyStore() = default;
  std::unique_ptr<state::Connection> reading_, writing_;
  std::optional<state::Statement> by_subject_, by_id_, add_, assign_, watermark_, delete_, forgotten_, link_, unlink_, by_identifier_, by_linked_;
};

}  // namespace user_events::privacy
