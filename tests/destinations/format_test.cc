#include "destinations/format.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace user_events::destinations {
namespace {

DestinationOptions options(const std::string& format, const std::string& encoding = "json") {
  DestinationOptions out;
  out.name = "d";
  out.kind = "file";
  out.topic = "/tmp/out";
  out.format = format;
  out.encoding = encoding;
  return out;
}

/// The keys of the findings, each once, in their order.
std::vector<std::string> findings(const DestinationOptions& given, const Kind& kind = *find_kind("file")) {
  std::vector<std::string> keys;
  if (const auto checked = check(kind, given); !checked)
    for (const auto& field : checked.error().fields) keys.push_back(field.pointer);
  return keys;
}

using Keys = std::vector<std::string>;

TEST(Format, IsOneOfThree) {
  EXPECT_EQ(findings(options("cloudevents")), Keys{});
  EXPECT_EQ(findings(options("plain")), Keys{});
  EXPECT_EQ(findings(options("avro")), Keys{"format"});
  EXPECT_EQ(findings(options("cloudevents", "swordfish")), Keys{"encoding"});
  EXPECT_EQ(findings(options("x", "y")), (Keys{"format", "encoding"}));
}

TEST(Format, BinaryModeIsForKindsWhoseMessagesHaveHeaders) {
  for (const Kind& kind : kinds()) {
    const bool has_headers = kind.name != "file" && kind.name != "stdout" && kind.name != "sqs" && kind.name != "sns";
    EXPECT_EQ(kind.carries.headers, has_headers) << kind.name;
    EXPECT_EQ(std::ranges::count(findings(options("cloudevents-binary"), kind), "format"), has_headers ? 0 : 1) << kind.name;
  }
}

TEST(Format, ASignatureNeedsAPlaceInTheMessage) {
  for (const Kind& kind : kinds()) {
    auto jws = options("cloudevents");
    jws.sign = "2026-11";
    const bool has_lines = kind.name == "file" || kind.name == "stdout";
    EXPECT_EQ(std::ranges::count(findings(jws, kind), "sign"), has_lines ? 1 : 0) << kind.name;
    auto dsse = jws;
    dsse.signature = "dsse";
    const bool is_aws = kind.name == "sqs" || kind.name == "sns";
    EXPECT_EQ(std::ranges::count(findings(dsse, kind), "signature"), is_aws ? 1 : 0) << kind.name;
    dsse.format = "plain";
    EXPECT_EQ(std::ranges::count(findings(dsse, kind), "signature"), 1) << kind.name;
  }
}

TEST(Format, ADeadLetterTopicIsForKindsThatCanSendCopiesElsewhere) {
  for (const Kind& kind : kinds()) {
    const bool sends_copies = kind.name == "kafka" || kind.name == "rabbitmq" || kind.name == "sqs" || kind.name == "sns";
    auto given = options("cloudevents");
    given.dead_letter_topic = "dead";
    EXPECT_EQ(std::ranges::count(findings(given, kind), "dead_letter_topic"), sends_copies ? 0 : 1) << kind.name;
  }
}

TEST(Format, AKindsOwnFindingsComeFirstAndTheOthersWithThem) {
  Kind kind = *find_kind("webhook");
  auto given = options("x");
  given.kind = "webhook";
  const auto keys = findings(given, kind);
  ASSERT_GE(keys.size(), 2u);
  EXPECT_EQ(keys.back(), "format");
  EXPECT_NE(keys.front(), "format");
}

TEST(Format, WhatAKindFindsNamesItsSettingAndIsNotLostAmongOtherFindings) {
  for (const Kind& kind : kinds()) {
    auto given = options("x");
    given.kind = kind.name;
    given.settings = {{"no_such", "1"}};
    const auto keys = findings(given, kind);
    EXPECT_EQ(std::ranges::count(keys, "no_such"), 1) << kind.name;
    EXPECT_EQ(std::ranges::count(keys, "format"), 1) << kind.name;
    given.settings.clear();
    given.topic.clear();
    const bool needs_nothing = kind.name == "stdout";
    EXPECT_EQ(findings(given, kind).size() > 1, !needs_nothing) << kind.name;
  }
}

}  // namespace
}  // namespace user_events::destinations
