#include "signing/key_book.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/try.h"
#include "observability/log.h"

namespace user_events::signing {
namespace {

constexpr std::size_t kKeyMemoryBytes = 256u << 10;  // of which OpenSSL is left a part

}  // namespace

Result<KeyBook::Page> KeyBook::read(const Options& options) {
  // Does nothing where users' keys have more.
  if (!options.signing_keys.empty() && !crypto::reserve_key_memory(kKeyMemoryBytes))
    observability::log().warn("signing: the memory of keys cannot be locked and may reach swap; raise the limit (LimitMEMLOCK= in the unit)");
  Page page;
  for (const auto& each : options.signing_keys) {
    UE_TRY_ASSIGN(auto key, Key::load(each));
    page.keys.insert_or_assign(each.name, std::make_shared<const Key>(std::move(key)));
  }
  for (const auto& each : options.destinations) {
    if (each.sign.empty()) continue;
    const auto found = page.keys.find(each.sign);
    if (found == page.keys.end())
      return fail(ErrorKind::usage, "signing-key", fmt::format("destination '{}' signs with '{}', which is no signing key", each.name, each.sign),
                  "add a [[signing_key]] of that name");
    if (each.signature == "dsse" && found->second->algorithm() != Algorithm::eddsa)
      return fail(ErrorKind::usage, "signing-key", fmt::format("destination '{}': a DSSE signature needs a key for EdDSA, and '{}' is none", each.name, each.sign),
                  "set signature = \"jws\", or sign with another key");
    page.destinations.insert_or_assign(each.name, Signing{each.signature, found->second});
  }
  return page;
}

Result<std::unique_ptr<KeyBook>> KeyBook::load(const Options& options) {
  UE_TRY_ASSIGN(auto page, read(options));
  return std::unique_ptr<KeyBook>(new KeyBook(std::move(page)));
}

Result<void> KeyBook::reload(const Options& options) {
  UE_TRY_ASSIGN(auto page, read(options));
  const std::lock_guard lock(mutex_);
  const auto is_same = [](const auto& a, const auto& b) { return a.first == b.first && a.second.form == b.second.form; };
  if (!std::ranges::equal(page.destinations, page_.destinations, is_same))
    return fail(ErrorKind::usage, "signing-changed", "which destinations sign, and in which form, is decided at the start", "restart the daemon");
  for (const auto& [name, key] : page.keys)
    if (const auto former = page_.keys.find(name); former != page_.keys.end() && !former->second->is_same_as(*key))
      return fail(ErrorKind::usage, "signing-key-changed", fmt::format("signing key '{}' is another key than before: who verifies would not know which is meant", name),
                  "give a new key a new name");
  page_ = std::move(page);
  generation_.fetch_add(1, std::memory_order_release);
  return {};
}

std::shared_ptr<const Key> KeyBook::key_of(std::string_view destination) const {
  const std::lock_guard lock(mutex_);
  const auto found = page_.destinations.find(destination);
  return found == page_.destinations.end() ? nullptr : found->second.key;
}

std::shared_ptr<const Key> KeyBook::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = page_.keys.find(name);
  return found == page_.keys.end() ? nullptr : found->second;
}

std::string KeyBook::jwks() const {
  const std::lock_guard lock(mutex_);
  std::string out = "{\"keys\":[";
  for (const auto& [name, key] : page_.keys) {
    const std::string jwk = key->public_jwk();
    if (jwk.empty()) continue;
    if (out.back() != '[') out += ',';
    out += jwk;
  }
  return out + "]}";
}

}  // namespace user_events::signing
