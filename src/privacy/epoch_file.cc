#include "privacy/epoch_file.h"

#include <filesystem>
#include <sstream>

#include "base/hex.h"
#include "base/try.h"
#include "ports/file_system.h"

namespace user_events::privacy {
namespace {

constexpr std::string_view kFirstLine = "user-events epochs 1";
constexpr std::uint64_t kMaxFileBytes = 64u << 10;

std::unexpected<Error> damaged(const std::string& path) {
  return fail(ErrorKind::damaged, "epoch-file", path + " is no epoch file of ours", "restore it together with the key store, from the same backup");
}

Result<std::string> read_whole(const std::string& path) {
  UE_TRY_ASSIGN(const auto file, ports::posix_file_system().open(path, ports::OpenMode::read));
  UE_TRY_ASSIGN(const auto size, file->size());
  if (size > kMaxFileBytes) return damaged(path);
  std::string text(size, '\0');
  UE_TRY_ASSIGN(const auto got, file->read_at(0, std::as_writable_bytes(std::span(text))));
  text.resize(got);
  return text;
}

}  // namespace

Result<std::vector<Epoch>> EpochFile::read(const MasterKey& master) const {
  UE_TRY_ASSIGN(const bool there, ports::posix_file_system().exists(path_));
  std::vector<Epoch> epochs;
  if (!there) return epochs;
  UE_TRY_ASSIGN(const std::string text, read_whole(path_));
  std::istringstream lines(text);
  std::string line, word, id, wrapped;
  if (!std::getline(lines, line) || line != kFirstLine) return damaged(path_);
  if (!std::getline(lines, line) || !(std::istringstream(line) >> word >> id) || word != "master") return damaged(path_);
  if (id != master.id())
    return fail(ErrorKind::usage, "master-key", path_ + " was written under master key " + id + ", and the one given is " + master.id(),
                "give the former master key, or name it as privacy.previous_master_key to move over to the new one");
  while (std::getline(lines, line)) {
    Epoch epoch;
    std::istringstream words(line);
    if (!(words >> word >> epoch.number >> epoch.created_ms >> wrapped) || word != "epoch") return damaged(path_);
    std::string bytes(wrapped.size() / 2, '\0');
    if (!base::parse_hex(wrapped, {reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()})) return damaged(path_);
    UE_TRY_ASSIGN(epoch.key, master.unwrap(bytes));
    epochs.push_back(std::move(epoch));
  }
  if (epochs.empty()) return damaged(path_);
  return epochs;
}

Result<void> EpochFile::write(const MasterKey& master, const std::vector<Epoch>& epochs) const {
  auto& files = ports::posix_file_system();
  std::string text = std::string(kFirstLine) + "\nmaster " + master.id() + "\n";
  for (const Epoch& epoch : epochs) {
    UE_TRY_ASSIGN(const std::string wrapped, master.wrap(epoch.key));
    text += "epoch " + std::to_string(epoch.number) + " " + std::to_string(epoch.created_ms) + " ";
    base::append_hex(wrapped, text);
    text += "\n";
  }
  const std::string made = path_ + ".new";
  UE_TRY_ASSIGN(const bool left_over, files.exists(made));
  if (left_over) UE_TRY(files.remove(made));
  {
    UE_TRY_ASSIGN(const auto file, files.open(made, ports::OpenMode::create_new));
    UE_TRY(file->write_at(0, std::as_bytes(std::span(text))));
    UE_TRY(file->sync_data());
  }
  UE_TRY(files.rename(made, path_));
  const auto folder = std::filesystem::path(path_).parent_path();
  return files.sync_directory(folder.empty() ? "." : folder.string());
}

}  // namespace user_events::privacy
