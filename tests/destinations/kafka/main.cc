// The test program, and with `--sender` a process of its own that a test kills. UE_LOG=debug shows
// librdkafka's log.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

#include "destinations/kafka/sender.h"
#include "observability/log.h"

int main(int argc, char** argv) {
  if (const char* level = std::getenv("UE_LOG")) user_events::observability::configure_log({.level = level});
  if (argc > 1 && std::string_view(argv[1]) == "--sender")
    return user_events::tests::run_sender(argc - 2, argv + 2);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
