#include "registry/id_file.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <new>
#include <span>

#include "base/try.h"
#include "ports/file_system.h"

namespace user_events::registry {
namespace {

constexpr std::string_view kHead = "user-events schema ids 1 ";
constexpr std::size_t kDigits = 64, kMaxFileBytes = kMaxIds * (kDigits + 12) + 8'192;

Result<std::string> read_file(const std::string& path) {
  UE_TRY_ASSIGN(const auto file, ports::posix_file_system().open(path, ports::OpenMode::read));
  std::string text(kMaxFileBytes, '\0');
  UE_TRY_ASSIGN(const std::size_t size, file->read_at(0, std::as_writable_bytes(std::span(text))));
  text.resize(size);
  return text;
}

void read_line(std::string_view line, Ids& ids) {
  std::uint32_t id = 0;
  if (line.size() <= kDigits + 1 || line[kDigits] != ' ' || ids.size() >= kMaxIds) return;
  const auto [end, error] = std::from_chars(line.data() + kDigits + 1, line.data() + line.size(), id);
  if (error != std::errc{} || end != line.data() + line.size() || id == 0 || id > kMaxId) return;
  ids.emplace(line.substr(0, kDigits), id);
}

}  // namespace

std::string fingerprint(std::string_view subject, const Schema& schema) {
  std::string text(subject);
  text.append(1, '\0').append(to_text(schema.type)).append(1, '\0').append(schema.text);
  std::array<unsigned char, kDigits / 2> hash;
  if (EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
  std::string out;
  for (const unsigned char byte : hash) out += fmt::format("{:02x}", byte);
  return out;
}

Ids read_ids(const std::string& path, std::string_view place) {
  Ids ids;
  const auto text = read_file(path);
  if (!text) return ids;
  std::string_view rest = *text;
  const auto next_line = [&rest] {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return line;
  };
  if (const auto head = next_line(); !head.starts_with(kHead) || head.substr(kHead.size()) != place) return ids;
  while (!rest.empty()) read_line(next_line(), ids);
  return ids;
}

Result<void> write_ids(const std::string& path, std::string_view place, const Ids& ids) {
  std::string text = fmt::format("{}{}\n", kHead, place);
  for (const auto& [mark, id] : ids) text += fmt::format("{} {}\n", mark, id);
  auto& files = ports::posix_file_system();
  const std::string folder = path.substr(0, path.rfind('/')), fresh = path + ".new";
  UE_TRY(files.create_directories(folder));
  UE_TRY_ASSIGN(const bool left_over, files.exists(fresh));
  if (left_over) UE_TRY(files.remove(fresh));
  {
    UE_TRY_ASSIGN(const auto file, files.open(fresh, ports::OpenMode::create_new));
    UE_TRY(file->write_at(0, std::as_bytes(std::span(text))));
    UE_TRY(file->sync_data());
  }
  UE_TRY(files.rename(fresh, path));
  return files.sync_directory(folder);
}

}  // namespace user_events::registry
