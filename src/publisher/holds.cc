#include "publisher/holds.h"

#include <algorithm>

#include "base/json_reading.h"
#include "base/json_writer.h"
#include "base/time_text.h"
#include "base/try.h"
#include "base/json_text.h"
#include "base/whole_file.h"
#include "ports/clock.h"
#include "publisher/audited.h"
#include "publisher/engine.h"

namespace user_events {
namespace publisher {
namespace {

constexpr std::uint64_t kMaxFileBytes = 1u << 20;

std::unexpected<Error> damaged(const std::string& path) {
  return fail(ErrorKind::damaged, "holds-damaged", path + " is not readable, and what it holds might be removed", "restore it, or write anew what `audit search --type hold.add` shows");
}

std::string to_json(const std::vector<LegalHold>& holds) {
  std::string out = R"({"holds":)";
  base::append_array(holds, out, [&](const LegalHold& hold) {
    base::ObjectWriter object(out);
    object.text("name", hold.name);
    object.text("reason", hold.reason);
    object.text("by", hold.by);
    object.text("since", base::time_text(hold.since));
    object.number("firstSequence", hold.first_sequence);
    object.end();
  });
  return out + "}\n";
}

bool read(const simdjson::dom::element& item, LegalHold& out) {
  simdjson::dom::object object;
  if (item.get(object) != simdjson::SUCCESS) return false;
  const auto name = base::text_of(object, "name"), reason = base::text_of(object, "reason"), by = base::text_of(object, "by");
  const auto since = base::parse_timestamp(base::text_of(object, "since").value_or(""));
  if (!name || !reason || !by || !since || object.at_key("firstSequence").get_uint64().get(out.first_sequence) != simdjson::SUCCESS) return false;
  out.name = *name, out.reason = *reason, out.by = *by, out.since = *since;
  return true;
}

}  // namespace

Result<std::unique_ptr<Holds>> Holds::open(ports::FileSystem& files, std::string path) {
  std::unique_ptr<Holds> out(new Holds(files, std::move(path)));
  const auto text = base::read_whole(files, out->path_, kMaxFileBytes);
  if (!text && text.error().kind == ErrorKind::not_found) return out;
  if (!text) return std::unexpected(text.error());
  simdjson::dom::parser parser;
  simdjson::dom::array items;
  const auto object = base::parse_object(parser, *text);
  if (!object || object->at_key("holds").get_array().get(items) != simdjson::SUCCESS) return damaged(out->path_);
  for (const auto& item : items)
    if (!read(item, out->holds_.emplace_back())) return damaged(out->path_);
  return out;
}

Result<void> Holds::replace(std::vector<LegalHold> with) {
  UE_TRY(base::replace_whole(files_, path_, to_json(with)));
  holds_ = std::move(with);
  return {};
}

Result<void> Holds::add(LegalHold hold) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(holds_, hold.name, &LegalHold::name) != holds_.end())
    return fail(ErrorKind::conflict, "hold-exists", "there is a hold of that name", "`user-events audit hold list` shows it");
  if (holds_.size() == kMaxHolds) return fail(ErrorKind::too_large, "too-many-holds", "there are " + std::to_string(kMaxHolds) + " holds already");
  auto with = holds_;
  with.push_back(std::move(hold));
  return replace(std::move(with));
}

Result<void> Holds::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto with = holds_;
  if (std::erase_if(with, [&](const auto& hold) { return hold.name == name; }) == 0)
    return fail(ErrorKind::not_found, "no-hold", "there is no hold of that name", "`user-events audit hold list` names them");
  return replace(std::move(with));
}

std::vector<LegalHold> Holds::all() const {
  const std::lock_guard lock(mutex_);
  return holds_;
}

}  // namespace publisher

namespace {

Result<void> check_name(const std::string& name) {
  const bool is_clean = base::is_valid_utf8(name) && std::ranges::none_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7F || c == '/'; });
  if (name.empty() || name.size() > publisher::kMaxHoldNameBytes || !is_clean)
    return fail(ErrorKind::invalid, "hold-name", "a hold has a name of 1 to " + std::to_string(publisher::kMaxHoldNameBytes) + " bytes, without a slash or control characters");
  return {};
}

std::unexpected<Error> only_read() { return fail(ErrorKind::usage, "read-only", "the data directory is open for reading only", "ask the daemon that runs on it"); }

std::string asked_of(const std::string& name, const std::string& reason) {
  std::string out;
  publisher::append_text("name", name, out);
  publisher::append_text("reason", reason, out);
  return out;
}

}  // namespace

void UserEventPublisher::Impl::hold(bool held) {
  housekeeper->hold(held);
  audit->hold(held);
}

Result<LegalHold> UserEventPublisher::add_hold(const std::string& name, const std::string& reason, const std::string& by) {
  if (!impl_->holds) return only_read();
  UE_TRY(check_name(name));
  UE_TRY(publisher::check_reason(reason));
  return audit::recorded(impl_->audit.get(), {"hold.add", by, asked_of(name, reason)}, [&]() -> Result<LegalHold> {
    const std::lock_guard one_at_a_time(impl_->holds_mutex);
    // A removal that was under way has ended by then, so that the first event stays the first.
    impl_->hold(true);
    const std::chrono::milliseconds now(ports::system_clock().wall().time_since_epoch().count());
    LegalHold hold{name, reason, by, Timestamp(now), impl_->journal->stats().first_sequence};
    const auto added = impl_->holds->add(hold);
    impl_->hold(impl_->holds->any());
    UE_TRY(added);
    return hold;
  });
}

Result<void> UserEventPublisher::remove_hold(const std::string& name, const std::string& reason, const std::string& by) {
  if (!impl_->holds) return only_read();
  UE_TRY(check_name(name));
  UE_TRY(publisher::check_reason(reason));
  return audit::recorded(impl_->audit.get(), {"hold.remove", by, asked_of(name, reason)}, [&]() -> Result<void> {
    const std::lock_guard one_at_a_time(impl_->holds_mutex);
    UE_TRY(impl_->holds->remove(name));
    impl_->hold(impl_->holds->any());
    return {};
  });
}

std::vector<LegalHold> UserEventPublisher::holds() const { return impl_->holds ? impl_->holds->all() : std::vector<LegalHold>(); }

}  // namespace user_events
