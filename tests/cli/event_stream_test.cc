#include "cli/event_stream.h"

#include <gtest/gtest.h>

#include <vector>

namespace user_events::cli {
namespace {

constexpr std::string_view kStream =
    "id: 1\nevent: user.created\ndata: {\"a\":1}\n\n: heartbeat\n\nid: 2\r\ndata: {\"b\":\r\ndata: "
    "2}\r\n\r\nid: 7\n\n";

TEST(EventStream, IsTheSameInWhateverPiecesItComes) {
  for (std::size_t size = 1; size <= kStream.size(); ++size) {
    std::vector<std::string> events;
    EventStreamParser parser([&](std::string_view data) {
      events.emplace_back(data);
      return true;
    });
    for (std::size_t at = 0; at < kStream.size(); at += size)
      ASSERT_TRUE(parser.feed(kStream.substr(at, size)));
    EXPECT_EQ(events, (std::vector<std::string>{"{\"a\":1}", "{\"b\":\n2}"})) << size;
    EXPECT_EQ(parser.last_id(), "7") << "a position without an event counts too";
  }
}

TEST(EventStream, AnEventThatIsCutOffIsNotTakenAndItsIdNeither) {
  int events = 0;
  EventStreamParser parser([&](std::string_view) { return ++events > 0; });
  ASSERT_TRUE(parser.feed("id: 1\ndata: a\n\nid: 2\ndata: b\n"));
  EXPECT_EQ(parser.last_id(), "1");
  parser.reset();
  ASSERT_TRUE(parser.feed("id: 2\ndata: b\n\n"));
  EXPECT_EQ(events, 2);
  EXPECT_EQ(parser.last_id(), "2");
}

TEST(EventStream, EndsWhenNoMoreIsWanted) {
  EventStreamParser parser([](std::string_view) { return false; });
  EXPECT_TRUE(parser.feed("data: a\n"));
  EXPECT_FALSE(parser.feed("\ndata: b\n\n"));
}

TEST(EventStream, ALineWithoutEndIsNotKeptForEver) {
  EventStreamParser parser([](std::string_view) { return true; });
  const std::string piece(1 << 20, 'x');
  bool goes_on = true;
  for (int i = 0; i < 65 && goes_on; ++i) goes_on = parser.feed(piece);
  EXPECT_FALSE(goes_on);
}

}  // namespace
}  // namespace user_events::cli
