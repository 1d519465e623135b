// Random versions of a type and random events: what is cast is valid, or refused with a reason.
#include <cstdlib>

#include "casts/support.h"
#include "catalogue/support.h"
#include "support/seeded_random.h"

namespace user_events::casts {
namespace {

using test::catalogue_of;
using test::schema_of;

struct Field {
  std::string name;
  int kind = 0, maximum = 100;  // of the value
  bool required = false;
};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }

  std::vector<Field> fields() {
    std::vector<Field> made;
    for (std::uint64_t i = 0, count = below(5); i < count; ++i)
      made.push_back({fmt::format("f{}", i), static_cast<int>(below(4)), 100, below(2) == 0});
    return made;
  }

  /// Changes `fields` into the next version and says how; sometimes it forgets to, or narrows.
  std::string change(std::vector<Field>& fields) {
    std::string rename, drop, defaults, restore;
    const auto add = [](std::string& list, const std::string& entry) { list += (list.empty() ? "" : ",") + entry; };
    std::vector<Field> next;
    for (auto& field : fields) {
      switch (below(6)) {
        case 0:
          if (below(4) != 0) add(rename, fmt::format(R"("/{}":"{}x")", field.name, field.name));
          next.push_back({field.name + "x", field.kind, field.maximum, field.required});
          break;
        case 1:
          if (field.required && below(4) != 0) add(drop, fmt::format(R"("/{}")", field.name));
          if (below(2) == 0) add(restore, fmt::format(R"("/{}":{})", field.name, value(field)));
          break;
        case 2:
          if (field.required && below(2) == 0) field.required = false;
          field.maximum += below(8) == 0 ? -50 : 50;
          next.push_back(field);
          break;
        default:
          next.push_back(field);
      }
    }
    if (below(2) == 0) {
      Field field{fmt::format("n{}", names_++), static_cast<int>(below(4)), 100, below(2) == 0};
      if (field.required ? below(6) != 0 : below(3) == 0) add(defaults, fmt::format(R"("/{}":{})", field.name, value(field)));
      next.push_back(field);
    }
    fields = next;
    return fmt::format(R"(,"x-cast":{{"rename":{{{}}},"drop":[{}],"default":{{{}}},"restore":{{{}}}}})", rename, drop, defaults, restore);
  }

  std::string value(const Field& field) {
    switch (field.kind) {
      case 0: return std::to_string(below(static_cast<std::uint64_t>(field.maximum) + 1));
      case 1: return fmt::format(R"("{}")", std::string(below(9), 'a') + (below(3) == 0 ? R"(\"},{)" : ""));
      case 2: return below(2) == 0 ? R"({"in":1})" : R"({"in":2,"more":[[],"]"]})";
      default: return below(2) == 0 ? "[]" : R"([{"in":3},{"in":1,"more":[{"a":"\\"}]}])";
    }
  }

  static std::string schema(int version, const std::vector<Field>& fields, std::string_view cast) {
    std::string properties, required;
    for (const auto& field : fields) {
      constexpr std::string_view kInner =
          R"({"type":"object","x-personal":"none","properties":{"in":{"type":"integer"},"more":{"type":"array"}},"required":["in"],"additionalProperties":false})";
      const std::string types[] = {fmt::format(R"({{"type":"integer","maximum":{}}})", field.maximum),
                                   R"({"type":"string","x-personal":"none"})", std::string(kInner),
                                   fmt::format(R"({{"type":"array","items":{}}})", kInner)};
      properties += fmt::format(R"(,"{}":{})", field.name, types[field.kind]);
      if (field.required) required += fmt::format(R"(,"{}")", field.name);
    }
    return schema_of(version, properties, required, cast);
  }

  std::string event(const std::vector<Field>& fields) {
    std::string data = R"({"userId":"u")";
    for (const auto& field : fields)
      if (field.required || below(2) == 0) data += fmt::format(R"(,"{}":{})", field.name, value(field));
    return data + "}";
  }

 private:
  ::user_events::test::SeededRandom random_;
  int names_ = 0;
};

TEST(CastProperties, WhatIsCastIsValidAndUpwardsNothingIsRefused) {
  const char* const given = std::getenv("UE_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20261128;
  SCOPED_TRACE(fmt::format("UE_SEED={}", seed));
  World world(seed);
  int taken = 0, refused_down = 0, total_down = 0;
  for (int round = 0; round < 1'500; ++round) {
    auto fields = world.fields();
    const auto first = fields;
    const std::string one = World::schema(1, fields, "");
    const std::string declared = world.change(fields);
    const std::string two = World::schema(2, fields, declared);
    const auto catalogue = catalogue_of({one, two});
    const auto casts = Casts::build(catalogue);
    if (!casts) continue;  // not every change can be cast, and then it is refused
    ++taken;
    const auto way_down = casts->way("user.rated", 2, 1);
    for (int i = 0; i < 20; ++i) {
      const std::string old_event = world.event(first), new_event = world.event(fields);
      ASSERT_TRUE(catalogue::test::valid(catalogue.find("user.rated", 1)->schema, old_event)) << one << old_event;
      ASSERT_TRUE(catalogue::test::valid(catalogue.find("user.rated", 2)->schema, new_event)) << two << new_event;
      std::string out;
      const auto up = casts->cast("user.rated", 1, 2, old_event, out);
      ASSERT_TRUE(up) << describe(up.error()) << one << two << old_event;
      ASSERT_TRUE(catalogue::test::valid(catalogue.find("user.rated", 2)->schema, out)) << one << two << old_event << out;
      ASSERT_LE(out.size(), old_event.size() * casts->growth().factor + casts->growth().bytes) << one << two << old_event << out;
      out.clear();
      const auto down = casts->cast("user.rated", 2, 1, new_event, out);
      if (!down) {
        ASSERT_NE(way_down, Way::total) << describe(down.error()) << one << two << new_event;
        ++refused_down;
        continue;
      }
      total_down += way_down == Way::total;
      ASSERT_TRUE(catalogue::test::valid(catalogue.find("user.rated", 1)->schema, out)) << one << two << new_event << out;
      ASSERT_LE(out.size(), new_event.size() * casts->growth().factor + casts->growth().bytes) << one << two << new_event << out;
    }
  }
  EXPECT_GT(taken, 300);
  EXPECT_GT(refused_down, 100);
  EXPECT_GT(total_down, 1'000);
}

}  // namespace
}  // namespace user_events::casts
