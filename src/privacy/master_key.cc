#include "privacy/master_key.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/hex.h"
#include "base/try.h"
#include "crypto/derive.h"
#include "crypto/key_wrap.h"

namespace user_events::privacy {
namespace {

constexpr std::size_t kMaxFileBytes = 256;
constexpr std::string_view kHowTo = "make one with: (umask 077; openssl rand -base64 32 > FILE)";

std::unexpected<Error> bad(std::string message, std::string hint = std::string(kHowTo)) {
  return fail(ErrorKind::usage, "master-key", "master key: " + std::move(message), std::move(hint));
}

class LocalMasterKey final : public MasterKey {
 public:
  explicit LocalMasterKey(crypto::SecretKey key) : key_(std::move(key)) {
    std::array<unsigned char, 8> mark;
    crypto::derive(key_.bytes(), "user-events master key id v1", mark);
    base::append_hex({reinterpret_cast<const char*>(mark.data()), mark.size()}, id_);
  }
  [[nodiscard]] std::string id() const override { return id_; }
  [[nodiscard]] Result<std::string> wrap(const crypto::SecretKey& key) const override {
    const crypto::WrappedKey wrapped = crypto::wrap_key(key_, key.bytes());
    return std::string(wrapped.data(), wrapped.size());
  }
  [[nodiscard]] Result<crypto::SecretKey> unwrap(std::string_view wrapped) const override {
    auto key = crypto::unwrap_key(key_, wrapped);
    if (!key) return bad("it is not the one that the key store was made with", "give the one whose id the epoch file names");
    return std::move(*key);
  }

 private:
  crypto::SecretKey key_;
  std::string id_;
};

std::optional<crypto::SecretKey> parse_base64(std::string_view text) {
  if (text.size() != 44 || !text.ends_with('=') || text.ends_with("==")) return std::nullopt;
  std::array<unsigned char, 33> bytes{};
  const int size = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  std::optional<crypto::SecretKey> key;
  if (size == static_cast<int>(bytes.size())) key.emplace(std::span<const unsigned char, crypto::kKeyBytes>(bytes.data(), crypto::kKeyBytes));
  crypto::wipe(bytes);
  return key;
}

Result<std::unique_ptr<MasterKey>> parse(std::string_view text, const std::string& where) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  crypto::SecretKey bytes;
  if (base::parse_hex(text, bytes.writable())) return local_master_key(std::move(bytes));
  auto key = parse_base64(text);
  if (!key) return bad(where + " does not hold 32 bytes in base64 or hexadecimal");
  return local_master_key(std::move(*key));
}

Result<std::unique_ptr<MasterKey>> read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return bad("cannot open " + path + ": " + std::strerror(errno));
  struct stat about {};
  std::array<unsigned char, kMaxFileBytes> bytes;
  const bool known = ::fstat(fd, &about) == 0;
  const ssize_t size = known ? ::read(fd, bytes.data(), bytes.size()) : -1;
  ::close(fd);
  if (size < 0) return bad("cannot read " + path + ": " + std::strerror(errno));
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    crypto::wipe(bytes);
    return bad(path + " may be read by others than its owner", "chmod 600 " + path);
  }
  auto key = parse({reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size)}, path);
  crypto::wipe(bytes);
  return key;
}

}  // namespace

std::unique_ptr<MasterKey> local_master_key(crypto::SecretKey key) { return std::make_unique<LocalMasterKey>(std::move(key)); }

Result<std::unique_ptr<MasterKey>> load_master_key(const KeySource& source) {
  const int given = !source.file.empty() + !source.env.empty() + !source.credential.empty();
  if (given != 1)
    return bad(given == 0 ? "none is configured" : "more than one is configured",
               "set one of privacy.master_key.file, privacy.master_key.env and privacy.master_key.credential");
  if (!source.file.empty()) return read_file(source.file);
  if (!source.env.empty()) {
    const char* const text = std::getenv(source.env.c_str());
    if (text == nullptr) return bad("the environment variable " + source.env + " is not set");
    return parse(text, "the environment variable " + source.env);
  }
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) return bad("there is no CREDENTIALS_DIRECTORY", "credentials are handed over by systemd: LoadCredential=NAME:FILE in the unit");
  if (source.credential.find('/') != std::string::npos) return bad("the name of a credential holds no slash");
  return read_file(std::string(folder) + "/" + source.credential);
}

}  // namespace user_events::privacy
