// What the command line refuses before anything is done. Nothing here reaches a daemon: the port has none.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "support/temporary_directory.h"

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
  expect_refused({"frobnicate", "--help"}, "frobnicate is no command of user-events");
  expect_refused({"frobnicate"}, "frobnicate is no command of user-events");
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

// A configuration file in a folder of its own.
class ConfigCheck : public testing::Test {
 protected:
  Ran check(std::string_view text, std::vector<std::string> words = {"config", "check"}) {
    std::ofstream(file_) << text;
    words.insert(words.end(), {"--config", file_});
    return run_with(words);
  }

  const test::TemporaryDirectory directory_;
  const std::filesystem::path folder_ = directory_.path();
  const std::string file_ = (folder_ / "c.toml").string();
};

constexpr std::string_view kKafka =
    "[[destination]]\nname = \"k\"\nkind = \"kafka\"\ntopic = \"t\"\nkafka.\"bootstrap.servers\" = "
    "\"127.0.0.1:9092\"\n";

TEST_F(ConfigCheck, AKafkaPropertyIsNamedAtItsLineWithTheNearest) {
  const Ran ran = check(
      std::string(kKafka) +
      "kafka.\"lingr.ms\" = 1000\nkafka.\"batch.size\" = \"swordfish\"\nkafka.acks = 1\nwindow_events = 0\n");
  EXPECT_EQ(ran.status, 2);
  EXPECT_TRUE(
      ran.err.starts_with("user-events: " + file_ + ":6: kafka.lingr.ms is no property of librdkafka "))
      << ran.err;
  EXPECT_NE(ran.err.find("did you mean linger.ms?\n"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find(file_ + ":7: kafka.batch.size has a value that librdkafka refuses"),
            std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find(file_ + ":9: window_events "), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("swordfish"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("hint"), std::string::npos) << "all are listed: " << ran.err;
}

TEST_F(ConfigCheck, TheGuardedPropertyThatWasGivenIsNamedAndNotItsConsequence) {
  const Ran ran = check(std::string(kKafka) + "kafka.acks = 1\n");
  EXPECT_EQ(ran.status, 2);
  EXPECT_TRUE(
      ran.err.starts_with("user-events: " + file_ + ":6: kafka.acks has a value that would void a promise"))
      << ran.err;
  EXPECT_EQ(ran.err.find("idempotence"), std::string::npos) << ran.err;
}

TEST_F(ConfigCheck, AnAddressForOtherMachinesIsRefusedWithItsLine) {
  const std::string text = "[http]\nlisten = \"0.0.0.0:8080\"\n";
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"config", "check"}, {"serve", "--data-dir", (folder_ / "data").string()}}) {
    const Ran ran = check(text, words);
    EXPECT_EQ(ran.status, 2);
    EXPECT_TRUE(
        ran.err.starts_with("user-events: " + file_ + ":2: http.listen: only loopback addresses are allowed"))
        << ran.err;
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "data"));
}

TEST_F(ConfigCheck, TheCatalogueIsLoaded) {
  Ran ran = check("source = \"urn:a\"\ncatalogue_dir = \"" + (folder_ / "none").string() + "\"\n");
  EXPECT_EQ(ran.status, 2);
  EXPECT_TRUE(ran.err.starts_with("user-events: " + file_ + ":2: catalogue_dir: ")) << ran.err;
  std::filesystem::create_directories(folder_ / "cat/user.rated");
  std::ofstream(folder_ / "cat/user.rated/1.json") << "{";
  ran = check("catalogue_dir = \"" + (folder_ / "cat").string() + "\"\n");
  EXPECT_EQ(ran.status, 2);
  EXPECT_NE(ran.err.find("user.rated/1.json"), std::string::npos) << ran.err;
}

TEST_F(ConfigCheck, ATypeThatNobodyKnowsIsAWarning) {
  const Ran ran =
      check("[[destination]]\nname = \"f\"\nkind = \"file\"\npath = \"" + (folder_ / "x").string() +
            "\"\ntypes = [\"user.*\", \"user.craeted\", \"!user.login.failed\"]\n");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.err, "user-events: warning: " + file_ +
                         ":5: destination.f.types names user.craeted, which is no known event type; did you "
                         "mean user.created?\n");
  EXPECT_EQ(ran.out, file_ + ": no errors, 1 destination\n");
}

TEST_F(ConfigCheck, TheFolderOfAFileMustBeThere) {
  const Ran ran = check("[[destination]]\nname = \"f\"\nkind = \"file\"\npath = \"" +
                        (folder_ / "none/x").string() + "\"\n");
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.err, "user-events: " + file_ + ":4: destination.f.path lies in " +
                         (folder_ / "none").string() + ", which is no folder\n");
  EXPECT_EQ(
      check("[[destination]]\nname = \"f\"\nkind = \"file\"\npath = \"" + folder_.string() + "\"\n").status,
      2);
}

TEST_F(ConfigCheck, AProgramGetsJson) {
  const Ran wrong = check("zoo = 1\n", {"config", "check", "--json"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_EQ(wrong.out,
            "{\"errors\":[{\"key\":\"zoo\",\"code\":\"config-unknown-key\",\"detail\":\"" + file_ +
                ":1: zoo is not a known key; docs/configuration.md lists them\"}],\"warnings\":[]}\n");
  EXPECT_EQ(check("", {"config", "check", "--json"}).out, "{\"errors\":[],\"warnings\":[]}\n");
  EXPECT_TRUE(check("", {"config", "show", "--json"}).out.starts_with("{\"source\":"));
}

}  // namespace
}  // namespace user_events::cli
