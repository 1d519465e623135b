#include "casts/casts.h"

#include <simdjson.h>

#include <algorithm>
#include <ranges>

#include "base/try.h"
#include "catalogue/succession.h"
#include "casts/apply.h"
#include "casts/ways.h"

namespace user_events::casts {
namespace {

using catalogue::EventType;
using catalogue::SchemaAccess;
using compatibility::Finding;
using compatibility::Severity;
using simdjson::dom::element;

std::string file_of(const EventType& type) { return type.name + "/" + std::to_string(type.version) + ".json"; }

Side side_of(const EventType& type) {
  return {file_of(type), type.schema_text, SchemaAccess::program(type.schema), type.version};
}

}  // namespace

/// Works out the ways of a catalogue, and what is to be said of them.
struct Builder {
  std::map<std::string, Casts::Versions, std::less<>> types;
  std::vector<Finding> findings;

  void run(const catalogue::Catalogue& catalogue) {
    for (const EventType* const type : catalogue.all()) {
      auto& versions = types[type->name];
      versions.push_back({type, {}, {}});
      if (versions.size() > 1) add_ways(side_of(*(versions.end() - 2)->type), side_of(*type), versions.back());
    }
  }

  void add_ways(const Side& older, const Side& newer, Casts::Version& version) {
    auto ways = work_out(older, newer);
    if (!ways) return report(ways.error());
    if (ways->is_none) {
      version.up.reason = version.down.reason = newer.file + " declares that there is no cast";
      return;
    }
    version.up = {ways->up.proof.is_shown ? Way::total : Way::none, std::move(ways->up.plan), ways->up.proof.reason};
    if (version.up.way == Way::none)
      findings.push_back({Severity::error, compatibility::Breaks::new_readers, "cast-impossible", newer.file, ways->up.proof.pointer,
                          "not every event of " + older.file + " becomes a valid one of this version: " + ways->up.proof.reason});
    const bool is_blocked = !ways->down.plan.obstacle.empty();
    const Proof& down = ways->down.proof;
    if (!down.is_shown)
      findings.push_back({Severity::warning, compatibility::Breaks::nobody, "cast-partial", newer.file, is_blocked ? down.pointer : "",
                          std::string(is_blocked ? "no event" : "not every event") + " can be sent to consumers of " + older.file + ": " +
                              down.reason});
    version.down = {is_blocked ? Way::none : down.is_shown ? Way::total : Way::checked, std::move(ways->down.plan), down.reason};
  }

  /// From end to end of each type, up and down: a shorter way grows no more.
  [[nodiscard]] encoding::Growth growth() const {
    encoding::Growth widest;
    for (const auto& [name, versions] : types) {
      encoding::Growth up, down;
      for (const auto& each : versions) up = followed_by(up, growth_of(each.up.plan));
      for (const auto& each : std::views::reverse(versions)) down = followed_by(down, growth_of(each.down.plan));
      widest = wider(widest, wider(up, down));
    }
    return widest;
  }

  void report(const Error& error) {
    const auto& field = error.fields.front();
    std::string file = error.message.substr(0, error.message.find(": at \""));
    findings.push_back({Severity::error, compatibility::Breaks::new_readers, error.code, std::move(file), field.pointer, field.detail});
  }
};

std::vector<Finding> check(const catalogue::Catalogue& catalogue) {
  Builder builder;
  builder.run(catalogue);
  return std::move(builder.findings);
}

Result<Casts> Casts::build(const catalogue::Catalogue& catalogue) {
  Builder builder;
  builder.run(catalogue);
  const auto found = std::ranges::find(builder.findings, Severity::error, &Finding::severity);
  if (found != builder.findings.end()) {
    Error error{ErrorKind::usage,
                found->code,
                found->file + ": at \"" + found->pointer + "\": " + found->detail,
                "declare what changes in `x-cast`, or that nothing is cast with \"x-cast\": \"none\"; docs/catalogue.md (Casts between versions)",
                {{found->pointer, found->code, found->detail}}};
    return std::unexpected(std::move(error));
  }
  Casts casts;
  casts.growth_ = builder.growth();
  casts.types_ = std::move(builder.types);
  return casts;
}

namespace {

/// Whether `data` is valid for `type`; if not, where and why.
Result<void> check_data(const EventType& type, std::string_view data) {
  thread_local simdjson::dom::parser parser;
  element value;
  if (parser.parse(data.data(), data.size()).get(value) != simdjson::SUCCESS)
    return fail(ErrorKind::damaged, "cast-damaged", "the data of an event of " + type.name + " is no JSON");
  std::vector<FieldError> findings;
  if (type.schema.validate(value, findings)) return {};
  Error error{ErrorKind::invalid,
              "cast-refused",
              "an event of " + type.name + " cannot be said in version " + std::to_string(type.version) + ": at `" +
                  findings.front().pointer + "`: " + findings.front().detail,
              "read it in a newer version",
              {}};
  error.fields = std::move(findings);
  return std::unexpected(std::move(error));
}

std::unexpected<Error> no_cast(std::string_view type, std::uint32_t from, std::uint32_t to, const std::string& reason) {
  return fail(ErrorKind::invalid, "no-cast",
              "events of " + std::string(type) + " cannot be cast from version " + std::to_string(from) + " to " + std::to_string(to) +
                  ": " + reason,
              "docs/catalogue.md (Casts between versions) says what a schema file can declare");
}

}  // namespace

const Casts::Versions* Casts::find(std::string_view type) const noexcept {
  const auto found = types_.find(type);
  return found == types_.end() ? nullptr : &found->second;
}

std::vector<std::uint32_t> Casts::versions(std::string_view type) const {
  std::vector<std::uint32_t> numbers;
  if (const auto* const versions = find(type))
    for (const Version& each : *versions) numbers.push_back(each.type->version);
  return numbers;
}

Way Casts::way(std::string_view type, std::uint32_t from, std::uint32_t to) const {
  const auto* const versions = find(type);
  if (versions == nullptr) return Way::none;
  Way weakest = Way::total;
  bool has_from = false, has_to = false;
  for (const Version& each : *versions) {
    const std::uint32_t number = each.type->version;
    has_from = has_from || number == from;
    has_to = has_to || number == to;
    if (from < number && number <= to) weakest = std::min(weakest, each.up.way);
    if (to < number && number <= from) weakest = std::min(weakest, each.down.way);
  }
  return has_from && has_to ? weakest : Way::none;
}

Result<std::size_t> Casts::place_of(const Versions& versions, std::string_view type, std::uint32_t from, std::uint32_t to,
                                    std::uint32_t wanted) const {
  const auto number = [](const Version& each) { return each.type->version; };
  const auto found = std::ranges::lower_bound(versions, wanted, {}, number);
  if (found != versions.end() && number(*found) == wanted) return static_cast<std::size_t>(found - versions.begin());
  return no_cast(type, from, to, "there is no version " + std::to_string(wanted) + ", only " + catalogue::list_of(this->versions(type)));
}

Result<void> Casts::take(const Step& step, const catalogue::EventType& before, const catalogue::EventType& after, std::string_view data,
                         std::string& out) {
  if (step.way == Way::none) return no_cast(before.name, before.version, after.version, step.reason);
  const std::size_t begin = out.size();
  if (step.plan.root == kNoPlan)
    out.append(data);
  else if (!apply(step.plan, data, out))
    return fail(ErrorKind::damaged, "cast-damaged", "the data of an event of " + before.name + " is no JSON object of ours",
                "run `user-events audit verify`");
  return step.way == Way::checked ? check_data(after, std::string_view(out).substr(begin)) : Result<void>{};
}

Result<void> Casts::cast(std::string_view type, std::uint32_t from, std::uint32_t to, std::string_view data, std::string& out) const {
  const Versions* const versions = find(type);
  if (versions == nullptr) return no_cast(type, from, to, "there is no such event type");
  UE_TRY_ASSIGN(std::size_t at, place_of(*versions, type, from, to, from));
  UE_TRY_ASSIGN(const std::size_t goal, place_of(*versions, type, from, to, to));
  if (at == goal) out.append(data);

  thread_local std::string between[2];  // what the steps before the last one make
  const std::size_t before = out.size();
  for (std::size_t turn = 0; at != goal; ++turn) {
    const std::size_t next = at < goal ? at + 1 : at - 1;
    std::string& made = next == goal ? out : between[turn % 2];
    if (next != goal) made.clear();
    const Step& step = at < goal ? (*versions)[next].up : (*versions)[at].down;
    if (auto taken = take(step, *(*versions)[at].type, *(*versions)[next].type, data, made); !taken) {
      out.resize(before);
      return taken;
    }
    data = made;
    at = next;
  }
  return {};
}

}  // namespace user_events::casts
