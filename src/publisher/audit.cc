// What people do, for the audit log, and what a server adds to it.
#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/time_text.h"
#include "base/try.h"
#include "base/json_text.h"
#include "publisher/audited.h"
#include "publisher/engine.h"
#include "user_events/version.h"

namespace user_events {
namespace {

/// A longer list of letters is counted only.
constexpr std::size_t kMaxNamedLetters = 100;

void append_texts(std::string_view name, const std::vector<std::string>& texts, std::string& out) {
  if (texts.empty()) return;
  publisher::append_member(name, out);
  base::append_array(texts, out, [&](const std::string& text) { base::append_json_string(text, out); });
}

void append_time_member(std::string_view name, const std::optional<Timestamp>& time, std::string& out) {
  if (time) publisher::append_text(name, base::time_text(*time), out);
}

}  // namespace

namespace publisher {

Result<void> check_reason(std::string_view reason) {
  constexpr std::size_t kMaxBytes = 1'000;
  if (reason.find_first_not_of(" \t\r\n") == std::string_view::npos || reason.size() > kMaxBytes || !base::is_valid_utf8(reason))
    return fail(ErrorKind::invalid, "reason", fmt::format("this needs a reason, a text of 1 to {} bytes", kMaxBytes), "say why, for the record");
  return {};
}

void append_member(std::string_view name, std::string& out) {
  if (!out.empty()) out += ',';
  base::append_json_string(name, out);
  out += ':';
}

void append_text(std::string_view name, std::string_view value, std::string& out) {
  if (value.empty()) return;
  append_member(name, out);
  base::append_json_string(value, out);
}

void append_number(std::string_view name, std::uint64_t value, std::string& out) {
  append_member(name, out);
  base::append_json_number(value, out);
}

}  // namespace publisher

std::string UserEventPublisher::Impl::audit_user(const std::string& user) const {
  if (user.empty() || privacy::subject_of(user)) return user;
  return keys ? former->lane(user) : former->token(user);
}

std::string UserEventPublisher::Impl::asked_of(const DeadLetterFilter& filter) const {
  std::string out;
  publisher::append_text("destination", filter.destination, out);
  if (!filter.numbers.empty()) {
    publisher::append_number("numbered", filter.numbers.size(), out);
    publisher::append_member("numbers", out);
    base::append_array(std::span(filter.numbers).first(std::min(filter.numbers.size(), kMaxNamedLetters)), out,
                       [&](std::uint64_t number) { base::append_json_number(number, out); });
  }
  append_texts("types", filter.types, out);
  append_texts("within", filter.within, out);
  publisher::append_text("user", audit_user(filter.user), out);
  append_time_member("since", filter.since, out);
  append_time_member("until", filter.until, out);
  publisher::append_text("cause", filter.reason, out);
  if (!filter.states.empty()) {
    publisher::append_member("states", out);
    base::append_array(filter.states, out, [&](DeadLetterState one) { base::append_json_string(to_text(one), out); });
  }
  return out;
}

Result<void> UserEventPublisher::Impl::open_audit() {
  if (options.read_only) return {};
  std::shared_ptr<const signing::Key> key;
  if (!options.audit.key.empty()) {
    key = signing_keys->find(options.audit.key);
    if (!key || key->algorithm() != signing::Algorithm::eddsa)
      return fail(ErrorKind::usage, "audit-key", fmt::format("audit.key '{}' is no signing key for EdDSA", options.audit.key), "add a [[signing_key]] of that name");
  }
  auto log = audit::Log::open(ports::posix_file_system(), ports::system_clock(), ports::system_random(), options.data_dir + "/audit", options.audit, std::move(key));
  if (!log) {
    log.error().message.insert(0, "audit log: ");
    return std::unexpected(std::move(log).error());
  }
  audit = *std::move(log);
  audit->start(*journal, version());
  audit_log.store(audit.get(), std::memory_order_release);
  return {};
}

Result<void> UserEventPublisher::Impl::record_removal(const journal::Removal& removal) const {
  auto* const log = audit_log.load(std::memory_order_acquire);
  if (log == nullptr) return fail(ErrorKind::unavailable, "starting", "nothing is removed before the audit log is open");
  return log->note_removal("events", removal);
}

void UserEventPublisher::note_denied(std::string_view principal, std::string_view reason, std::string_view action) noexcept {
  if (impl_->audit) impl_->audit->note_denial(principal, reason, action);
}

Result<void> UserEventPublisher::recorded(std::string_view act, const std::string& by, const std::string& asked, const std::function<Result<void>()>& work) {
  return audit::recorded(impl_->audit.get(), {act, by, asked}, work);
}

}  // namespace user_events
