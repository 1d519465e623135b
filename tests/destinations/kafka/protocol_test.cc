// Errors that a well-behaved broker rarely gives, from librdkafka's mock cluster.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
// The mock after what it builds on.
#include <librdkafka/rdkafka_mock.h>

#include <memory>

#include "destinations/kafka/harness.h"

namespace user_events::tests {
namespace {

constexpr std::int16_t kProduce = 0;

class KafkaProtocol : public testing::Test {
 protected:
  KafkaProtocol() {
    char text[256];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    (void)rd_kafka_conf_set(conf, "log_level", "0", text, sizeof text);
    owner_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text));
    cluster_ = rd_kafka_mock_cluster_new(owner_.get(), 1);
    rd_kafka_mock_topic_create(cluster_, "t", 2, 1);
    rd_kafka_mock_topic_create(cluster_, "one", 1, 1);
  }
  ~KafkaProtocol() override { rd_kafka_mock_cluster_destroy(cluster_); }

  [[nodiscard]] std::string address() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  [[nodiscard]] DestinationOptions options() const {
    DestinationOptions result;
    result.kind = "kafka";
    result.topic = "t";
    result.settings = {{"kafka.bootstrap.servers", address()}, {"settle", "50ms"}};
    return result;
  }
  void next_produces_answer(std::vector<rd_kafka_resp_err_t> errors) {
    rd_kafka_mock_push_request_errors_array(cluster_, kProduce, errors.size(), errors.data());
  }

  std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> owner_{nullptr, rd_kafka_destroy};
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

class KafkaProduceError : public KafkaProtocol, public testing::WithParamInterface<rd_kafka_resp_err_t> {};

TEST_P(KafkaProduceError, LosesDuplicatesAndReordersNothing) {
  Loop loop(options(), 3'000, 20);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.accepted() > 100; }));
  next_produces_answer({GetParam()});
  ASSERT_TRUE(loop.run());
  EXPECT_TRUE(loop.refused().empty());
  EXPECT_EQ(check_complete(KafkaBroker::read_topic(address(), "t"), 3'000), "");
}

// Also as the very first answer, when the broker knows nothing of the producer yet.
TEST_P(KafkaProduceError, AtTheFirstBatchLosesDuplicatesAndReordersNothing) {
  next_produces_answer({GetParam(), GetParam()});
  Loop loop(options(), 3'000, 20);
  loop.start();
  ASSERT_TRUE(loop.run());
  EXPECT_TRUE(loop.refused().empty());
  EXPECT_EQ(check_complete(KafkaBroker::read_topic(address(), "t"), 3'000), "");
}

INSTANTIATE_TEST_SUITE_P(
    Errors, KafkaProduceError,
    testing::Values(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                    RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT,
                    RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                    RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID,
                    RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR_POLICY_VIOLATION),
    [](const auto& instance) { return std::string(rd_kafka_err2name(instance.param)); });

TEST_F(KafkaProtocol, ARecordThatTheBrokerCallsInvalidIsRefusedOnceItIsAlone) {
  DestinationOptions one_partition = options();
  one_partition.topic = "one";
  Loop loop(one_partition, 40, 10);
  loop.start();
  ASSERT_TRUE(loop.wait_up());
  // The first batch, then the first message that is sent alone.
  next_produces_answer({RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_INVALID_RECORD});
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(loop.refused().size(), 1u);
  const auto records = KafkaBroker::read_topic(address(), "one");
  EXPECT_EQ(check_order(records), "");
  EXPECT_EQ(records.size(), 36u);
}

TEST_F(KafkaProtocol, ABrokerThatCannotTellTheLimitIsNoted) {
  Loop loop(options(), 10, 10);
  loop.start();
  ASSERT_TRUE(loop.run());
  ASSERT_EQ(loop.destination().health().notes.size(), 1u);
  EXPECT_NE(loop.destination().health().notes[0].find("max.message.bytes"), std::string::npos);
}

TEST_F(KafkaProtocol, ProducersThatKeepFailingFollowEachOtherEverMoreSlowly) {
  next_produces_answer(std::vector<rd_kafka_resp_err_t>(6, RD_KAFKA_RESP_ERR_POLICY_VIOLATION));
  Loop loop(options(), 1, 1);
  const auto before = std::chrono::steady_clock::now();
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.failures().size() >= 3; }));
  EXPECT_EQ(loop.destination().health().state, destinations::HealthState::down);
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(loop.failures().size(), 6u);
  EXPECT_GT(std::chrono::steady_clock::now() - before, 1'500ms)
      << "0 + 100 + 200 + 400 + 800 ms and six surveys";
  EXPECT_EQ(loop.destination().health().state, destinations::HealthState::up);
}

}  // namespace
}  // namespace user_events::tests
