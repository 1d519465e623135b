#include "publisher/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <thread>

#include "base/try.h"
#include "casts/version_encoder.h"
#include "destinations/format.h"
#include "destinations/registry_settings.h"
#include "destinations/set_settings.h"
#include "destinations/wanted_versions.h"
#include "observability/log.h"
#include "policy/policy_encoder.h"
#include "secevents/set_encoder.h"
#include "signing/encoder.h"

namespace user_events {
namespace {

namespace fs = std::filesystem;

journal::Options journal_options(const Options& options) {
  journal::Options out;
  out.directory = options.data_dir + "/journal";
  out.read_only = options.read_only;
  out.segment_bytes = options.journal.segment_bytes;
  out.max_bytes = options.journal.max_bytes;
  out.retention_bytes = options.journal.retention_bytes;
  out.retention_age = options.journal.retention_age;
  out.idempotency_window = options.journal.idempotency_window;
  return out;
}

Result<void> make_data_directory(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    return fail(ErrorKind::io, "data-directory", fmt::format("cannot create the data directory {}: {}", path, error.message()),
                "set data_dir (or --data-dir) to a folder that this user may write");
  return {};
}

Result<std::unique_ptr<state::State>> open_state(const Options& options) {
  const std::string path = options.data_dir + "/state.db";
  return options.read_only ? state::State::open_read_only(path) : state::State::open(path);
}

/// A destination that was renamed or removed would silently lose its place in the journal: that must be said explicitly.
Result<void> refuse_unknown_positions(const Options& options, state::State& state) {
  UE_TRY_ASSIGN(const auto saved, state.destinations());
  for (const auto& name : saved) {
    if (std::ranges::any_of(options.destinations, [&](const auto& d) { return d.name == name; })) continue;
    if (std::ranges::find(options.retired, name) != options.retired.end()) {
      UE_TRY_ASSIGN(const auto letters, state.letter_counts(name));
      UE_TRY(state.remove_destination(name));
      observability::log().warn("destination '{}' is retired: its position in the journal and its {} dead letter(s) are gone", name, letters.total());
      continue;
    }
    return fail(ErrorKind::usage, "destination-missing",
                fmt::format("the data directory holds the position of destination '{}', which is not in the configuration", name),
                fmt::format("add it back under that name, or give its position and dead letters up with retired = [\"{}\"]", name));
  }
  return {};
}

}  // namespace

UserEventPublisher::Impl::~Impl() {
  if (auto done = close(std::chrono::seconds(10)); !done)
    observability::log().warn("close: {}", describe(done.error()));
}

/// Of that destination's policy; null: it is sent everything.
Result<std::shared_ptr<const policy::Plans>> UserEventPublisher::Impl::plans_of(const DestinationOptions& one) const {
  UE_TRY_ASSIGN(auto plans, views->plans_of(one.privacy, fmt::format("destination '{}'", one.name)));
  if (plans->policy().is_clear()) return nullptr;
  if (one.format == destinations::kSetFormat && !plans->policy().has_subjects())
    return fail(ErrorKind::usage, "privacy-policy", fmt::format("destination '{}': its privacy policy leaves no user, and without one no security event token is sent", one.name),
                "let user-id be clear or token");
  return plans;
}

/// What stands between that destination's delivery and its adapter. `plans`: null as above.
Result<std::unique_ptr<encoding::Encoder>> UserEventPublisher::Impl::make_encoder(const destinations::Kind& kind, const DestinationOptions& one,
                                                                                 std::shared_ptr<const policy::Plans> plans) const {
  if (one.format == destinations::kSetFormat) {
    UE_TRY_ASSIGN(const auto settings, destinations::parse_set_settings(one));
    return secevents::make_set_encoder(*signing_keys, one, settings);
  }
  if (!destinations::is_data_alone(one)) return destinations::make_json_encoder(kind, one);
  auto catalogue = [this, plans = std::move(plans)]() -> const catalogue::Catalogue& { return plans ? plans->derived() : types->catalogue().now(); };
  return registry::make_encoder(one, std::move(catalogue), fmt::format("{}/schema-ids/{}", options.data_dir, one.name));
}

Result<void> UserEventPublisher::Impl::start_destinations() {
  destinations.reserve(options.destinations.size());
  for (const auto& one : options.destinations) {
    const auto* kind = destinations::find_kind(one.kind);
    if (kind == nullptr)
      return fail(ErrorKind::usage, "unknown-kind", fmt::format("destination '{}': unknown kind '{}'", one.name, one.kind));
    UE_TRY(destinations::check(*kind, one));
    UE_TRY_ASSIGN(auto destination, kind->make(one));
    UE_TRY_ASSIGN(const auto plans, plans_of(one));
    UE_TRY_ASSIGN(auto encoder, make_encoder(*kind, one, plans));
    const auto* const registry = dynamic_cast<const registry::RegistryUse*>(encoder.get());
    if (!one.sign.empty() && one.format != destinations::kSetFormat) encoder = signing::make_encoder(*signing_keys, one, std::move(encoder));
    if (plans) { UE_TRY_ASSIGN(encoder, policy::make_policy_encoder(plans, one.name, keys.get(), std::move(encoder))); }
    UE_TRY_ASSIGN(auto versions, destinations::wanted_versions(one));
    if (!versions.empty()) encoder = casts::make_version_encoder(types->casts(), std::move(versions), std::move(encoder));
    const auto limit = destination->features().max_message_bytes;
    const auto* const bounds = encoder.get();
    UE_TRY_ASSIGN(auto runner, delivery::Runner::start(one, std::move(destination), std::move(encoder), *journal, *state, ports::system_clock(), opener()));
    destinations.push_back({one, one.oversize == OversizeAction::reject ? limit : 0, bounds, registry, std::move(runner)});
  }
  housekeeper = std::make_unique<publisher::Housekeeper>(*journal, destinations, !options.read_only);
  for (auto& one : destinations)
    one.runner->set_progress_listener([this] { housekeeper->notice(); });
  return {};
}

Result<void> UserEventPublisher::Impl::close(std::chrono::milliseconds deadline) {
  if (closed.exchange(true)) return {};
  if (journal) journal->close();
  const auto target = journal ? journal->durable_sequence() : 0;
  {
    // At the same time: a destination that is slow to end must not use up the time of the others.
    std::vector<std::jthread> stopping;
    for (auto& one : destinations) stopping.emplace_back([&one, deadline] { one.runner->stop(deadline); });
  }
  std::vector<std::string_view> unfinished;
  for (const auto& one : destinations)
    if (one.runner->low_water() < target) unfinished.push_back(one.options.name);
  if (housekeeper) housekeeper->stop();
  if (keys) keys->stop();
  end_indexes();
  if (audit) audit->stop();
  if (unfinished.empty()) return {};
  return fail(ErrorKind::timed_out, "undelivered",
              fmt::format("not everything was delivered before the end; still pending for: {}", fmt::join(unfinished, ", ")),
              "nothing is lost: delivery goes on at the next start");
}

UserEventPublisher::UserEventPublisher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
UserEventPublisher::UserEventPublisher(UserEventPublisher&&) noexcept = default;
UserEventPublisher& UserEventPublisher::operator=(UserEventPublisher&&) noexcept = default;
UserEventPublisher::~UserEventPublisher() = default;

Result<UserEventPublisher> UserEventPublisher::open(Options options) {
  auto impl = std::make_unique<Impl>();
  impl->started = ports::system_clock().steady();
  UE_TRY_ASSIGN(impl->types, publisher::EventTypes::load(options));
  if (!options.read_only) UE_TRY(make_data_directory(options.data_dir));
  // The journal's lock comes first: it keeps a second process away from everything else in the directory.
  auto journal_with = journal_options(options);
  journal_with.before_removal = [impl = impl.get()](const journal::Removal& removal) { return impl->record_removal(removal); };
  UE_TRY_ASSIGN(impl->journal, journal::Journal::open(ports::posix_file_system(), ports::system_clock(), ports::system_random(), std::move(journal_with)));
  UE_TRY_ASSIGN(impl->state, open_state(options));
  if (!options.read_only) UE_TRY(refuse_unknown_positions(options, *impl->state));
  if (options.read_only) options.destinations.clear();
  impl->options = std::move(options);
  UE_TRY(impl->open_keys());
  if (!impl->options.read_only) { UE_TRY_ASSIGN(impl->signing_keys, signing::KeyBook::load(impl->options)); }
  impl->views = std::make_unique<publisher::Views>(impl->types->catalogue(), impl->keys.get());
  if (!impl->options.read_only) UE_TRY(impl->views->check(impl->options.http.clients));
  impl->former = std::make_unique<formation::Former>(impl->types->catalogue(), impl->former_settings(), ports::system_clock(), ports::system_random());
  UE_TRY(impl->open_audit());
  if (!impl->options.read_only) {
    UE_TRY_ASSIGN(impl->holds, publisher::Holds::open(ports::posix_file_system(), impl->options.data_dir + "/holds.json"));
    // Events matter more than finding them: what keeps the index away keeps nothing else away.
    if (std::filesystem::exists(impl->index_folder()))
      if (const auto opened = impl->open_indexes(); !opened) {
        impl->index_problem = describe(opened.error());
        observability::log().error("audit: there is no index to search with until `audit index on`: {}", impl->index_problem);
      }
  }
  UE_TRY(impl->start_destinations());
  if (impl->holds) impl->hold(impl->holds->any());
  return UserEventPublisher(std::move(impl));
}

const Options& UserEventPublisher::options() const noexcept { return impl_->options; }

Result<void> UserEventPublisher::close(std::chrono::milliseconds deadline) { return impl_->close(deadline); }

Result<void> UserEventPublisher::flush(std::chrono::milliseconds deadline) {
  const auto unfinished = impl_->housekeeper->wait_all_up_to(impl_->journal->durable_sequence(), deadline);
  if (unfinished.empty()) return {};
  return fail(ErrorKind::timed_out, "flush-timed-out",
              fmt::format("flush: not yet acknowledged by: {}", fmt::join(unfinished, ", ")),
              "see `user-events status` for the reason; the events are durable and will be delivered");
}

std::vector<DeliveryProgress> UserEventPublisher::flush_each(std::chrono::milliseconds deadline) {
  const std::uint64_t end = impl_->journal->durable_sequence();
  (void)impl_->housekeeper->wait_all_up_to(end, deadline);
  std::vector<DeliveryProgress> all;
  for (const auto& one : impl_->destinations) {
    const std::string state = one.runner->progress_up_to(end);
    all.push_back({one.options.name, state == "delivered", state});
  }
  return all;
}

std::vector<DeliveryProgress> UserEventPublisher::wait_delivered(std::uint64_t sequence, std::chrono::milliseconds timeout) {
  std::promise<std::vector<DeliveryProgress>> done;
  on_delivered(sequence, timeout, [&](auto progress) { done.set_value(std::move(progress)); });
  return done.get_future().get();
}

void UserEventPublisher::on_delivered(std::uint64_t sequence, std::chrono::milliseconds timeout,
                                      std::move_only_function<void(std::vector<DeliveryProgress>)> callback) {
  impl_->housekeeper->on_delivered(sequence, timeout, std::move(callback));
}

}  // namespace user_events
