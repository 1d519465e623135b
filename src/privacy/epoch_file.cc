#include "privacy/epoch_file.h"

#include <sstream>

#include "base/hex.h"
#include "base/try.h"
#include "base/whole_file.h"

namespace user_events::privacy {
namespace {

constexpr std::string_view kFirstLine = "user-events epochs 1";
constexpr std::uint64_t kMaxFileBytes = 64u << 10;

std::unexpected<Error> damaged(const std::string& path) {
  return fail(ErrorKind::damaged, "epoch-file", path + " is no epoch file of ours", "restore it together with the key store, from the same backup");
}

}  // namespace

Result<std::vector<Epoch>> EpochFile::read(const MasterKey& master) const {
  UE_TRY_ASSIGN(const bool there, ports::posix_file_system().exists(path_));
  std::vector<Epoch> epochs;
  if (!there) return epochs;
  UE_TRY_ASSIGN(const std::string text, base::read_whole(ports::posix_file_system(), path_, kMaxFileBytes));
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
  std::string text = std::string(kFirstLine) + "\nmaster " + master.id() + "\n";
  for (const Epoch& epoch : epochs) {
    UE_TRY_ASSIGN(const std::string wrapped, master.wrap(epoch.key));
    text += "epoch " + std::to_string(epoch.number) + " " + std::to_string(epoch.created_ms) + " ";
    base::append_hex(wrapped, text);
    text += "\n";
  }
  return base::replace_whole(ports::posix_file_system(), path_, text);
}

}  // namespace user_events::privacy
