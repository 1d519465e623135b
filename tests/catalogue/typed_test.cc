// Typed events against the JSON way: the same fields, the same bytes, the same findings.
#include <algorithm>
#include <boost/pfr.hpp>
#include <cstdlib>
#include <limits>
#include <random>

#include "base/time_text.h"
#include "catalogue/typed_data.h"
#include "support.h"
#include "user_events/event_list.inc"

namespace user_events::catalogue {
namespace {

std::uint64_t seed_of_this_run() {
  if (const char* text = std::getenv("UE_SEED"); text != nullptr) return std::strtoull(text, nullptr, 10);
  return std::random_device{}();
}

/// Makes random fields; `wild` ones are often wrong.
class Maker {
 public:
  Maker(std::uint64_t seed, bool wild) : random_(seed), wild_(wild) {}

  void fill(std::string& field, std::string_view name) { field = text(name); }
  void fill(std::optional<std::string>& field, std::string_view name) {
    if (chance(2)) field = text(name);
  }
  void fill(std::optional<Timestamp>& field, std::string_view) {
    if (chance(2)) field = Timestamp(std::chrono::milliseconds(time()));
  }
  void fill(std::vector<std::string>& field, std::string_view) {
    if (chance(2)) return;
    for (std::uint64_t n = pick(4); n > 0; --n) field.push_back(any_text());
  }
  void fill(Changes& field, std::string_view) {
    for (std::uint64_t n = pick(6); n > 0; --n) field.insert_or_assign(member_name(), value());
  }
  void fill(Address& field, std::string_view) {
    boost::pfr::for_each_field(field, [&](auto& inner) { fill(inner, "text"); });
  }
  void fill(std::optional<Address>& field, std::string_view name) {
    if (chance(2)) fill(field.emplace(), name);
  }

  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  bool chance(std::uint64_t in) { return pick(in) == 0; }

 private:
  std::int64_t time() {
    if (wild_ && chance(10)) return chance(2) ? 253'402'300'800'000 : -62'167'219'200'001;
    return static_cast<std::int64_t>(pick(300'000'000'000'000)) - 60'000'000'000'000;
  }
  std::string any_text() {
    static const std::string kTexts[] = {"x",
                                         "active",
                                         "0",
                                         "a b",
                                         "quote\" and \\",
                                         "tab\tnew\nline\x01\x1f",
                                         "\x7f",
                                         "d\xc3\xa9j\xc3\xa0 vu",
                                         "\xf0\x9f\x90\xb2\xe2\x80\xa8",
                                         "eight by",
                                         "sixteen bytes ab",
                                         "seventeen bytes \"",
                                         "</script>",
                                         "null"};
    if (wild_ && chance(8)) return {};
    if (wild_ && chance(8)) return std::string(pick(6'000), 'y');
    if (chance(6)) {
      std::string repeated;
      for (std::uint64_t n = 1 + pick(20); n > 0; --n) repeated += "\xe2\x82\xac";
      return repeated;
    }
    return kTexts[pick(std::size(kTexts))];
  }
  std::string text(std::string_view name) {
    static const std::string kEmails[] = {"ada@example.com", "a.b+c@x.example", "\"q q\"@example.com",
                                          "a@[192.0.2.1]"};
    static const std::string kAddresses[] = {"127.0.0.1", "::1", "2001:db8::ffff:1", "192.0.2.255"};
    if (wild_ && chance(6)) return any_text();
    if (name == "email") return kEmails[pick(4)];
    if (name == "ipAddress") return kAddresses[pick(4)];
    return any_text();
  }
  std::string member_name() {
    if (wild_ && chance(10)) return chance(2) ? "passWord" : "api_token";
    return any_text() + std::to_string(pick(3));
  }
  Value value() {
    switch (pick(7)) {
      case 0:
        return nullptr;
      case 1:
        return chance(2);
      case 2:
        return static_cast<std::int64_t>(random_());
      case 3:
        return static_cast<std::int64_t>(pick(3)) - 1;
      case 4:
        return static_cast<double>(static_cast<std::int64_t>(random_())) /
               static_cast<double>(1 + pick(1'000));
      case 5:
        return any_text();
      default:
        return RawJson{raw_json()};
    }
  }
  std::string raw_json() {
    static const std::string kTexts[] = {R"( { "a" : [ 1 , 2.50, null , "\u00e9\/" ] , "b" : { } } )",
                                         "[]",
                                         " 12 ",
                                         R"("x")",
                                         "1e3",
                                         "18446744073709551615",
                                         "-0.0"};
    static const std::string kBad[] = {R"({"a":{"Secret":1}})", R"([{"k":1,"k":2}])",
                                       R"({"x":[[{"pin":1,"pin":2}]]})"};
    return wild_ && chance(4) ? kBad[pick(3)] : kTexts[pick(std::size(kTexts))];
  }

  std::mt19937_64 random_;
  bool wild_;
};

/// Writes a struct as JSON text from its members and the names in the schema. Escapes in another way than the
/// library does.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  template <class Struct>
  void object(const Struct& fields, const std::vector<std::string>& names) {
    out_ += '{';
    std::size_t i = 0;
    bool first = true;
    boost::pfr::for_each_field(fields, [&](const auto& field) { member(names[i++], field, first); });
    out_ += '}';
  }

 private:
  template <class Field>
  void member(const std::string& name, const Field& field, bool& first) {
    if (is_absent(field)) return;
    out_ += first ? "" : ", ";
    first = false;
    put(name);
    out_ += " : ";
    put(field);
  }
  template <class T>
  static bool is_absent(const T&) {
    return false;
  }
  template <class T>
  static bool is_absent(const std::optional<T>& field) {
    return !field;
  }
  static bool is_absent(const std::vector<std::string>& field) { return field.empty(); }

  void put(const std::string& text) {
    out_ += '"';
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < 0x80 && (c < '0' || c > '9')) {
        constexpr std::string_view kHex = "0123456789ABCDEF";
        out_ += "\\u00";
        out_ += kHex[static_cast<unsigned>(c) >> 4];
        out_ += kHex[static_cast<unsigned>(c) & 15U];
      } else {
        out_ += c;
      }
    }
    out_ += '"';
  }
  void put(const Timestamp& time) {
    out_ += '"';
    base::append_time(time.time_since_epoch().count(), out_);
    out_ += '"';
  }
  void put(const std::vector<std::string>& names) {
    out_ += '[';
    for (std::size_t i = 0; i < names.size(); ++i) {
      out_ += i == 0 ? "" : ",";
      put(names[i]);
    }
    out_ += ']';
  }
  void put(const Changes& changes) {
    out_ += '{';
    bool first = true;
    for (const auto& [name, value] : changes) member(name, value, first);
    out_ += '}';
  }
  void put(const Address& address) {
    object(address, {"line1", "line2", "city", "region", "postalCode", "country", "label"});
  }
  void put(const Value& value) {
    std::visit([this](const auto& inner) { put_value(inner); }, value);
  }
  void put_value(std::nullptr_t) { out_ += "null"; }
  void put_value(bool flag) { out_ += flag ? "true" : "false"; }
  void put_value(std::int64_t number) { out_ += std::to_string(number); }
  void put_value(double number) {
    char text[64];
    std::snprintf(text, sizeof text, "%.17g", number);
    out_ += text;
    if (out_.find_last_not_of("-0123456789") == out_.size() - std::string_view(text).size() - 1 &&
        std::string_view(text).find('.') == std::string_view::npos)
      out_ += ".0";
  }
  void put_value(const std::string& text) { put(text); }
  void put_value(const RawJson& raw) { out_ += raw.text; }
  template <class T>
  void put(const std::optional<T>& field) {
    put(*field);
  }

  std::string& out_;
};

std::vector<std::string> member_names(const EventType& type) {
  const test::Document schema(type.schema_text);
  const simdjson::dom::object properties = (*schema)["properties"].get_object().value();
  std::vector<std::string> names;
  for (const auto property : properties) names.emplace_back(property.key);
  return names;
}

template <class Event>
bool has_impossible_time(const Event& event) {
  bool impossible = false;
  boost::pfr::for_each_field(event, [&](const auto& field) {
    if constexpr (std::is_same_v<std::decay_t<decltype(field)>, std::optional<Timestamp>>)
      impossible = impossible || (field && (field->time_since_epoch().count() > 253'402'300'799'999 ||
                                            field->time_since_epoch().count() < -62'167'219'200'000));
  });
  return impossible;
}

std::vector<std::string> sorted_codes(const std::vector<FieldError>& findings) {
  std::vector<std::string> codes;
  for (const FieldError& finding : findings)
    codes.push_back(finding.pointer + " " + finding.code + " " + finding.detail);
  std::ranges::sort(codes);
  return codes;
}

struct Tally {
  int accepted = 0, refused = 0;
};

template <class Event>
void compare(std::uint64_t seed, bool wild, Tally& tally) {
  SCOPED_TRACE(std::string(Event::kType) + ", seed " + std::to_string(seed) + (wild ? ", wild" : ""));
  const EventType& type = *test::builtin().find(Event::kType, Event::kVersion);
  const std::vector<std::string> names = member_names(type);
  Maker maker(seed, wild);
  Event event;
  std::size_t i = 0;
  boost::pfr::for_each_field(event, [&](auto& field) { maker.fill(field, names[i++]); });

  std::string typed, submitted;
  std::vector<FieldError> findings;
  const bool good = write_data(event, {.now_ms = test::kNowMs}, typed, findings, &submitted);
  EXPECT_EQ(good, findings.empty());
  good ? ++tally.accepted : ++tally.refused;
  if (has_impossible_time(event)) {  // it has no text to compare with
    EXPECT_FALSE(good);
    return;
  }

  std::string json;
  JsonWriter(json).object(event, names);
  const auto expected = test::normalise(type.schema, json);
  EXPECT_EQ(typed, expected.out) << json.substr(0, 2'000);
  EXPECT_EQ(sorted_codes(findings), sorted_codes(expected.findings)) << json.substr(0, 2'000);
  // What was submitted differs in spaces only, which the JSON way has taken out, too.
  EXPECT_EQ(submitted, expected.submitted);
  EXPECT_TRUE(!good || test::valid(type.schema, typed)) << typed;
}

TEST(TypedData, GivesTheBytesAndFindingsOfTheJsonWay) {
  const std::uint64_t seed = seed_of_this_run();
  std::printf("UE_SEED=%llu\n", static_cast<unsigned long long>(seed));
  Tally tame, wild;
  for (std::uint64_t round = 0; round < 300 && !testing::Test::HasFailure(); ++round) {
#define UE_COMPARE(Event, method)                \
  compare<Event>(seed + 2 * round, false, tame); \
  compare<Event>(seed + 2 * round + 1, true, wild);
    UE_FOR_EACH_EVENT(UE_COMPARE)
#undef UE_COMPARE
  }
  EXPECT_GT(tame.accepted, 1'000);
  EXPECT_GT(wild.accepted, 100);
  EXPECT_GT(wild.refused, 1'000);
}

template <class Event>
std::string codes_of(const Event& event) {
  std::string out = "before", codes;
  std::vector<FieldError> findings;
  const bool good = write_data(event, {.now_ms = test::kNowMs}, out, findings);
  EXPECT_EQ(good, findings.empty());
  EXPECT_EQ(good, out != "before");
  for (const FieldError& finding : findings)
    codes += (codes.empty() ? "" : "; ") + finding.pointer + " " + finding.code;
  return codes;
}

TEST(TypedData, RefusesWhatJsonTextCouldNotEvenSay) {
  EXPECT_EQ(codes_of(UserCreated{.user_id = "\xff", .email = "ada@example.com", .status = "\xc3"}),
            "/userId utf-8; /status utf-8");
  const auto changed = [](std::string name, Value value) {
    return UserUpdated{.user_id = "u", .changes = {{std::move(name), std::move(value)}}};
  };
  EXPECT_EQ(codes_of(changed("a", std::numeric_limits<double>::infinity())), "/changes/a not-finite");
  EXPECT_EQ(codes_of(changed("a", std::numeric_limits<double>::quiet_NaN())), "/changes/a not-finite");
  EXPECT_EQ(codes_of(changed("a", "\xf0\x9f")), "/changes/a utf-8");
  EXPECT_EQ(codes_of(changed("\xf0\x9f", 1)), "/changes utf-8");
  EXPECT_EQ(codes_of(UserUpdated{.user_id = "u", .updated_fields = {"a", "\xff"}}), "/updatedFields/1 utf-8");
}

TEST(TypedData, RawJsonIsParsedAndCheckedLikeAnyOtherInput) {
  const auto raw = [](std::string text) {
    return codes_of(UserUpdated{.user_id = "u", .changes = {{"a/b", RawJson{std::move(text)}}}});
  };
  EXPECT_EQ(raw(R"({"x":[1,2]})"), "");
  for (const std::string text : {"", " ", "{", "[1,]", "nul", "1 2", "{}{}", "\"\xff\"", "01", "\"a\nb\"",
                                 R"({"a":1}},"password":"x")"})
    EXPECT_EQ(raw(text), "/changes/a~1b malformed") << text;
  EXPECT_EQ(raw(R"({"x":{"Token":1}})"), "/changes/a~1b/x/Token forbidden-name");
  EXPECT_EQ(raw(R"([{"k":1,"k":1}])"), "/changes/a~1b/0/k duplicate-key");
  EXPECT_EQ(raw(std::string(27, '[') + std::string(27, ']')), "");
  EXPECT_EQ(raw(std::string(29, '[') + std::string(29, ']')), "/changes/a~1b malformed");
  EXPECT_EQ(raw("\"" + std::string((16 << 20), 'x') + "\""), "/changes/a~1b too-large");
  EXPECT_EQ(raw("\"" + std::string((1 << 20), 'x') + "\""), "") << "a refused one leaves the parser usable";
}

TEST(TypedData, AnEmptyStructIsRefusedFieldByField) {
  EXPECT_EQ(codes_of(UserCreated{}),
            "/userId min-length; /email min-length; /email format; /status min-length");
  EXPECT_EQ(codes_of(UserLoginFailed{.ip_address = "::1", .reason_for_failure = "x"}), " required");
}

TEST(TypedData, KeysAreTheUserIdOrTheFirstIdentifier) {
  const UserCreated created{.user_id = "u-1", .email = "ada@example.com", .status = "active"};
  EXPECT_EQ(typed_key(created).value, "u-1");
  EXPECT_TRUE(typed_key(created).is_user);
  const UserLoginFailed both{.email = "ada@example.com", .username = "ada"}, name{.username = "ada"}, neither;
  EXPECT_EQ(typed_key(both).value, "ada@example.com");
  EXPECT_EQ(typed_key(name).value, "ada");
  EXPECT_FALSE(typed_key(both).is_user || typed_key(name).is_user);
  EXPECT_EQ(typed_key(neither).value, "");
}

}  // namespace
}  // namespace user_events::catalogue
