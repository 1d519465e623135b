// Settings, names, entries, batches and codes, without a server.
#include <gtest/gtest.h>

#include "destinations/aws/batcher.h"
#include "destinations/aws/config.h"
#include "destinations/aws/destination.h"
#include "destinations/aws/fault.h"
#include "destinations/aws/service.h"
#include "destinations/aws/target.h"
#include "destinations/format.h"

namespace user_events::destinations::aws {
namespace {

using namespace std::chrono_literals;

DestinationOptions options(std::map<std::string, std::string> settings = {}) {
  DestinationOptions out;
  out.name = "d";
  out.kind = "sqs";
  out.topic = "https://sqs.eu-west-1.amazonaws.com/1/events";
  out.settings = std::move(settings);
  return out;
}

std::string finding(const DestinationOptions& given, ServiceKind kind = ServiceKind::sqs) {
  const auto parsed = parse(given, kind);
  return parsed ? "" : parsed.error().fields.at(0).pointer;
}

TEST(AwsSettings, AreCheckedOneByOne) {
  EXPECT_EQ(finding(options()), "");
  EXPECT_EQ(finding(options({{"max_request_bytes", "100"}})), "max_request_bytes");
  EXPECT_EQ(finding(options({{"access_key_id", "a"}})), "secret_access_key");
  EXPECT_EQ(finding(options({{"profile", "p"}, {"access_key_id", "a"}, {"secret_access_key", "b"}})), "profile");
  EXPECT_EQ(finding(options({{"tls_verify", "false"}})), "tls_verify");
  EXPECT_EQ(finding(options({{"tls_verify", "false"}, {"unsafe", "true"}})), "");
  EXPECT_EQ(finding(options({{"endpoint", "http://example.com/"}})), "endpoint");
  EXPECT_EQ(finding(options({{"endpoint", "http://127.0.0.1:4566/"}})), "");
  EXPECT_EQ(finding(options({{"endpoint", "http://127.0.0.1@example.com/"}})), "endpoint");
  EXPECT_EQ(finding(options({{"endpoint", "http://127.0.0.1.example.com/"}})), "endpoint");
  EXPECT_EQ(finding(options({{"no_such", "1"}})), "no_such");
}

TEST(AwsSettings, BinaryModeIsRefusedForItNeedsMoreHeaders) {
  for (const char* kind : {"sqs", "sns"}) {
    auto binary = options();
    binary.kind = kind;
    if (binary.kind == "sns") binary.topic = "arn:aws:sns:eu-west-1:1:events";
    EXPECT_TRUE(check(*find_kind(kind), binary));
    binary.format = "cloudevents-binary";
    const auto checked = check(*find_kind(kind), binary);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().fields.at(0).pointer, "format");
  }
}

TEST(AwsSettings, NoErrorHoldsAValue) {
  const auto parsed = parse(options({{"secret_access_key", "hush"}, {"session_token", "hush"}}), ServiceKind::sqs);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(describe(parsed.error()).find("hush"), std::string::npos);
}

TEST(AwsTargets, AreQueueUrlsAndTopicArns) {
  const auto queue = parse_target(ServiceKind::sqs, "https://sqs.eu-west-1.amazonaws.com/123/events.fifo");
  ASSERT_TRUE(queue);
  EXPECT_EQ(queue->endpoint, "https://sqs.eu-west-1.amazonaws.com/");
  EXPECT_EQ(queue->region, "eu-west-1");
  EXPECT_TRUE(queue->fifo);
  const auto topic = parse_target(ServiceKind::sns, "arn:aws-cn:sns:cn-north-1:123:events");
  ASSERT_TRUE(topic);
  EXPECT_EQ(topic->endpoint, "https://sns.cn-north-1.amazonaws.com.cn/");
  EXPECT_FALSE(topic->fifo);
  for (const std::string_view bad : {"", "events", "https://sqs.eu-west-1.amazonaws.com", "https://host/1/user.created", "https://u:p@host/1/q"})
    EXPECT_FALSE(parse_target(ServiceKind::sqs, bad)) << bad;
  for (const std::string_view bad : {"", "events", "arn:aws:sns:eu-west-1:123:events:subscription", "arn:aws:sqs:eu-west-1:123:events"})
    EXPECT_FALSE(parse_target(ServiceKind::sns, bad)) << bad;
}

TEST(AwsEntries, GroupAndDeduplicationIdsAreLegalWhateverTheKeyAndId) {
  const std::string group = group_id("Ünï codé <user>@example.com");
  EXPECT_EQ(group.size(), 32u);
  EXPECT_EQ(group.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(group_id("u-1"), group_id("u-1"));
  EXPECT_NE(group_id("u-1"), group_id("u-2"));
  Message message;
  message.envelope.id = "event-1";
  EXPECT_EQ(fifo_deduplication_id(message), "event-1");
  message.position.replay = 2;
  EXPECT_EQ(fifo_deduplication_id(message), "event-1.2");
  const std::string long_id(200, 'x');
  for (const std::string_view id : {std::string_view(long_id), std::string_view("with space"), std::string_view("ünï")}) {
    message.envelope.id = id;
    message.position.replay = 0;
    const std::string first = fifo_deduplication_id(message);
    message.position.replay = 1;
    EXPECT_EQ(first.size(), 64u);
    EXPECT_NE(fifo_deduplication_id(message), first);
  }
}

TEST(AwsEntries, TheLargestAttributesFitTheBoundThatIsKeptForThem) {
  const std::string id(255, 'i'), source(512, 's'), type(255, 't'), journal(40, 'j');
  Message message;
  message.envelope = {.id = id, .source = source, .type = type, .partition_key = "u", .time_ms = 1, .data = "{}"};
  message.position = {.journal_id = journal, .sequence = 1};
  message.position.replay = 4'000'000'000;
  const Entry entry = make_entry(message, true);
  EXPECT_LE(entry.bytes - entry.body.size(), kAttributesBoundBytes);
  EXPECT_LE(entry.attributes.size(), 10u);
}

TEST(AwsEntries, AMessagesOwnHeadersAreAttributesAndTheCauseGivesWayToThem) {
  Message message;
  message.envelope = {.id = "e", .source = "urn:test", .type = "user.created", .partition_key = "u", .time_ms = 1, .data = "{}"};
  message.position = {.journal_id = "j", .sequence = 1, .replay = 1};
  message.headers.add({"signature", "abc"});
  const DeadLetterCause cause{.destination = "kafka", .reason = "too large", .attempts = 3};
  message.dead_letter = &cause;
  const Entry entry = make_entry(message, false);
  ASSERT_EQ(entry.attributes.size(), 10u) << "what SQS allows";
  EXPECT_EQ(entry.attributes[7].name, "signature");
  EXPECT_EQ(entry.attributes[7].value, "abc");
  EXPECT_EQ(entry.attributes[9].name, kDeadLetterReasonHeader);
}

Entry entry_of(std::uint64_t sequence, std::uint64_t bytes) {
  Entry entry;
  entry.sequence = sequence;
  entry.bytes = bytes;
  return entry;
}

TEST(AwsBatches, AreFullAtTenEntriesOrAtTheSizeLimitAndOthersLinger) {
  const RetryOptions retry;
  Target target{{}, false, Gate(retry), {}};
  Batcher batcher(100, 5ms);
  const Batcher::Time now{};
  for (std::uint64_t n = 1; n <= 11; ++n) batcher.add(target, entry_of(n, 1), now);
  EXPECT_EQ(batcher.next(now, false)->entries.size(), 10u);
  EXPECT_FALSE(batcher.next(now, false)) << "one waits for others";
  EXPECT_EQ(batcher.next_due(), now + 5ms);
  batcher.add(target, entry_of(12, 60), now);
  batcher.add(target, entry_of(13, 60), now);
  const auto full = batcher.next(now, false);
  ASSERT_TRUE(full);
  EXPECT_EQ(full->bytes, 61u) << "the third would be over the limit";
  EXPECT_FALSE(batcher.next(now + 4ms, false));
  EXPECT_EQ(batcher.next(now + 5ms, false)->entries.size(), 1u);
  EXPECT_TRUE(batcher.empty());
  EXPECT_EQ(batcher.bytes(), 0u);
}

TEST(AwsBatches, AreTakenBackForOneTargetOnly) {
  const RetryOptions retry;
  Target one{{}, false, Gate(retry), {}}, other{{}, false, Gate(retry), {}};
  Batcher batcher(100, 5ms);
  for (std::uint64_t n = 1; n <= 12; ++n) batcher.add(one, entry_of(n, 1), {});
  batcher.add(other, entry_of(13, 1), {});
  EXPECT_EQ(batcher.take_back(&one).size(), 12u);
  EXPECT_EQ(batcher.bytes(), 1u);
  EXPECT_EQ(batcher.next({}, true)->entries.at(0).sequence, 13u);
}

TEST(AwsGate, PausesGrowAndEndWithASuccess) {
  const RetryOptions retry{.initial = 100ms, .max = 10s};
  Gate gate(retry);
  const Gate::Time now{};
  for (const auto most : {100ms, 200ms, 400ms, 800ms}) {
    gate.close(now, 10s);
    EXPECT_GE(gate.until() - now, most / 2);
    EXPECT_LE(gate.until() - now, most);
    gate.close(now, 10s, 1h);
    EXPECT_LE(gate.until() - now, most) << "many requests that fail together count once";
    gate.open();
  }
  gate.reset();
  gate.close(now, 10s, 3s);
  EXPECT_EQ(gate.until() - now, 3s) << "as long as the service asks for";
}

TEST(AwsFaults, CodesAreKnownInAllTheirSpellings) {
  for (const std::string_view code : {"ThrottlingException", "Throttling", "com.amazonaws.sqs#RequestThrottled", "TooManyRequestsException", "KMS.ThrottlingException"})
    EXPECT_EQ(fault_of(400, code), Fault::throttled) << code;
  for (const std::string_view code : {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NotFound", "NotFoundException"})
    EXPECT_EQ(fault_of(400, code), Fault::missing) << code;
  EXPECT_EQ(fault_of(400, "AWS.SimpleQueueService.BatchRequestTooLong"), Fault::too_large);
  EXPECT_EQ(fault_of_entry(true, "ThrottlingException"), Fault::throttled);
  EXPECT_EQ(fault_of_entry(true, "Whatever"), Fault::bad_message);
  EXPECT_EQ(fault_of_entry(false, "Whatever"), Fault::server);
}

TEST(AwsAnswers, OfSnsAreReadFromXml) {
  const Answer answer = sns_service().read(200, R"(<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult>
    <Failed><member><Id>1</Id><Code>InternalError</Code><Message>&lt;x&gt;</Message><SenderFault>false</SenderFault></member></Failed>
    <Successful><member><Id>0</Id><MessageId>m</MessageId></member></Successful></PublishBatchResult></PublishBatchResponse>)");
  ASSERT_TRUE(answer.understood);
  ASSERT_EQ(answer.entries.size(), 2u);
  EXPECT_TRUE(answer.entries[0].accepted);
  EXPECT_EQ(answer.entries[1].code, "InternalError");
  const Answer error = sns_service().read(403, "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code></Error></ErrorResponse>");
  EXPECT_EQ(error.code, "AuthorizationError");
  for (const std::string_view garbage : {"", "<", "<a>", "{}", "<PublishBatchResponse/>"})
    EXPECT_FALSE(sns_service().read(200, garbage).understood) << garbage;
  for (const std::string_view garbage : {"", "{", "[]", "{}", "<a/>"}) EXPECT_FALSE(sqs_service().read(200, garbage).understood) << garbage;
}

}  // namespace
}  // namespace user_events::destinations::aws
