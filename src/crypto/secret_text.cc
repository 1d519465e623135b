#include "crypto/secret_text.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>

namespace user_events::crypto {
namespace {

std::unexpected<Error> bad(std::string message, std::string hint = {}) {
  return fail(ErrorKind::usage, "key-source", std::move(message), std::move(hint));
}

/// Closed at the end.
struct Descriptor {
  explicit Descriptor(const std::string& path) : number(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int number;
};

/// systemd hands credentials over in a folder of the unit's own, as files of root that the unit's group may read (mode 0440).
bool is_handed_over(const std::string& path) {
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  return folder != nullptr && *folder == '/' && std::filesystem::path(path).lexically_normal().parent_path() == std::filesystem::path(folder).lexically_normal();
}

std::size_t without_line_ends(std::string_view text) noexcept { return text.find_last_not_of("\r\n") + 1; }

}  // namespace

SecretText::SecretText(std::size_t room) : memory_(nullptr, Wipe{std::max<std::size_t>(room, 1)}), size_(room) {
  void* memory = OPENSSL_secure_zalloc(memory_.get_deleter().bytes);
  if (memory == nullptr) memory = OPENSSL_zalloc(memory_.get_deleter().bytes);  // as SecretKey does
  if (memory == nullptr) throw std::bad_alloc();
  memory_.reset(static_cast<char*>(memory));
}

SecretText::SecretText(std::string_view text) : SecretText(text.size()) { std::ranges::copy(text, memory_.get()); }

void SecretText::Wipe::operator()(char* memory) const noexcept { OPENSSL_secure_clear_free(memory, bytes); }

Result<SecretText> SecretText::read_file(const std::string& path, const std::string& what) {
  const Descriptor file(path);
  if (file.number < 0) return bad(what + ": cannot open " + path + ": " + std::strerror(errno));
  struct stat about {};
  if (::fstat(file.number, &about) != 0) return bad(what + ": cannot read " + path + ": " + std::strerror(errno));
  const mode_t forbidden = is_handed_over(path) ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  if ((about.st_mode & forbidden) != 0) return bad(what + ": " + path + " may be read by others than its owner", "chmod 600 " + path);
  SecretText text(kMaxSecretTextBytes + 1);
  const ssize_t size = ::read(file.number, text.memory_.get(), text.size_);
  if (size < 0) return bad(what + ": cannot read " + path + ": " + std::strerror(errno));
  text.size_ = static_cast<std::size_t>(size);
  text.origin_ = path;
  return text;
}

Result<SecretText> SecretText::read_some(const KeySource& source, const std::string& what) {
  if (!source.file.empty()) return read_file(source.file, what);
  if (!source.env.empty()) {
    const char* const value = std::getenv(source.env.c_str());
    if (value == nullptr) return bad(what + ": the environment variable " + source.env + " is not set");
    SecretText text(std::string_view(value).substr(0, kMaxSecretTextBytes + 1));
    text.origin_ = "the environment variable " + source.env;
    return text;
  }
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) return bad(what + ": there is no CREDENTIALS_DIRECTORY", "credentials are handed over by systemd: LoadCredential=NAME:FILE in the unit");
  if (source.credential.find('/') != std::string::npos) return bad(what + ": the name of a credential holds no slash");
  return read_file(std::string(folder) + "/" + source.credential, what);
}

Result<SecretText> SecretText::read(const KeySource& source, const std::string& what) {
  const int given = !source.file.empty() + !source.env.empty() + !source.credential.empty();
  if (given != 1) return bad(what + (given == 0 ? ": none is configured" : ": more than one is configured"), "give one of file, env and credential");
  auto text = read_some(source, what);
  if (!text) return text;
  if (text->size_ > kMaxSecretTextBytes) return bad(what + ": " + text->origin_ + " holds more than " + std::to_string(kMaxSecretTextBytes) + " bytes");
  text->size_ = without_line_ends(text->view());
  return text;
}

std::optional<SecretKey> parse_secret_key(const SecretText& text) {
  std::array<unsigned char, kKeyBytes + 1> bytes{};
  std::size_t size = 0;
  const std::string_view view = text.view();
  std::array<char, 2 * kKeyBytes + 1> ended{};  // OpenSSL wants a zero at the end
  if (view.size() == 2 * kKeyBytes) {
    std::ranges::copy(view, ended.begin());
    if (OPENSSL_hexstr2buf_ex(bytes.data(), bytes.size(), &size, ended.data(), '\0') != 1) size = 0;
  } else if (view.size() == 44 && view.ends_with('=') && !view.ends_with("==")) {
    if (EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(view.data()), static_cast<int>(view.size())) == static_cast<int>(bytes.size()))
      size = kKeyBytes;
  }
  std::optional<SecretKey> key;
  if (size == kKeyBytes) key.emplace(std::span<const unsigned char, kKeyBytes>(bytes.data(), kKeyBytes));
  wipe(bytes);
  wipe({reinterpret_cast<unsigned char*>(ended.data()), ended.size()});
  return key;
}

}  // namespace user_events::crypto
