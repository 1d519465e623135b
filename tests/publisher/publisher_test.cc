// The library as its users see it, on a real data directory and real destinations.
#include "user_events/publisher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <thread>

#include "support/temporary_directory.h"
#include "support/tree_picture.h"

namespace user_events {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class Publisher : public testing::Test {
 protected:
  void SetUp() override {
    options_.data_dir = (folder_ / "data").string();
    options_.source = "urn:test:users";
  }

  UserEventPublisher open() {
    auto publisher = UserEventPublisher::open(options_);
    if (!publisher) throw std::runtime_error(describe(publisher.error()));
    return std::move(*publisher);
  }

  void add_file_destination(const std::string& name) {
    DestinationOptions destination;
    destination.name = name;
    destination.kind = "file";
    destination.topic = (folder_ / (name + ".ndjson")).string();
    options_.destinations.push_back(destination);
  }

  std::vector<std::string> lines_of(const std::string& name) const {
    std::ifstream in(folder_ / (name + ".ndjson"));
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  test::TemporaryDirectory directory_;
  const fs::path folder_ = directory_.path();
  Options options_;
};

UserCreated created(const std::string& user) { return {.user_id = user, .email = user + "@example.com", .status = "active"}; }

TEST_F(Publisher, ReturnsAReceiptAndTheEventIsReadBackAfterAReopen) {
  std::string id;
  {
    auto publisher = open();
    const auto receipt = publisher.publish(created("u-1"));
    ASSERT_TRUE(receipt) << describe(receipt.error());
    EXPECT_EQ(receipt->sequence, 1u);
    EXPECT_FALSE(receipt->duplicate);
    EXPECT_EQ(receipt->id.size(), 36u);
    id = receipt->id;
  }
  auto publisher = open();
  const auto page = publisher.read({});
  ASSERT_TRUE(page) << describe(page.error());
  ASSERT_EQ(page->events.size(), 1u);
  EXPECT_EQ(page->events[0].type, "user.created");
  EXPECT_NE(page->events[0].json.find("\"id\":\"" + id + "\""), std::string::npos);
  EXPECT_NE(page->events[0].json.find("\"source\":\"urn:test:users\""), std::string::npos);
  EXPECT_NE(page->events[0].json.find("\"sequence\":\"00000000000000000001\""), std::string::npos);
  const auto found = publisher.find(id);
  ASSERT_TRUE(found) << describe(found.error());
  EXPECT_EQ(found->json, page->events[0].json);
}

TEST_F(Publisher, ARepeatedIdIsAcceptedOnceAndAnsweredWithTheFirstReceiptAlsoAfterAReopen) {
  const PublishOptions with_id{.id = "order-7", .time = {}, .traceparent = {}, .tracestate = {}};
  {
    auto publisher = open();
    ASSERT_TRUE(publisher.publish(created("u-1")));
    ASSERT_TRUE(publisher.publish(created("u-2"), with_id));
  }
  auto publisher = open();
  const auto again = publisher.publish(created("u-2"), with_id);
  ASSERT_TRUE(again) << describe(again.error());
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->sequence, 2u);
  const auto other = publisher.publish(created("u-3"), with_id);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::conflict);
  ASSERT_EQ(other.error().fields.size(), 1u);
  EXPECT_EQ(other.error().fields[0].pointer, "/id");
  EXPECT_EQ(publisher.last_sequence(), 2u);
}

TEST_F(Publisher, ASpanIsAcceptedAllOrNone) {
  auto publisher = open();
  std::vector<AnyEvent> events{created("u-1"), UserCreated{.user_id = "u-2", .email = "not an address", .status = "active"}};
  const auto refused = publisher.publish(std::span<const AnyEvent>(events));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
  ASSERT_FALSE(refused.error().fields.empty());
  EXPECT_EQ(refused.error().fields[0].pointer, "/1/data/email");
  EXPECT_EQ(publisher.last_sequence(), 0u);
  std::get<UserCreated>(events[1]).email = "u2@example.com";
  const auto receipts = publisher.publish(std::span<const AnyEvent>(events));
  ASSERT_TRUE(receipts) << describe(receipts.error());
  ASSERT_EQ(receipts->size(), 2u);
  EXPECT_EQ((*receipts)[1].sequence, 2u);
}

TEST_F(Publisher, TheTypedMethodsAndTheDynamicFormPublishTheSameTypes) {
  auto publisher = open();
  ASSERT_TRUE(publisher.publish_user_created(created("u-1")));
  ASSERT_TRUE(publisher.publish_json({.type = "user.email.verified", .data = R"({"userId":"u-1","email":"ada@example.com"})"}));
  const auto unknown = publisher.publish_json({.type = "user.creatd", .data = "{}"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::invalid);
  const auto page = publisher.read({.after = 0, .types = {"user.email.*"}, .user = {}, .limit = 10});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->events.size(), 1u);
  EXPECT_EQ(page->events[0].type, "user.email.verified");
  EXPECT_EQ(page->next, 2u);
}

TEST_F(Publisher, PagesAreFilteredByUserAndContinueWhereTheyEnded) {
  auto publisher = open();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(publisher.publish(created(i % 2 == 0 ? "even" : "odd")));
  ReadQuery query{.after = 0, .types = {}, .user = "even", .limit = 3};
  auto page = publisher.read(query);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->events.size(), 3u);
  EXPECT_EQ(page->events[2].sequence, 5u);
  query.after = page->next;
  page = publisher.read(query);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->events.size(), 2u);
  EXPECT_EQ(page->events[1].sequence, 9u);
}

TEST_F(Publisher, EachLineIsAnsweredOnItsOwnAndConflictsDoNotStopTheOthers) {
  auto publisher = open();
  const std::string good = R"({"type":"user.email.verified","data":{"userId":"u-1","email":"a@example.com"}})";
  const std::string first = R"({"id":"x","type":"user.email.verified","data":{"userId":"u-1","email":"a@example.com"}})";
  const std::string conflicting = R"({"id":"x","type":"user.email.verified","data":{"userId":"u-2","email":"a@example.com"}})";
  const auto each = [&](std::vector<std::string_view> lines) {
    std::promise<std::vector<Result<Receipt>>> done;
    publisher.publish_each(lines, {}, [&](auto results) { done.set_value(std::move(results)); });
    return done.get_future().get();
  };
  ASSERT_TRUE(each({first})[0]);
  const auto results = each({good, "{bad", conflicting, first, good});
  ASSERT_EQ(results.size(), 5u);
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(results[1].error().kind, ErrorKind::malformed);
  EXPECT_EQ(results[2].error().kind, ErrorKind::conflict);
  EXPECT_TRUE(results[3]->duplicate);
  EXPECT_EQ(results[3]->sequence, 1u);
  EXPECT_TRUE(results[4]);
  EXPECT_EQ(publisher.last_sequence(), 3u);
}

TEST_F(Publisher, AConflictPointsIntoTheDocumentThatWasSent) {
  auto publisher = open();
  const auto pointer_after = [&](std::string_view body) -> std::string {
    std::promise<Result<std::vector<Receipt>>> done;
    publisher.publish_body(body, Body::events, {}, [&](auto result) { done.set_value(std::move(result)); });
    const auto result = done.get_future().get();
    return result ? "" : result.error().fields.at(0).pointer;
  };
  EXPECT_EQ(pointer_after(R"({"id":"x","type":"user.mfa.enabled","data":{"userId":"u-1"}})"), "");
  EXPECT_EQ(pointer_after(R"({"id":"x","type":"user.mfa.enabled","data":{"userId":"u-2"}})"), "/id");
  EXPECT_EQ(pointer_after(R"([{"id":"y","type":"user.mfa.enabled","data":{"userId":"u-2"}},{"id":"x","type":"user.mfa.enabled","data":{"userId":"u-2"}}])"), "/1/id");
}

TEST_F(Publisher, ConcurrentPublishersEachGetTheirOwnSequence) {
  auto publisher = open();
  std::mutex mutex;
  std::set<std::uint64_t> sequences;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const auto receipt = publisher.publish(created("u-" + std::to_string(t)));
        ASSERT_TRUE(receipt);
        std::lock_guard lock(mutex);
        sequences.insert(receipt->sequence);
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sequences.size(), 400u);
  EXPECT_EQ(*sequences.rbegin(), 400u);
}

TEST_F(Publisher, AsynchronousCallbacksComeOnceEachAndInOrder) {
  auto publisher = open();
  std::atomic<int> called{0};
  std::atomic<bool> in_order{true};
  std::promise<void> all;
  for (int i = 0; i < 1000; ++i)
    publisher.publish_async(created("u-1"), [&, i](Result<std::vector<Receipt>> receipts) {
      if (!receipts || receipts->at(0).sequence != static_cast<std::uint64_t>(i + 1)) in_order = false;
      if (++called == 1000) all.set_value();
    });
  ASSERT_EQ(all.get_future().wait_for(20s), std::future_status::ready);
  EXPECT_TRUE(in_order);
}

TEST_F(Publisher, FlushWaitsUntilEveryDestinationHasAcknowledged) {
  add_file_destination("one");
  add_file_destination("two");
  auto publisher = open();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(publisher.publish(created("u-" + std::to_string(i))));
  const auto flushed = publisher.flush(20s);
  ASSERT_TRUE(flushed) << describe(flushed.error());
  EXPECT_EQ(lines_of("one").size(), 100u);
  EXPECT_EQ(lines_of("two").size(), 100u);
  const auto progress = publisher.wait_delivered(100, 1s);
  ASSERT_EQ(progress.size(), 2u);
  EXPECT_TRUE(progress[0].delivered);
  EXPECT_EQ(progress[1].state, "delivered");
  const auto status = publisher.status();
  ASSERT_EQ(status.destinations.size(), 2u);
  EXPECT_EQ(status.destinations[0].lag_events, 0u);
  EXPECT_EQ(status.destinations[0].delivered, 100u);
  EXPECT_EQ(status.accepted, 100u);
}

TEST_F(Publisher, DeliveryContinuesAfterAReopenWithoutSendingAgainWhatWasSaved) {
  add_file_destination("one");
  for (int round = 0; round < 3; ++round) {
    auto publisher = open();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(publisher.publish(created("u-1")));
    ASSERT_TRUE(publisher.close(20s));
  }
  EXPECT_EQ(lines_of("one").size(), 30u);
}

TEST_F(Publisher, AMissingDestinationRefusesTheStartUntilItIsRetired) {
  add_file_destination("one");
  { ASSERT_TRUE(open().publish(created("u-1"))); }
  options_.destinations.clear();
  const auto refused = UserEventPublisher::open(options_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  EXPECT_NE(refused.error().message.find("'one'"), std::string::npos);
  options_.retired = {"one"};
  EXPECT_TRUE(UserEventPublisher::open(options_));
}

TEST_F(Publisher, ASecondProcessInTheSameDirectoryIsRefused) {
  auto publisher = open();
  const auto second = UserEventPublisher::open(options_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "data-directory-in-use");
}

TEST_F(Publisher, ReadOnlyShowsStoredPositionsAndChangesNothing) {
  add_file_destination("archive");
  {
    auto publisher = open();
    ASSERT_TRUE(publisher.publish(created("u-1")));
    ASSERT_TRUE(publisher.publish(created("u-2")));
    ASSERT_TRUE(publisher.close());
  }
  const auto before = test::picture_of(folder_);
  options_.read_only = true;
  {
    auto publisher = open();
    const auto status = publisher.status();
    EXPECT_FALSE(status.accepting);
    EXPECT_EQ(status.problem, "no daemon runs on this directory (read only)");
    EXPECT_EQ(status.last_sequence, 2u);
    ASSERT_EQ(status.destinations.size(), 1u);
    EXPECT_EQ(status.destinations[0].name, "archive");
    EXPECT_EQ(status.destinations[0].state, "stopped");
    EXPECT_EQ(status.destinations[0].acknowledged_sequence, 2u);
    EXPECT_EQ(status.destinations[0].lag_events, 0u);
    EXPECT_EQ(publisher.read({}).value().events.size(), 2u);
  }
  EXPECT_EQ(test::picture_of(folder_), before);
}

TEST_F(Publisher, ReadOnlyWithoutAJournalSaysSoAndMakesNothing) {
  options_.read_only = true;
  const auto before = test::picture_of(folder_);
  const auto publisher = UserEventPublisher::open(options_);
  ASSERT_FALSE(publisher);
  EXPECT_EQ(publisher.error().kind, ErrorKind::not_found);
  EXPECT_NE(publisher.error().message.find("no journal in"), std::string::npos);
  EXPECT_EQ(test::picture_of(folder_), before);
}

TEST_F(Publisher, ReadOnlyReadsAndRefusesToPublish) {
  { ASSERT_TRUE(open().publish(created("u-1"))); }
  options_.read_only = true;
  auto publisher = open();
  ASSERT_TRUE(publisher.read({}));
  EXPECT_EQ(publisher.read({})->events.size(), 1u);
  EXPECT_FALSE(publisher.publish(created("u-2")));
}

TEST_F(Publisher, PublishingAfterCloseFailsClearly) {
  auto publisher = open();
  ASSERT_TRUE(publisher.close());
  const auto late = publisher.publish(created("u-1"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::unavailable);
}

TEST_F(Publisher, MetricsNameEveryDestinationAndCountWhatHappened) {
  add_file_destination("one");
  auto publisher = open();
  ASSERT_TRUE(publisher.publish(created("u-1")));
  ASSERT_TRUE(publisher.flush(20s));
  EXPECT_FALSE(publisher.publish_json({.type = "user.created", .data = "{}"}));
  const auto text = publisher.metrics();
  EXPECT_NE(text.find("user_events_accepted_total 1"), std::string::npos) << text;
  EXPECT_NE(text.find("user_events_rejected_total 1"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(user_events_destination_delivered_total{destination="one",kind="file"} 1)"), std::string::npos) << text;
}

TEST_F(Publisher, TheSchemaOfWhatAPolicyLeavesIsFoundByItsMarkHoweverManyReadersHaveOthers) {
  add_file_destination("some");
  options_.destinations.front().privacy = {{"email", "mask"}};
  auto publisher = open();
  ASSERT_TRUE(publisher.publish(created("u-1")));
  ASSERT_TRUE(publisher.flush(20s));
  const std::string line = lines_of("some").at(0);
  constexpr std::string_view kBegin = "urn:user-events:schema:user.created:1:";
  const auto at = line.find(kBegin);
  ASSERT_NE(at, std::string::npos) << line;
  const std::string mark = line.substr(at + kBegin.size(), 9);
  for (int i = 1; i <= 1'100; ++i) ASSERT_TRUE(publisher.read({.view = {.privacy = {{"email", "mask"}, {"ip", "omit"}, {"key_version", std::to_string(i)}}}}));
  const auto found = publisher.schema("user.created", 1, mark);
  ASSERT_TRUE(found) << describe(found.error());
  EXPECT_NE(found->text.find("x-privacy"), std::string::npos);
  for (const auto& [type, of] : {std::pair("user.mfa.enabled", mark), std::pair("user.created", std::string("p00000000"))}) {
    const auto none = publisher.schema(type, 1, of);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, "unknown-variant");
  }
  EXPECT_EQ(publisher.schema("user.created")->text.find("x-privacy"), std::string::npos);
}

}  // namespace
}  // namespace user_events
