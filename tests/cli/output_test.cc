#include "cli/output.h"

#include <gtest/gtest.h>

#include "cli/event_source.h"
#include "cli/http_client.h"

namespace user_events::cli {
namespace {

TEST(Output, NothingPrintableCommandsATerminal) {
  EXPECT_EQ(printable("a\x1b"
                      "[2J\n\t\x7f"),
            "a?[2J???");
  EXPECT_EQ(printable("caf\xc3\xa9 \xe2\x82\xac"), "caf\xc3\xa9 \xe2\x82\xac");
  EXPECT_EQ(printable("x\xc2\x9b"
                      "31m"),
            "x?31m")
      << "U+009B begins a command too";
}

TEST(Output, NumbersAreGrouped) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'000), "1,000");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
}

TEST(Output, WhatGoesIntoAUrlIsEncoded) {
  EXPECT_EQ(percent_encode("a-b_c.d~e"), "a-b_c.d~e");
  EXPECT_EQ(percent_encode("a b&c=d/\xc3\xa9"), "a%20b%26c%3Dd%2F%C3%A9");
  EXPECT_EQ(events_path("/v1/events",
                        {.after = 3, .types = {"user.*", "!user.created"}, .user = "u&1", .limit = 10}, true),
            "/v1/events?after=3&type=user.%2A&type=%21user.created&user=u%261&limit=10");
}

}  // namespace
}  // namespace user_events::cli
