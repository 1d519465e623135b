// Where keys come from, and that they are renewed. A stub plays the metadata endpoints, which no emulator has.
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>

#include "base/time_text.h"
#include "support/http_stub.h"
#include "destinations/aws/support.h"

namespace user_events::tests {
namespace {

using destinations::HealthState;

/// Sets variables for one test.
class Environment {
 public:
  explicit Environment(std::map<std::string, std::string> variables) {
    for (const auto& [name, value] : variables) {
      const char* old = std::getenv(name.c_str());
      before_[name] = old == nullptr ? std::optional<std::string>() : std::string(old);
      setenv(name.c_str(), value.c_str(), 1);
    }
  }
  ~Environment() {
    for (const auto& [name, value] : before_) {
      if (value) setenv(name.c_str(), value->c_str(), 1);
      else unsetenv(name.c_str());
    }
  }

 private:
  std::map<std::string, std::optional<std::string>> before_;
};

std::string keys_json(int number, std::chrono::milliseconds lifetime) {
  std::string end;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  base::append_time(std::chrono::duration_cast<std::chrono::milliseconds>(now + lifetime).count(), end);
  return fmt::format("200 OK\r\n\r\n{{\"Code\":\"Success\",\"AccessKeyId\":\"KEY{0}\",\"SecretAccessKey\":\"hush\",\"Token\":\"TOKEN{0}\",\"Expiration\":\"{1}\"}}",
                     number, end);
}

/// Plays SQS, and says which keys came.
class Queue {
 public:
  std::string url() const { return stub_.url() + "/1/events"; }
  bool saw(const std::string& header) const {
    for (const auto& request : stub_.requests())
      if (request.headers.find(header) != std::string::npos) return true;
    return false;
  }

 private:
  HttpStub stub_{[](const StubRequest& request) {
    return request.body.find("\"Entries\":[]") != std::string::npos ? "200 OK\r\n\r\n{\"Successful\":[]}"
                                                                    : "200 OK\r\n\r\n{\"Successful\":[{\"Id\":\"0\"}]}";
  }};
};

DestinationOptions without_keys(const std::string& url) {
  auto options = sqs_options(url);
  options.settings.erase("access_key_id");
  options.settings.erase("secret_access_key");
  return options;
}

TEST(Credentials, OfTheContainersEndpointAreRenewedBeforeTheyEnd) {
  Queue queue;
  std::atomic<int> given = 0;
  HttpStub agent([&](const StubRequest&) { return keys_json(++given, 4s); });
  const Environment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url() + "/v2/keys"}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "let-me-in"}});
  Driver driver(without_keys(queue.url()), 1, 1);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_TRUE(queue.saw("Credential=KEY1/"));
  EXPECT_TRUE(queue.saw("X-Amz-Security-Token: TOKEN1"));
  EXPECT_NE(agent.requests().at(0).headers.find("Authorization: let-me-in"), std::string::npos);
  ASSERT_TRUE(driver.run_until([&] {
    EXPECT_EQ(driver.destination().health().state, HealthState::up) << "never without keys: " << driver.detail();
    return given >= 3;
  }));
}

TEST(Credentials, OfTheInstanceComeByASessionOfItsMetadataService) {
  Queue queue;
  HttpStub metadata([&](const StubRequest& request) -> std::string {
    if (request.line.starts_with("PUT /latest/api/token")) return "200 OK\r\n\r\nsession";
    if (request.headers.find("X-aws-ec2-metadata-token: session") == std::string::npos) return "401 X\r\n\r\n";
    if (request.line.starts_with("GET /latest/meta-data/iam/security-credentials/ ")) return "200 OK\r\n\r\nthe-role";
    if (request.line.starts_with("GET /latest/meta-data/iam/security-credentials/the-role ")) return keys_json(7, 1h);
    return "404 X\r\n\r\n";
  });
  const Environment environment({{"AWS_EC2_METADATA_DISABLED", "false"}, {"AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url()}});
  Driver driver(without_keys(queue.url()), 1, 1);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_TRUE(queue.saw("Credential=KEY7/"));
  EXPECT_TRUE(queue.saw("X-Amz-Security-Token: TOKEN7"));
  EXPECT_NE(metadata.requests().at(0).headers.find("X-aws-ec2-metadata-token-ttl-seconds: "), std::string::npos);
}

TEST(Credentials, OfTheEnvironmentComeBeforeAllOthersAndTheirSessionTokenIsSigned) {
  Queue queue;
  const Environment environment({{"AWS_ACCESS_KEY_ID", "ENVKEY"}, {"AWS_SECRET_ACCESS_KEY", "hush"}, {"AWS_SESSION_TOKEN", "ENVTOKEN"},
                                 {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/never"}});
  Driver driver(without_keys(queue.url()), 1, 1);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_TRUE(queue.saw("Credential=ENVKEY/"));
  EXPECT_TRUE(queue.saw("X-Amz-Security-Token: ENVTOKEN"));
  EXPECT_TRUE(queue.saw("x-amz-security-token;")) << "among the signed headers";
}

TEST(Credentials, ThatCannotBeHadAreSaidAndAskedForAgain) {
  Queue queue;
  std::atomic<int> asked = 0;
  HttpStub agent([&](const StubRequest&) { return ++asked < 2 ? std::string("500 X\r\n\r\n") : keys_json(1, 1h); });
  const Environment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url() + "/keys"}});
  Driver driver(without_keys(queue.url()), 1, 1);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_NE(driver.detail().find("container"), std::string::npos) << driver.detail();
  ASSERT_TRUE(driver.run());
}

TEST(Credentials, ATokenIsNotSentInClearToAnotherMachine) {
  for (const std::string url : {"http://example.com/keys", "http://localhost:80@example.com/keys", "http://127.0.0.1.example.com/keys"}) {
    const Environment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "let-me-in"}});
    Driver driver(without_keys("http://127.0.0.1:1/1/events"), 1, 1);
    driver.start();
    ASSERT_TRUE(driver.wait_for(HealthState::down));
    EXPECT_NE(driver.detail().find("use https"), std::string::npos) << url << ": " << driver.detail();
  }
}

}  // namespace
}  // namespace user_events::tests
