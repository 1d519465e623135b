// Every limit: the last that passes, and the first that does not.
#include <gtest/gtest.h>

#include "support.h"
#include "user_events/events.h"

namespace user_events::formation {
namespace {

using test::Bench;
using test::expand;

constexpr auto kOne = BodyForm::cloudevent;

std::string event_of_bytes(std::size_t bytes) {
  const std::string begin = R"({"type":"user.updated","data":{"userId":"u-1","changes":{"bio":")",
                    end = R"("}}})";
  return begin + std::string(bytes - begin.size() - end.size(), 'x') + end;
}

TEST(Limits, OneEventMayHaveSoManyBytesAndNoneMore) {
  for (const std::uint64_t limit : {200ull, 4'096ull, 256ull << 10, 1ull << 20}) {
    Bench bench({.max_event_bytes = limit});
    EXPECT_TRUE(bench.body(event_of_bytes(limit)).has_value()) << limit;
    EXPECT_TRUE(bench.body("  " + event_of_bytes(limit) + "\n").has_value())
        << "white space around it is not counted";
    EXPECT_TRUE(bench.body("[" + event_of_bytes(limit) + "," + event_of_bytes(limit) + "]").has_value());
    for (const std::string& body :
         {event_of_bytes(limit + 1), "[" + event_of_bytes(limit) + "," + event_of_bytes(limit + 1) + "]"}) {
      const auto result = bench.body(body);
      ASSERT_FALSE(result.has_value());
      EXPECT_EQ(result.error().kind, ErrorKind::too_large);
      EXPECT_EQ(result.error().code, "event-too-large");
      EXPECT_NE(result.error().hint.find("limits.max_event_bytes"), std::string::npos);
    }
    EXPECT_EQ(bench.batch.size(), 4u);
  }
}

TEST(Limits, TypedAndDynamicEventsHaveTheSameSizeLimitForTheirData) {
  Bench bench({.max_event_bytes = 200});
  const auto typed = [&](std::size_t bytes) {
    return bench.former.form(UserUpdated{.user_id = "u-1", .changes = {{"bio", std::string(bytes, 'x')}}}, {},
                             {}, bench.batch);
  };
  EXPECT_TRUE(typed(20).has_value());
  ASSERT_FALSE(typed(200).has_value());
  EXPECT_EQ(typed(200).error().kind, ErrorKind::too_large);
  const std::string data = R"({"userId":"u-1","changes":{"bio":")" + std::string(200, 'x') + "\"}}";
  const auto dynamic = bench.former.form_event({.type = "user.updated",
                                                .data = data,
                                                .id = {},
                                                .time = {},
                                                .source = {},
                                                .traceparent = {},
                                                .tracestate = {}},
                                               {}, bench.batch);
  ASSERT_FALSE(dynamic.has_value());
  EXPECT_EQ(dynamic.error().kind, ErrorKind::too_large);
  EXPECT_EQ(bench.batch.size(), 1u);
}

TEST(Limits, AnArrayMayHaveSoManyEventsAndNoneMore) {
  Bench bench({.max_batch_events = 3});
  EXPECT_TRUE(bench.body(expand("[{@E},{@E},{@E}]")).has_value());
  const auto result = bench.body(expand("[{@E},{@E},{@E},{@E}]"));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ErrorKind::too_large);
  EXPECT_EQ(result.error().code, "batch-too-large");
  EXPECT_NE(result.error().hint.find("limits.max_batch_events"), std::string::npos);
  EXPECT_EQ(bench.batch.size(), 3u);
}

/// Data of `depth` levels; it and its changes are two of them.
std::string data_of_depth(std::size_t depth) {
  return R"({"userId":"u-1","changes":{"a":)" + std::string(depth - 2, '[') + "1" +
         std::string(depth - 2, ']') + "}}";
}

TEST(Limits, AnEventMayBeSoDeepAndNoDeeper) {
  for (const std::uint32_t limit : {4u, 8u, 16u}) {
    Bench bench({.max_depth = limit});
    const auto event = [](std::size_t depth) {
      return R"({"type":"user.updated","data":)" + data_of_depth(depth - 1) + "}";
    };
    EXPECT_TRUE(bench.body(event(limit)).has_value()) << limit;
    EXPECT_TRUE(bench.body("[" + event(limit) + "]").has_value()) << "an array is not counted";
    for (const std::string& body : {event(limit + 1), "[" + event(limit + 1) + "]"}) {
      const auto result = bench.body(body);
      ASSERT_FALSE(result.has_value()) << limit;
      EXPECT_EQ(result.error().kind, ErrorKind::malformed);
      EXPECT_EQ(result.error().code, "too-deep");
    }
    const auto dynamic = [&](const std::string& data) {
      return bench.former.form_event({.type = "user.updated",
                                      .data = data,
                                      .id = {},
                                      .time = {},
                                      .source = {},
                                      .traceparent = {},
                                      .tracestate = {}},
                                     {}, bench.batch);
    };
    EXPECT_TRUE(dynamic(data_of_depth(limit - 1)).has_value()) << limit;
    const auto deeper = dynamic(data_of_depth(limit));
    ASSERT_FALSE(deeper.has_value()) << limit;
    EXPECT_EQ(deeper.error().code, "too-deep");
  }
}

TEST(Limits, AnIdMayHave255Bytes) {
  Bench bench;
  EXPECT_TRUE(bench.body(expand(R"({@E,"id":")" + std::string(255, 'i') + "\"}")).has_value());
  const auto result = bench.body(expand(R"({@E,"id":")" + std::string(256, 'i') + "\"}"));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().fields.at(0).code, "max-length");
}

TEST(Limits, ASourceMayHave512Bytes) {
  Bench bench;
  const auto with_source = [&](std::size_t bytes) {
    return bench.body(
        R"({"specversion":"1.0","id":"e","type":"user.password.changed","data":{"userId":"u"},"source":")" +
            std::string(bytes, 's') + "\"}",
        kOne);
  };
  EXPECT_TRUE(with_source(512).has_value());
  const auto result = with_source(513);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().fields.at(0).code, "max-length");
}

TEST(Limits, ACloudEventMayHave32Extensions) {
  Bench bench;
  const auto with_extensions = [&](int count) {
    std::string body = "{@C";
    for (int i = 0; i < count; ++i) body += ",\"x" + std::to_string(i) + "\":1";
    return bench.body(expand(body + "}"), kOne);
  };
  EXPECT_TRUE(with_extensions(32).has_value());
  const auto result = with_extensions(33);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().fields.at(0).pointer, "/x32");
  EXPECT_EQ(result.error().fields.at(0).code, "too-many");
}

TEST(Limits, ExtensionsMayHave65535BytesTogether) {
  Bench bench({.max_event_bytes = 1u << 20});
  const auto with_extension = [&](std::size_t bytes) {
    return bench.body(expand(R"({@C,"x":")" + std::string(bytes, 'v') + "\"}"), kOne);
  };
  EXPECT_TRUE(with_extension(65'535 - 6).has_value());
  EXPECT_FALSE(with_extension(65'535 - 5).has_value());
}

}  // namespace
}  // namespace user_events::formation
