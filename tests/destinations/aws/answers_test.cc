// What each answer of the service means. A stub answers, because no emulator throttles or fails on demand.
#include <atomic>

#include "destinations/aws/support.h"
#include "destinations/encode.h"
#include "support/http_stub.h"

namespace user_events::tests {
namespace {

using destinations::HealthState;

std::string error(int status, const std::string& code, const std::string& headers = {}) {
  return std::to_string(status) + " X" + headers + "\r\n\r\n{\"__type\":\"com.amazonaws.sqs#" + code + "\",\"message\":\"secret words\"}";
}

bool is_probe(const StubRequest& request) { return request.body.find("\"Entries\":[]") != std::string::npos; }

std::size_t entries_in(const std::string& body) {
  std::size_t count = 0;
  for (auto at = body.find("\"MessageBody\""); at != std::string::npos; at = body.find("\"MessageBody\"", at + 1)) ++count;
  return count;
}

std::string all_accepted(const StubRequest& request) {
  std::string list;
  for (std::size_t i = 0; i < entries_in(request.body); ++i) list += (i == 0 ? "" : ",") + ("{\"Id\":\"" + std::to_string(i) + "\",\"MessageId\":\"m\"}");
  return "200 OK\r\n\r\n{\"Successful\":[" + list + "]}";
}

std::string empty_batch() { return error(400, "EmptyBatchRequest"); }

/// Answers the first batch with `first`, everything else well.
HttpStub::Handler once(std::string first) {
  return [first = std::move(first), left = std::make_shared<std::atomic<int>>(1)](const StubRequest& request) {
    if (is_probe(request)) return empty_batch();
    return left->fetch_sub(1) > 0 ? first : all_accepted(request);
  };
}

struct Case {
  std::string name, answer;
  Outcome outcome;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class Answers : public ::testing::TestWithParam<Case> {};

TEST_P(Answers, AreClassifiedAndTheEventsArriveInTheEnd) {
  HttpStub stub(once(GetParam().answer));
  Driver driver(sqs_options(stub.url() + "/1/events"), 10, 10);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.accepted(), 10u);
  EXPECT_EQ(driver.count(GetParam().outcome), 10u);
  for (const auto& reason : driver.reasons()) EXPECT_EQ(reason.find("secret words"), std::string::npos) << reason;
}

INSTANTIATE_TEST_SUITE_P(
    OfTheService, Answers,
    testing::Values(Case{"throttling", error(400, "ThrottlingException"), Outcome::unavailable},
                    Case{"request_throttled", error(403, "RequestThrottled"), Outcome::unavailable},
                    Case{"too_many_requests", "429 X\r\n\r\n", Outcome::unavailable},
                    Case{"kms_throttled", error(400, "KmsThrottled"), Outcome::unavailable},
                    Case{"access_denied", error(403, "AccessDeniedException"), Outcome::unavailable},
                    Case{"invalid_key", error(403, "InvalidClientTokenId"), Outcome::unavailable},
                    Case{"expired", error(403, "ExpiredTokenException"), Outcome::unavailable},
                    Case{"no_queue", error(400, "AWS.SimpleQueueService.NonExistentQueue"), Outcome::unavailable},
                    Case{"kms_disabled", error(400, "KMS.DisabledException"), Outcome::unavailable},
                    Case{"unavailable", "503 X\r\n\r\n", Outcome::unavailable},
                    Case{"internal_failure", error(500, "InternalFailure"), Outcome::in_doubt},
                    Case{"bad_gateway", "502 X\r\n\r\n<html>", Outcome::in_doubt},
                    Case{"not_sqs", "200 OK\r\n\r\nhello", Outcome::in_doubt},
                    Case{"connection_lost", "", Outcome::in_doubt}),
    [](const auto& one) { return one.param.name; });

TEST(Answers, OfABatchAreTakenEntryByEntry) {
  HttpStub stub(once("200 OK\r\n\r\n{\"Successful\":[{\"Id\":\"0\"}],\"Failed\":["
                     "{\"Id\":\"1\",\"SenderFault\":true,\"Code\":\"InvalidMessageContents\"},"
                     "{\"Id\":\"2\",\"SenderFault\":false,\"Code\":\"InternalError\"},"
                     "{\"Id\":\"3\",\"SenderFault\":true,\"Code\":\"SomethingNew\"},"
                     "{\"Id\":\"77\",\"SenderFault\":true,\"Code\":\"NotOurs\"}]}"));
  Driver driver(sqs_options(stub.url() + "/1/events"), 5, 5);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.count(Outcome::accepted), 3u) << "the first, and later those that were not refused";
  EXPECT_EQ(driver.count(Outcome::refused), 2u);
  EXPECT_EQ(driver.count(Outcome::retry), 1u);
  EXPECT_EQ(driver.count(Outcome::in_doubt), 1u) << "the answer says nothing of it";
}

TEST(Answers, AThrottledEntryIsNotItsSendersFaultWhateverTheServiceSays) {
  HttpStub stub(once("200 OK\r\n\r\n{\"Successful\":[],\"Failed\":[{\"Id\":\"0\",\"SenderFault\":true,\"Code\":\"ThrottlingException\"}]}"));
  Driver driver(sqs_options(stub.url() + "/1/events"), 1, 1);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.count(Outcome::unavailable), 1u);
  EXPECT_EQ(driver.accepted(), 1u);
}

TEST(Answers, ABatchThatIsRefusedAsAWholeGoesMessageByMessage) {
  HttpStub stub([](const StubRequest& request) {
    if (is_probe(request)) return empty_batch();
    const bool has_poison = request.body.find("event-4\\\"") != std::string::npos;
    return has_poison ? error(400, "InvalidMessageContents") : all_accepted(request);
  });
  Driver driver(sqs_options(stub.url() + "/1/events"), 10, 10);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.accepted(), 9u);
  ASSERT_EQ(driver.refused().size(), 1u);
  EXPECT_TRUE(driver.refused().contains(4));
}

TEST(Answers, RetryAfterIsObeyedAlsoForWhatWaits) {
  std::atomic<int> probes = 0, batches = 0;
  HttpStub stub([&](const StubRequest& request) {
    ++(is_probe(request) ? probes : batches);
    return is_probe(request) ? empty_batch() : error(400, "ThrottlingException", "\r\nRetry-After: 3600");
  });
  Driver driver(sqs_options(stub.url() + "/1/events", {{"max_requests_in_flight", "1"}}), 40, 40);  // one request, and one batch that waits
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::up));
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  for (int i = 0; i < 50; ++i) driver.step(20ms);  // twice the longest pause of these settings
  EXPECT_EQ(probes, 1) << "no request before the time that the service named";
  EXPECT_EQ(batches, 1);
  EXPECT_EQ(driver.count(Outcome::unavailable), 20u);
  EXPECT_EQ(driver.in_flight(), 0u);
}

TEST(Answers, AnEndpointThatIsNotTheServiceIsDown) {
  HttpStub stub([](const StubRequest&) { return std::string("404 X\r\n\r\n<html>nothing here</html>"); });
  Driver driver(sqs_options(stub.url() + "/1/events"), 1, 1);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_NE(driver.detail().find("endpoint"), std::string::npos) << driver.detail();
}

TEST(Answers, ACopyOfADeadLetterGoesToItsOwnQueueWithTheCauseAndIsRefusedWhereThereIsNone) {
  HttpStub stub([](const StubRequest& request) {
    if (is_probe(request)) return empty_batch();
    return request.body.find("/1/missing\"") != std::string::npos ? error(400, "QueueDoesNotExist") : all_accepted(request);
  });
  const auto options = sqs_options(stub.url() + "/1/events");
  auto made = destinations::find_kind("sqs")->make(options);
  ASSERT_TRUE(made) << describe(made.error());
  auto& destination = **made;
  ASSERT_TRUE(destination.start({}, kJournal, 0));
  const destinations::DeadLetterCause cause{.destination = "kafka", .reason = "too large", .attempts = 3};
  std::vector<destinations::Report> reports;
  for (const std::string name : {"/1/letters", "/1/missing"}) {
    const std::string target = stub.url() + name;
    destinations::Message message;
    message.envelope = {.id = "e", .source = "urn:test", .type = "user.created", .partition_key = "u", .time_ms = 1, .data = "{}"};
    message.position = {.journal_id = kJournal, .sequence = 1};
    message.target = target;
    message.dead_letter = &cause;
    const auto before = reports.size();
    while (destination.send(encode(options, message)) == destinations::SendStatus::busy) destination.poll(reports, 50ms);
    while (reports.size() == before) destination.poll(reports, 50ms);
  }
  EXPECT_EQ(reports[0].outcome, Outcome::accepted) << reports[0].reason;
  EXPECT_EQ(reports[1].outcome, Outcome::refused) << reports[1].reason;
  EXPECT_EQ(destination.health().state, HealthState::up) << "the usual queue is not touched";
  bool seen = false;
  for (const auto& request : stub.requests())
    seen = seen || (request.body.find("dead-letter-reason") != std::string::npos && request.body.find("\"too large\"") != std::string::npos);
  EXPECT_TRUE(seen);
}

}  // namespace
}  // namespace user_events::tests
