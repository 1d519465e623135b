#include "server/orders.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "base/json_text.h"
#include "base/time_text.h"
#include "base/try.h"
#include "base/type_filter.h"
#include "base/units.h"
#include "server/limits.h"

namespace user_events::server {
namespace {

using simdjson::dom::element;
using Findings = std::vector<FieldError>;

constexpr std::string_view kUnknownRequester = "unknown";
constexpr std::string_view kStates = "dead, held, parked, replaying or skipped";

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

bool is_type_pattern(const std::string& text) { return base::TypeFilter::parse({text}).has_value(); }

/// One object of the body. Members that are missing read as nothing; what is wrong with one becomes a finding.
class OrderReader {
 public:
  OrderReader(simdjson::dom::object object, std::string pointer, Findings& findings)
      : object_(object), pointer_(std::move(pointer)), findings_(findings) {}

  void allow(std::initializer_list<std::string_view> names) {
    std::vector<std::string_view> seen;
    for (const auto& member : object_) {
      if (std::ranges::find(names, member.key) == names.end())
        find(member.key, "unknown-field", fmt::format("known here: {}", fmt::join(names, ", ")));
      else if (std::ranges::find(seen, member.key) != seen.end())
        find(member.key, "duplicate-key", "the name is there twice");
      seen.push_back(member.key);
    }
  }

  [[nodiscard]] std::string text(std::string_view name) {
    const auto value = member(name);
    std::string_view out;
    if (!value) return {};
    if (value->get(out) != simdjson::SUCCESS || is_blank(out) || out.size() > kMaxOrderTextBytes)
      return find(name, "text", fmt::format("must be a text of 1 to {} bytes", kMaxOrderTextBytes)), std::string();
    return std::string(out);
  }

  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name, std::uint64_t least, std::uint64_t most) {
    const auto value = member(name);
    if (!value) return std::nullopt;
    std::uint64_t out = 0;
    if (value->get(out) == simdjson::SUCCESS && out >= least && out <= most) return out;
    find(name, "number", fmt::format("must be a whole number from {} to {}", least, most));
    return std::nullopt;
  }

  [[nodiscard]] bool flag(std::string_view name) {
    const auto value = member(name);
    bool out = false;
    if (value && value->get(out) != simdjson::SUCCESS) find(name, "boolean", "must be true or false");
    return out;
  }

  [[nodiscard]] std::optional<Timestamp> time(std::string_view name) {
    const auto value = member(name);
    std::string_view out;
    if (!value) return std::nullopt;
    const auto time = value->get(out) == simdjson::SUCCESS ? base::parse_timestamp(out) : std::nullopt;
    if (!time) find(name, "time", "must be an RFC 3339 time such as 2026-11-24T09:00:00Z");
    return time;
  }

  /// An array of at least one item; `take(item)` is false for one that is not `expected`.
  template <class Take>
  void array(std::string_view name, std::size_t most, std::string_view expected, Take&& take) {
    const auto value = member(name);
    if (!value) return;
    simdjson::dom::array items;
    if (value->get(items) != simdjson::SUCCESS || items.size() == 0 || items.size() > most)
      return find(name, "array", fmt::format("must be an array of 1 to {} items", most));
    std::size_t at = 0;
    for (const element item : items) {
      if (!take(item)) find(fmt::format("{}/{}", name, at), "item", fmt::format("must be {}", expected));
      ++at;
    }
  }

  [[nodiscard]] std::optional<OrderReader> object(std::string_view name) {
    const auto value = member(name);
    simdjson::dom::object out;
    if (!value) return std::nullopt;
    if (value->get(out) != simdjson::SUCCESS) return find(name, "object", "must be an object"), std::nullopt;
    return OrderReader(out, pointer_ + "/" + std::string(name), findings_);
  }

  [[nodiscard]] std::optional<element> member(std::string_view name) const {
    element value;
    if (object_[name].get(value) != simdjson::SUCCESS) return std::nullopt;
    return value;
  }

  /// `name` is of a known member, with an index perhaps, or comes from the body: then it is escaped.
  void find(std::string_view name, std::string code, std::string detail) {
    std::string pointer = pointer_;
    if (code == "unknown-field")
      base::append_pointer_token(name, pointer);
    else
      pointer.append("/").append(name);
    if (findings_.size() < kMaxOrderFindings)
      findings_.push_back({std::move(pointer), std::move(code), std::move(detail)});
  }

 private:
  simdjson::dom::object object_;
  std::string pointer_;
  Findings& findings_;
};

template <class T>
bool take_text(const element& item, T&& use) {
  std::string_view text;
  return item.get(text) == simdjson::SUCCESS && use(std::string(text));
}

DeadLetterFilter read_filter(OrderReader& in) {
  in.allow({"destination", "numbers", "types", "user", "reason", "states", "since", "until"});
  DeadLetterFilter out;
  out.destination = in.text("destination");
  out.user = in.text("user");
  out.reason = in.text("reason");
  out.since = in.time("since");
  out.until = in.time("until");
  in.array("numbers", kMaxDeadLetterNumbers, "the number of a letter", [&](const element& item) {
    std::uint64_t number = 0;
    if (item.get(number) != simdjson::SUCCESS || number == 0) return false;
    out.numbers.push_back(number);
    return true;
  });
  in.array("types", kMaxOrderPatterns, "a type or a pattern such as user.*", [&](const element& item) {
    return take_text(item, [&](std::string text) {
      return is_type_pattern(text) && (out.types.push_back(std::move(text)), true);
    });
  });
  in.array("states", kMaxOrderPatterns, kStates, [&](const element& item) {
    return take_text(item, [&](const std::string& text) {
      const auto state = dead_letter_state(text);
      return state && (out.states.push_back(*state), true);
    });
  });
  return out;
}

/// `filter`, or `"all": true`, and never neither or both.
DeadLetterFilter read_choice(OrderReader& in) {
  const bool all = in.flag("all");
  const bool has_filter = in.member("filter").has_value();
  if (all == has_filter)
    in.find("filter", "required", R"(write either "filter" with at least one condition, or "all": true)");
  auto filter = in.object("filter");
  if (!filter) return {};
  simdjson::dom::object conditions;
  if (in.member("filter")->get(conditions) == simdjson::SUCCESS && conditions.size() == 0)
    in.find("filter", "required", R"(at least one condition is needed; for every letter write "all": true instead)");
  return read_filter(*filter);
}

/// Parses the body, lets `read` take its members, and refuses it if there was any finding.
template <class Order, class Read>
Result<Order> read_order(std::string_view body, Read&& read) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS)
    return fail(ErrorKind::malformed, "malformed-json", "the body is not JSON", "docs/http.md has examples");
  if (root.get(object) != simdjson::SUCCESS)
    return fail(ErrorKind::malformed, "bad-order", "the body is not a JSON object", "docs/http.md has examples");
  Findings findings;
  OrderReader reader(object, "", findings);
  Order order = read(reader);
  if (findings.empty()) return order;
  return std::unexpected(Error{ErrorKind::malformed, "bad-order", "the body does not say what is to be done",
                               "docs/http.md has examples", std::move(findings)});
}

std::string requester(OrderReader& in) {
  const auto by = in.text("by");
  return by.empty() ? std::string(kUnknownRequester) : by;
}

Result<void> read_lists(const Target& target, DeadLetterFilter& out) {
  for (auto& text : target.list("number")) {
    const auto number = base::whole_number(text);
    if (!number || *number == 0 || out.numbers.size() == kMaxDeadLetterNumbers)
      return bad_parameter("number", "the number of a letter");
    out.numbers.push_back(*number);
  }
  for (auto& text : target.list("state")) {
    const auto state = dead_letter_state(text);
    if (!state) return bad_parameter("state", kStates);
    out.states.push_back(*state);
  }
  out.types = target.list("type");
  if (!std::ranges::all_of(out.types, is_type_pattern)) return bad_parameter("type", "a type or a pattern such as user.*");
  return {};
}

}  // namespace

Result<ReplayOrder> parse_replay_order(std::string_view body) {
  return read_order<ReplayOrder>(body, [](OrderReader& in) {
    in.allow({"filter", "all", "rate", "by"});
    ReplayOrder order;
    order.filter = read_choice(in);
    order.options.rate = static_cast<std::uint32_t>(in.number("rate", 0, kMaxReplayRate).value_or(0));
    order.options.requested_by = requester(in);
    return order;
  });
}

Result<DiscardOrder> parse_discard_order(std::string_view body) {
  return read_order<DiscardOrder>(body, [](OrderReader& in) {
    in.allow({"filter", "all", "reason", "by"});
    DiscardOrder order;
    order.filter = read_choice(in);
    order.reason = in.text("reason");
    if (!in.member("reason")) in.find("reason", "required", "say why; the audit record keeps it");
    order.by = requester(in);
    return order;
  });
}

Result<RewindTarget> parse_rewind_order(std::string_view body) {
  return read_order<RewindTarget>(body, [](OrderReader& in) {
    in.allow({"sequence", "time"});
    RewindTarget target;
    target.sequence = in.number("sequence", 1, ~0ull);
    target.time = in.time("time");
    if (in.member("sequence").has_value() == in.member("time").has_value())
      in.find("sequence", "required", R"(write either "sequence" or "time": where to begin again)");
    return target;
  });
}

Result<ForgetOrder> parse_forget_order(std::string_view body) {
  return read_order<ForgetOrder>(body, [](OrderReader& in) {
    in.allow({"user", "identifier", "reason", "by", "now"});
    ForgetOrder order;
    order.target = {in.text("user"), in.text("identifier")};
    if (in.member("user").has_value() == in.member("identifier").has_value())
      in.find("user", "required", R"(write either "user" or "identifier": who is to be forgotten)");
    order.options.reason = in.text("reason");
    if (!in.member("reason")) in.find("reason", "required", "say why; the audit record keeps it");
    order.options.requested_by = requester(in);
    order.options.now = in.flag("now");
    return order;
  });
}

Result<KeyRotation> parse_rotation_order(std::string_view body) {
  return read_order<KeyRotation>(body, [](OrderReader& in) {
    in.allow({"what"});
    const auto what = in.text("what");
    if (what != "epoch" && what != "master") in.find("what", "required", "must be epoch or master");
    return what == "master" ? KeyRotation::master : KeyRotation::epoch;
  });
}

Result<HoldOrder> parse_hold_order(std::string_view body, bool with_name) {
  return read_order<HoldOrder>(body, [with_name](OrderReader& in) {
    if (with_name)
      in.allow({"name", "reason", "by"});
    else
      in.allow({"reason", "by"});
    HoldOrder order{in.text("name"), in.text("reason"), requester(in)};
    if (with_name && !in.member("name")) in.find("name", "required", "say what it is called");
    if (!in.member("reason")) in.find("reason", "required", "say why; the audit record keeps it");
    return order;
  });
}

Result<bool> parse_index_order(std::string_view body) {
  return read_order<bool>(body, [](OrderReader& in) {
    in.allow({"on"});
    if (!in.member("on")) in.find("on", "required", "must be true or false");
    return in.flag("on");
  });
}

Result<void> read_time(const Target& target, std::string_view name, std::optional<Timestamp>& out) {
  const auto* text = target.find(name);
  if (text == nullptr) return {};
  out = base::parse_timestamp(*text);
  if (!out) return bad_parameter(name, "an RFC 3339 time such as 2026-11-24T09:00:00Z");
  return {};
}

Result<DeadLetterFilter> letter_filter(const Target& target) {
  for (const auto& [name, value] : target.parameters)
    if (value.empty()) return bad_parameter(name, "left out, or not empty");
  DeadLetterFilter out;
  const auto text_of = [&](std::string_view name) {
    const auto* text = target.find(name);
    return text == nullptr ? std::string() : *text;
  };
  out.destination = text_of("destination");
  out.user = text_of("user");
  out.reason = text_of("reason");
  UE_TRY(read_time(target, "since", out.since));
  UE_TRY(read_time(target, "until", out.until));
  UE_TRY(read_lists(target, out));
  return out;
}

}  // namespace user_events::server
