// UE_LOG=debug shows the adapters' log.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "observability/log.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  if (const char* level = std::getenv("UE_LOG")) user_events::observability::configure_log({.level = level});
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
