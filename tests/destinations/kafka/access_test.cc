// A broker that asks who one is and what one may do.
#include <gtest/gtest.h>

#include "destinations/kafka/harness.h"

namespace user_events::tests {
namespace {

using destinations::HealthState;

/// SASL/PLAIN with the users admin (super), sender (rights given by a test) and access control on.
class KafkaAccess : public testing::Test {
 protected:
  static KafkaBroker& secured() {
    static KafkaBroker the_broker(KafkaBroker::sasl_properties());
    the_broker.start();
    the_broker.set_client_properties(KafkaBroker::admin_properties());
    return the_broker;
  }

  static DestinationOptions options_as_sender(const std::string& topic,
                                              const std::string& password = "sender-secret") {
    return options_for(topic, {{"kafka.bootstrap.servers", secured().address()},
                               {"kafka.security.protocol", "sasl_plaintext"},
                               {"kafka.sasl.mechanism", "PLAIN"},
                               {"kafka.sasl.username", "sender"},
                               {"kafka.sasl.password", password}});
  }
};

TEST_F(KafkaAccess, WrongCredentialsKeepEventsWaitingAndSayWhatToCheck) {
  const std::string topic = fresh_topic();
  secured().create_topic(topic, 1);
  Loop loop(options_as_sender(topic, "wrong"), 10);
  loop.start();
  ASSERT_TRUE(loop.run_until(
      [&] { return loop.destination().health().detail.find("sasl.username") != std::string::npos; }));
  EXPECT_EQ(loop.destination().health().state, HealthState::down);
  EXPECT_EQ(loop.destination().health().detail.find("wrong"), std::string::npos);
  EXPECT_EQ(loop.sent(), 0u);
}

TEST_F(KafkaAccess, RightsAreWaitedForOneByOne) {
  const std::string topic = fresh_topic();
  secured().create_topic(topic, 1);
  Loop loop(options_as_sender(topic), 100, 10);
  loop.start();
  ASSERT_TRUE(
      loop.run_until([&] { return loop.destination().health().detail.find("grant") != std::string::npos; }));
  EXPECT_EQ(loop.sent(), 0u);

  // Describe alone: the topic is seen, but nothing may be written.
  secured().allow("sender", topic, RD_KAFKA_ACL_OPERATION_DESCRIBE);
  ASSERT_TRUE(loop.run_until([&] { return loop.sent() > 0; }));
  ASSERT_TRUE(loop.run_until([&] { return loop.destination().health().state == HealthState::down; }));
  EXPECT_NE(loop.destination().health().detail.find("grant"), std::string::npos)
      << loop.destination().health().detail;
  EXPECT_TRUE(loop.refused().empty()) << "a missing right is no fault of the event";

  secured().allow("sender", topic, RD_KAFKA_ACL_OPERATION_WRITE);
  ASSERT_TRUE(loop.run(60s));
  EXPECT_EQ(check_complete(secured().read_all(topic), 100), "");
  const auto notes = loop.destination().health().notes;
  ASSERT_GE(notes.size(), 1u) << "without DescribeConfigs and Read some promises are smaller";
}

TEST_F(KafkaAccess, WithoutDescribeConfigsTheEventThatIsTooLargeIsStillTheOnlyOneRefused) {
  const std::string topic = fresh_topic();
  secured().create_topic(topic, 1, {{"max.message.bytes", "10000"}});
  for (const auto right :
       {RD_KAFKA_ACL_OPERATION_DESCRIBE, RD_KAFKA_ACL_OPERATION_WRITE, RD_KAFKA_ACL_OPERATION_READ})
    secured().allow("sender", topic, right);
  Loop loop(options_as_sender(topic), 300, 10);
  loop.data_bytes = [](std::uint64_t n) { return n == 33 ? 20'000u : 40u; };
  loop.start();
  ASSERT_TRUE(loop.run(60s));
  ASSERT_EQ(loop.refused().size(), 1u);
  EXPECT_TRUE(loop.refused().contains(33));
  const auto records = secured().read_all(topic);
  EXPECT_EQ(check_order(records), "");
  EXPECT_EQ(records.size(), 300u - 27u);
  for (const KafkaRecord& record : records) EXPECT_TRUE(record.key != "u-3" || sequence_of(record) < 33u);
}

TEST_F(KafkaAccess, WithoutReadItIsAtLeastOnceAndSaysSo) {
  const std::string topic = fresh_topic();
  secured().create_topic(topic, 1);
  for (const auto right : {RD_KAFKA_ACL_OPERATION_DESCRIBE, RD_KAFKA_ACL_OPERATION_WRITE,
                           RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS})
    secured().allow("sender", topic, right);
  Saved at_start;
  {
    Loop loop(options_as_sender(topic), 100, 10);
    loop.start();
    ASSERT_TRUE(loop.wait_up());
    at_start = loop.saved();
    ASSERT_TRUE(loop.run());
  }
  Loop again(options_as_sender(topic), 100, 10, at_start);
  again.start();
  ASSERT_TRUE(again.run());
  EXPECT_EQ(again.sent(), 100u);
  ASSERT_EQ(again.destination().health().notes.size(), 1u);
  EXPECT_NE(again.destination().health().notes[0].find("at least once"), std::string::npos);
}

}  // namespace
}  // namespace user_events::tests
