#include "registry/id_file.h"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>

#include "base/hex.h"
#include "base/try.h"
#include "base/whole_file.h"
#include "crypto/digest.h"
#include "ports/file_system.h"

namespace user_events::registry {
namespace {

constexpr std::string_view kHead = "user-events schema ids 1 ";
constexpr std::size_t kDigits = 64, kMaxFileBytes = kMaxIds * (kDigits + 12) + 8'192;

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
  const crypto::Digest256 hash = crypto::sha256(text);
  std::string out;
  base::append_hex({reinterpret_cast<const char*>(hash.data()), hash.size()}, out);
  return out;
}

Ids read_ids(const std::string& path, std::string_view place) {
  Ids ids;
  const auto text = base::read_whole(ports::posix_file_system(), path, kMaxFileBytes);
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
  UE_TRY(files.create_directories(path.substr(0, path.rfind('/'))));
  return base::replace_whole(files, path, text);
}

}  // namespace user_events::registry
