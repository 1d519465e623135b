#include "journal/identity.h"

#include <optional>

#include "base/try.h"
#include "journal/bytes.h"
#include "journal/crc32c.h"

namespace user_events::journal {
namespace {

constexpr std::uint64_t kSecretMagic = 0x3143455345564555;   // "UEVESEC1"
constexpr std::uint64_t kJournalMagic = 0x314E524A45564555;  // "UEVEJRN1"
constexpr std::uint64_t kEpochMagic = 0x314F504545564555;    // "UEVEEPO1"
constexpr const char* kEpochName = "epoch";
constexpr std::uint64_t kEpochMask = (1ull << 40) - 1;  // 8 characters of 5 bits

/// Crockford's base 32, lower case: no letter is mistaken for a digit.
void append_base32(std::uint64_t high, std::uint64_t low, unsigned characters, std::string& out) {
  static constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
  for (unsigned i = characters; i-- > 0;) {
    const unsigned shift = 5 * i;
    std::uint64_t value = 0;
    if (shift >= 64) {
      value = high >> (shift - 64);
    } else {
      value = low >> shift;
      if (shift > 59) value |= high << (64 - shift);
    }
    out.push_back(kAlphabet[value & 31]);
  }
}

/// A small file: magic, payload, CRC-32C of both.
std::string small_file(std::uint64_t magic, std::span<const std::byte> payload) {
  std::string out(8 + payload.size() + 4, '\0');
  auto* at = reinterpret_cast<std::byte*>(out.data());
  store(at, magic);
  std::memcpy(at + 8, payload.data(), payload.size());
  store(at + 8 + payload.size(), crc32c(as_bytes(out).first(8 + payload.size())));
  return out;
}

/// The payload; nullopt when there is no such file. Error `damaged` when it is not what was written.
template <std::size_t Size>
Result<std::optional<std::array<std::byte, Size>>> read_small_file(const Storage& storage,
                                                                   const std::string& name,
                                                                   std::uint64_t magic) {
  UE_TRY_ASSIGN(const bool there, storage.files.exists(storage.path(name)));
  if (!there) return std::nullopt;
  UE_TRY_ASSIGN(const auto file, storage.files.open(storage.path(name), ports::OpenMode::read));
  std::array<std::byte, 8 + Size + 4> bytes;
  UE_TRY_ASSIGN(const std::size_t got, file->read_at(0, bytes));
  UE_TRY_ASSIGN(const std::uint64_t size, file->size());
  if (got != bytes.size() || size != bytes.size() || load<std::uint64_t>(bytes.data()) != magic ||
      load<std::uint32_t>(bytes.data() + 8 + Size) != crc32c(std::span(bytes).first(8 + Size)))
    return fail(ErrorKind::damaged, "journal-damaged", "the file " + storage.path(name) + " is damaged",
                "restore it from a backup of the same data directory");
  std::array<std::byte, Size> payload;
  std::memcpy(payload.data(), bytes.data() + 8, Size);
  return payload;
}

/// Writes `name` at once or not at all. `payload` gets the temporary file's path, which becomes the file.
template <class Payload>
Result<void> write_small_file(const Storage& storage, const std::string& name, std::uint64_t magic,
                              Payload payload) {
  const std::string temporary = storage.path(name + ".tmp");
  UE_TRY_ASSIGN(const bool left_over, storage.files.exists(temporary));
  if (left_over) UE_TRY(storage.files.remove(temporary));
  UE_TRY_ASSIGN(const auto file, storage.files.open(temporary, ports::OpenMode::create_new));
  UE_TRY_ASSIGN(const auto content, payload(temporary));
  UE_TRY(file->write_at(0, as_bytes(small_file(magic, content))));
  UE_TRY(file->sync_data());
  UE_TRY(storage.files.rename(temporary, storage.path(name)));
  return storage.sync_directory();
}

std::unexpected<Error> missing_beside_segments(const Storage& storage, const std::string& name) {
  return fail(ErrorKind::damaged, "journal-damaged",
              "the file " + storage.path(name) + " is missing, but there are segments",
              "restore it from a backup of the same data directory");
}

/// Reads the random bytes in the file `name`, or draws and stores them.
template <std::size_t Size>
Result<std::array<std::byte, Size>> lasting_random(const Storage& storage, const std::string& name,
                                                   std::uint64_t magic, ports::Random& random,
                                                   bool has_segments) {
  UE_TRY_ASSIGN(const auto found, read_small_file<Size>(storage, name, magic));
  if (found) return *found;
  if (has_segments) return missing_beside_segments(storage, name);
  std::array<std::byte, Size> drawn;
  random.fill(drawn);
  UE_TRY(write_small_file(storage, name, magic,
                          [&](const std::string&) -> Result<std::array<std::byte, Size>> { return drawn; }));
  return drawn;
}

using EpochPayload = std::array<std::byte, 8 + 32>;

/// Which file this is, without giving inodes away.
Result<Hash> fingerprint(const Storage& storage, const std::string& path) {
  UE_TRY_ASSIGN(const std::string identity, storage.files.identity(path));
  return Sha256()(as_bytes(identity));
}

/// The stored epoch while the file is the one it was written as; else a new one.
Result<void> open_epoch(const Storage& storage, ports::Random& random, bool has_segments,
                        Identity& identity) {
  const std::string name = kEpochName;
  const auto found = read_small_file<sizeof(EpochPayload)>(storage, name, kEpochMagic);
  // A damaged marker proves nothing: a new epoch is always safe.
  if (!found && found.error().kind != ErrorKind::damaged) return std::unexpected(found.error());
  // Without segments the numbering begins anew, and old numbers must not be taken for new ones.
  if (found && *found && has_segments) {
    const EpochPayload& stored = **found;
    UE_TRY_ASSIGN(const Hash here, fingerprint(storage, storage.path(name)));
    identity.epoch = load<std::uint64_t>(stored.data());
    if (std::memcmp(here.data(), stored.data() + 8, here.size()) == 0) {
      // A marker that could not be renewed is as good as it was.
      static_cast<void>(renew_epoch_marker(storage, identity));
      return {};
    }
  }
  identity.new_epoch = true;
  identity.epoch = random.next_u64() & kEpochMask;
  return renew_epoch_marker(storage, identity);
}

}  // namespace

Result<Identity> open_identity(const Storage& storage, ports::Random& random, bool has_segments) {
  Identity identity;
  UE_TRY_ASSIGN(identity.secret, lasting_random<32>(storage, "secret", kSecretMagic, random, has_segments));
  UE_TRY_ASSIGN(identity.journal,
                lasting_random<16>(storage, "journal", kJournalMagic, random, has_segments));
  UE_TRY(open_epoch(storage, random, has_segments, identity));
  set_epoch(identity, identity.epoch);
  return identity;
}

Result<void> renew_epoch_marker(const Storage& storage, const Identity& identity) {
  return write_small_file(storage, kEpochName, kEpochMagic,
                          [&](const std::string& path) -> Result<EpochPayload> {
                            UE_TRY_ASSIGN(const Hash here, fingerprint(storage, path));
                            EpochPayload payload;
                            store(payload.data(), identity.epoch);
                            std::memcpy(payload.data() + 8, here.data(), here.size());
                            return payload;
                          });
}

Result<Identity> read_identity(const Storage& storage) {
  Identity identity;
  UE_TRY_ASSIGN(const auto secret, read_small_file<32>(storage, "secret", kSecretMagic));
  if (!secret) return missing_beside_segments(storage, "secret");
  UE_TRY_ASSIGN(const auto journal, read_small_file<16>(storage, "journal", kJournalMagic));
  if (!journal) return missing_beside_segments(storage, "journal");
  identity.secret = *secret;
  identity.journal = *journal;
  const auto epoch = read_small_file<sizeof(EpochPayload)>(storage, kEpochName, kEpochMagic);
  if (!epoch && epoch.error().kind != ErrorKind::damaged) return std::unexpected(epoch.error());
  set_epoch(identity, epoch && *epoch ? load<std::uint64_t>((**epoch).data()) : 0);
  return identity;
}

// 26 characters hold 130 bits, 8 hold 40.
std::string journal_text(const JournalUuid& journal) {
  std::string out;
  append_base32(load<std::uint64_t>(journal.data() + 8), load<std::uint64_t>(journal.data()), 26, out);
  return out;
}

void set_epoch(Identity& identity, std::uint64_t epoch) {
  identity.epoch = epoch;
  identity.text = journal_text(identity.journal);
  identity.text.push_back('.');
  append_base32(0, identity.epoch, 8, identity.text);
}

}  // namespace user_events::journal
