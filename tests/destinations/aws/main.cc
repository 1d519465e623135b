// UE_LOG=debug shows the log. Nothing of the person's own AWS settings gets into the tests.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "observability/log.h"

int main(int argc, char** argv) {
  if (const char* level = std::getenv("UE_LOG")) user_events::observability::configure_log({.level = level});
  for (const char* name : std::array{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
                                     "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
                                     "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"})
    unsetenv(name);
  setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
  setenv("AWS_CONFIG_FILE", "/nonexistent/config", 1);
  setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials", 1);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
