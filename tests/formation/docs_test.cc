// The examples of docs/events-on-the-wire.md are what really goes in and comes out.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cloudevent_rules.h"
#include "support.h"

namespace user_events::formation {
namespace {

using test::Bench;

const std::string& page() {
  static const std::string text = [] {
    std::ostringstream read;
    read << std::ifstream(UE_SOURCE_DIR "/docs/events-on-the-wire.md").rdbuf();
    return read.str();
  }();
  return text;
}

/// The fenced block behind `<!-- example: NAME -->`.
std::string example(const std::string& name) {
  const std::size_t mark = page().find("<!-- example: " + name + " -->");
  if (mark == std::string::npos) throw std::runtime_error("no example " + name);
  const std::size_t begin = page().find('\n', page().find("```", mark)) + 1;
  return page().substr(begin, page().find("\n```", begin) - begin);
}

std::string without_space(std::string_view json) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (!in_string && (json[i] == ' ' || json[i] == '\n')) continue;
    if (json[i] == '"') in_string = !in_string;
    out += json[i];
    if (in_string && json[i] == '\\') out += json[++i];
  }
  return out;
}

constexpr encoding::Position kFirst{"1nkxnkn7hyaphvfz0884jfcnvk.fm9hm980", 42};
constexpr encoding::Position kSecond{"1nkxnkn7hyaphvfz0884jfcnvk.fm9hm980", 43};

/// The events of the two examples, accepted a quarter of a second past nine.
struct Examples : Bench {
  Examples() {
    clock.now_ms = test::kNow + 250;
    EXPECT_TRUE(body(example("native-in")).has_value());
    EXPECT_TRUE(body(example("cloudevent-in"), BodyForm::cloudevent).has_value());
  }
  [[nodiscard]] std::string out(std::size_t i, encoding::Format format,
                                const encoding::Position& position) const {
    std::string text;
    encoding::append_body(format, envelope(i), position, text);
    return text;
  }
};

TEST(EventsOnTheWire, TheStructuredExampleIsRealOutput) {
  const Examples events;
  const std::string out = events.out(0, encoding::Format::cloudevents, kFirst);
  EXPECT_EQ(out, without_space(example("cloudevents-out")));
  test::expect_valid_cloudevent(out);
}

TEST(EventsOnTheWire, TheExampleWithoutAUserIsRealOutput) {
  const Examples events;
  std::string expected = without_space(example("failed-login-out"));
  const std::string token = events.former.token("ada@example.com");
  ASSERT_NE(expected.find("tok_TOKEN"), std::string::npos);
  expected.replace(expected.find("tok_TOKEN"), 9, token);
  const std::string out = events.out(1, encoding::Format::cloudevents, kSecond);
  EXPECT_EQ(out, expected);
  test::expect_valid_cloudevent(out);
}

TEST(EventsOnTheWire, TheBinaryExampleIsRealOutput) {
  const Examples events;
  std::string out;
  encoding::for_each_attribute(events.envelope(0), kFirst,
                               [&out](std::string_view name, std::string_view value) {
                                 out.append(name).append(": ").append(value) += '\n';
                               });
  EXPECT_EQ(out + "\n" + events.out(0, encoding::Format::cloudevents_binary, kFirst), example("binary-out"));
}

TEST(EventsOnTheWire, ThePlainExampleIsRealOutput) {
  const Examples events;
  EXPECT_EQ(events.out(0, encoding::Format::plain, kFirst), without_space(example("plain-out")));
}

}  // namespace
}  // namespace user_events::formation
