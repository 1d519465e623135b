// Events that are never taken, brokers that take nothing from us, places that are not there.
#include <fstream>
#include <sstream>

#include "conformance.h"

namespace user_events::tests::conformance {
namespace {

/// The event that is never taken becomes a dead letter; its user waits behind it, all others go on.
class Refusal : public Conformance {
 protected:
  void expect_only_it_is_refused(const std::string& type, std::size_t data_bytes) {
    publish(100);
    const auto refused = publish_one("bad", type, data_bytes);
    publish_one("bad");
    publish(100);
    start_delivery();
    expect_drained();
    expect_arrived({"bad"});
    const auto stored = letters();
    ASSERT_EQ(stored.size(), 2u);
    EXPECT_EQ(stored[0].sequence, refused);
    EXPECT_EQ(stored[0].state, DeadLetterState::dead);
    EXPECT_FALSE(stored[0].reason.empty());
    EXPECT_EQ(stored[1].state, DeadLetterState::held);
    EXPECT_TRUE(in_the_end([&] { return is_in_state(HealthState::up); })) << "one bad event says nothing about the destination: " << health().detail;
    expect_no_secret();
  }
};
struct PoisonRefusal : Refusal {};
struct OversizeRefusal : Refusal {};

TEST_P(PoisonRefusal, APoisonEventIsRefusedWhileAllOthersPass) {
  use(broker_under_test_.fresh());
  const auto poison = broker_under_test_.poison_event();
  options_.types = {};
  expect_only_it_is_refused(poison.type, poison.data_bytes);
}

TEST_P(OversizeRefusal, AnEventThatIsTooLargeIsRefusedWhileAllOthersPass) {
  use(broker_under_test_.fresh());
  expect_only_it_is_refused("user.created", broker_under_test_.oversized_bytes());
  EXPECT_EQ(watch_.count(Outcome::refused), 1u);
}

TEST_P(WithAuthentication, WrongCredentialsKeepEveryEventWaitingAndAreToldWithoutSecrets) {
  options_.retry.attempts = 3;
  const auto right = broker_under_test_.fresh();
  use(broker_under_test_.with_wrong_credentials(right));
  publish(20);
  start_delivery();
  ASSERT_TRUE(in_the_end([&] { return is_in_state(HealthState::down); }));
  // As often as the adapter tries again within that time, no event pays for it.
  EXPECT_FALSE(eventually([&] { return runner_->low_water() > 0; }, milliseconds(3'000)));
  EXPECT_TRUE(is_in_state(HealthState::down));
  EXPECT_FALSE(health().detail.empty());
  EXPECT_EQ(watch_.count(Outcome::accepted) + watch_.count(Outcome::refused), 0u);
  expect_no_dead_letters();
  expect_no_secret();
  stop();
  use(right);
  start_delivery();
  expect_drained();
  expect_arrived();
}

TEST_P(WithUnroutable, APlaceThatIsNotThereIsWaitedForAndNamed) {
  options_.retry.attempts = 3;
  use(broker_under_test_.missing_place());
  publish(20);
  start_delivery();
  ASSERT_TRUE(in_the_end([&] { return is_in_state(HealthState::down); }));
  EXPECT_NE(health().detail.find(broker_under_test_.place_name(options_)), std::string::npos) << health().detail;
  EXPECT_FALSE(eventually([&] { return runner_->low_water() > 0; }, milliseconds(2'000)));
  expect_no_dead_letters();
  broker_under_test_.make_place();
  expect_drained();
  expect_arrived();
  EXPECT_TRUE(in_the_end([&] { return is_in_state(HealthState::up); })) << health().detail;
}

/// Rows of the table: kind, capability, why.
std::set<std::pair<std::string, std::string>> documented_absences() {
  std::ifstream page(UE_SOURCE_DIR "/docs/destinations/conformance.md");
  EXPECT_TRUE(page) << "docs/destinations/conformance.md is missing";
  std::set<std::pair<std::string, std::string>> rows;
  for (std::string line; std::getline(page, line);) {
    std::istringstream cells(line);
    std::string bar, kind, bar_again, capability, bar_at_end, why;
    if (cells >> bar >> kind >> bar_again >> capability >> bar_at_end >> why && bar == "|" && bar_again == "|" && bar_at_end == "|" && why != "|")
      rows.emplace(kind, capability);
  }
  return rows;
}

TEST_P(Conformance, WhatIsNotTestedIsNamedInTheDocumentation) {
  const auto documented = documented_absences();
  for (const auto& [capability, name] : kCapabilityNames)
    EXPECT_EQ(!GetParam().has(capability), documented.contains({"`" + GetParam().name + "`", "`" + std::string(name) + "`"})) << name;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PoisonRefusal);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OversizeRefusal);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WithAuthentication);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WithUnroutable);
INSTANTIATE_TEST_SUITE_P(Kinds, PoisonRefusal, testing::ValuesIn(subjects_with(Capability::poison)), name_of);
INSTANTIATE_TEST_SUITE_P(Kinds, OversizeRefusal, testing::ValuesIn(subjects_with(Capability::oversize)), name_of);
INSTANTIATE_TEST_SUITE_P(Kinds, WithAuthentication, testing::ValuesIn(subjects_with(Capability::authentication)), name_of);
INSTANTIATE_TEST_SUITE_P(Kinds, WithUnroutable, testing::ValuesIn(subjects_with(Capability::unroutable)), name_of);

}  // namespace
}  // namespace user_events::tests::conformance
