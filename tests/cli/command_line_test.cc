// What the command line refuses before anything is done. Nothing here reaches a daemon: the port has none.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace user_events::cli {
namespace {

struct Ran {
  int status;
  std::string out, err;
};

Ran run_with(std::vector<std::string> words, const char* url = "http://127.0.0.1:1") {
  ::setenv("USER_EVENTS_URL", url, 1);
  std::vector<const char*> argv = {"user-events"};
  for (const auto& word : words) argv.push_back(word.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int status = run(static_cast<int>(argv.size()), argv.data());
  return {status, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

void expect_refused(const std::vector<std::string>& words, const std::string& begin) {
  const Ran ran = run_with(words);
  EXPECT_EQ(ran.status, 2) << begin;
  EXPECT_EQ(ran.out, "");
  EXPECT_TRUE(ran.err.starts_with("user-events: " + begin + "\n")) << ran.err;
}

TEST(CommandLine, NumbersOutOfRangeAreRefused) {
  expect_refused({"tail", "--after", "-1"}, "--after: -1 is no whole number from 0 to 18446744073709551615");
  expect_refused({"tail", "--after", "18446744073709551616"},
                 "--after: 18446744073709551616 is no whole number from 0 to 18446744073709551615");
  expect_refused({"tail", "-n", "0"}, "--last: 0 is no whole number from 1 to 10000");
  expect_refused({"publish", "user.created", "--version", "0"},
                 "--version: 0 is no whole number from 1 to 4294967295");
  expect_refused({"schema", "show", "user.created", "--version", "4294967296"},
                 "--version: 4294967296 is no whole number from 1 to 4294967295");
  EXPECT_EQ(run_with({"tail", "--after", "18446744073709551615"}).status, 1) << "only the daemon is missing";
}

TEST(CommandLine, AValueThatIsGivenIsNotEmpty) {
  expect_refused({"publish", "user.created", "--id", ""}, "--id: the value is empty");
  expect_refused({"publish", "user.created", "--data", ""}, "--data: the value is empty");
  expect_refused({"publish", "--ndjson", ""}, "--ndjson: the value is empty");
  expect_refused({"publish", ""}, "TYPE: the value is empty");
  expect_refused({"config", "check", "--config", ""}, "--config: the value is empty");
  expect_refused({"tail", "--type", ""}, "--type: the value is empty");
}

TEST(CommandLine, AFolderIsNoInput) {
  const std::string folder = std::filesystem::temp_directory_path().string();
  expect_refused({"publish", "user.created", "--data", "@" + folder}, "--data: " + folder + " is a folder");
  expect_refused({"publish", "--ndjson", folder}, "--ndjson: " + folder + " is a folder");
}

TEST(CommandLine, APatternIsCheckedBeforeAnybodyIsAsked) {
  expect_refused({"tail", "--type", "bad type!"}, "--type: `bad type!` is not a pattern over event types");
}

TEST(CommandLine, AnUnknownCommandIsRefusedAlsoWithHelp) {
  expect_refused({"audit", "--help"}, "audit is no command of user-events");
  expect_refused({"audit"}, "audit is no command of user-events");
  expect_refused({"config", "chekc", "--help"}, "chekc is no command of config; did you mean check?");
  EXPECT_EQ(run_with({"config", "--help"}).status, 0);
  EXPECT_EQ(run_with({"--help"}).status, 0);
}

TEST(CommandLine, ThePasswordOfAUrlIsNeverPrinted) {
  for (const char* url : {"http://ada:swordfish@127.0.0.1:1", "http://ada:sword/fish@127.0.0.1:1",
                          "http://swordfish@127.0.0.1:1", "swordfish://ada:swordfish@x"}) {
    for (const std::vector<std::string>& words : {std::vector<std::string>{"status"},
                                                  {"tail"},
                                                  {"publish", "user.created", "--data", "{}"},
                                                  {"schema", "list"}}) {
      const Ran ran = run_with(words, url);
      EXPECT_NE(ran.status, 0);
      EXPECT_EQ((ran.out + ran.err).find("sword"), std::string::npos) << ran.err;
    }
  }
}

}  // namespace
}  // namespace user_events::cli
