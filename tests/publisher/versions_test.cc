// Several versions of an event type in one process, and a catalogue that is read again while events come in.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/temporary_directory.h"
#include "user_events/publisher.h"

namespace user_events {
namespace {

namespace fs = std::filesystem;

std::string schema(int version, const std::string& properties, const std::string& required, const std::string& more = "") {
  return R"({"$id":"urn:user-events:schema:user.rated:)" + std::to_string(version) +
         R"(","title":"User rated","type":"object","properties":{"userId":{"type":"string","minLength":1,"x-personal":"user-id","x-key":"user"})" +
         properties + R"(},"required":["userId")" + required + R"(],"additionalProperties":false)" + more + "}";
}
std::string first() { return schema(1, R"(,"name":{"type":"string","x-personal":"username"})", R"(,"name")"); }
std::string second() {
  return schema(2, R"(,"fullName":{"type":"string","x-personal":"username"})", R"(,"fullName")", R"(,"x-cast":{"rename":{"/name":"fullName"}})");
}

class Versions : public testing::Test {
 protected:
  void SetUp() override {
    options_.data_dir = (folder_ / "data").string();
    options_.catalogue_dir = (folder_ / "catalogue").string();
    write(1, first());
  }

  void write(int version, const std::string& text) const { directory_.write("catalogue/user.rated/" + std::to_string(version) + ".json", text); }

  test::TemporaryDirectory directory_;
  const fs::path folder_ = directory_.path();
  Options options_;
};

std::string data_of(const StoredEvent& event) { return event.json.substr(event.json.find("\"data\":")); }

TEST_F(Versions, EventsAreReadInTheVersionThatIsWanted) {
  write(2, second());
  auto publisher = UserEventPublisher::open(options_);
  ASSERT_TRUE(publisher) << describe(publisher.error());
  ASSERT_TRUE(publisher->publish_json({.type = "user.rated", .data = R"({"userId":"u","name":"Ada"})", .version = 1, .id = "e-1"}));
  ASSERT_TRUE(publisher->publish_json({.type = "user.rated", .data = R"({"userId":"u","fullName":"Bo"})"}));
  const auto old = publisher->read({.versions = {"1"}});
  ASSERT_TRUE(old) << describe(old.error());
  EXPECT_EQ(data_of(old->events.at(1)), R"("data":{"userId":"u","name":"Bo"}})");
  EXPECT_NE(old->events[1].json.find("schema:user.rated:1"), std::string::npos);
  EXPECT_EQ(data_of(*publisher->find("e-1", {"user.rated=2"})), R"("data":{"userId":"u","fullName":"Ada"}})");
  EXPECT_EQ(publisher->read({.versions = {"3"}}).error().code, "no-cast");
  EXPECT_EQ(publisher->read({.versions = {"0"}}).error().code, "versions");
  EXPECT_EQ(publisher->publish_json({.type = "user.rated", .data = R"({"userId":"u"})", .version = 3}).error().fields.at(0).detail,
            "this type has no such version; there is 1 and 2");
}

TEST_F(Versions, ANewVersionIsTakenWhileEventsComeIn) {
  auto publisher = UserEventPublisher::open(options_);
  ASSERT_TRUE(publisher) << describe(publisher.error());
  std::atomic<bool> done{false};
  std::atomic<int> failures{0}, published{0};
  std::thread busy([&] {
    while (!done) {
      failures += !publisher->publish_json({.type = "user.rated", .data = R"({"userId":"u","name":"Ada"})", .version = 1});
      failures += !publisher->read({.after = publisher->last_sequence() - 1, .versions = {"user.rated=1"}});
      ++published;
    }
  });
  while (published < 3) std::this_thread::yield();
  for (int version = 2; version < 12; ++version) {
    write(version, schema(version, R"(,"name":{"type":"string","x-personal":"username"})", R"(,"name")"));
    const auto added = publisher->reload_catalogue();
    ASSERT_TRUE(added) << describe(added.error());
    EXPECT_EQ(*added, std::vector<std::string>{"user.rated:" + std::to_string(version)});
  }
  done = true;
  busy.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(publisher->reload_catalogue(), std::vector<std::string>{});
  EXPECT_EQ(publisher->schema("user.rated")->version, 11u);
  EXPECT_EQ(publisher->status().catalogue.reloads, 11u);
}

TEST_F(Versions, WhatIsRefusedChangesNothingAndIsSaid) {
  auto publisher = UserEventPublisher::open(options_);
  ASSERT_TRUE(publisher) << describe(publisher.error());
  write(2, schema(2, "", ""));
  const auto refused = publisher->reload_catalogue();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "cast-impossible");
  EXPECT_NE(publisher->status().catalogue.problem.find("user.rated/2.json"), std::string::npos);
  EXPECT_EQ(publisher->schema("user.rated")->version, 1u);
  fs::remove(folder_ / "catalogue/user.rated/1.json");
  write(2, second());
  EXPECT_EQ(publisher->reload_catalogue().error().code, "catalogue-changed");
  write(1, first());
  EXPECT_TRUE(publisher->reload_catalogue());
  EXPECT_EQ(publisher->status().catalogue.problem, "");
}

}  // namespace
}  // namespace user_events
