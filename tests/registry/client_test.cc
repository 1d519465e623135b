// What a client makes of answers, right and wrong.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

#include "registry/resolver.h"
#include "stub_registry.h"

namespace user_events::registry::test {
namespace {

using namespace std::chrono_literals;

const Schema kSchema{SchemaType::json, R"({"type":"object"})"};

class ClientTest : public testing::Test {
 protected:
  /// The look-up of kSchema while the registry answers so.
  Error error_of(const std::string& answer, std::chrono::milliseconds timeout = 2'000ms) {
    registry_.answer_with([answer](const auto&) { return answer; });
    auto settings = registry_.settings();
    settings.timeout = timeout;
    settings.password = "swordfish";
    settings.user = "ada";
    Client client(settings);
    const auto found = client.look_up("s", kSchema);
    EXPECT_FALSE(found);
    EXPECT_EQ(client.calls(), 1u);
    EXPECT_EQ(client.failures(), found.error().kind == ErrorKind::unavailable ? 1u : 0u);
    EXPECT_EQ(describe(found.error()).find("swordfish"), std::string::npos);
    EXPECT_EQ(describe(found.error()).find('\n'), std::string::npos);
    return found ? Error{} : found.error();
  }
  StubRegistry registry_;
};

TEST_F(ClientTest, RegistersLooksUpAndListsVersions) {
  Client client(registry_.settings());
  EXPECT_EQ(*client.look_up("user.created", kSchema), std::nullopt);
  EXPECT_TRUE(client.versions("user.created", true)->empty());
  const auto id = client.add("user.created", kSchema);
  ASSERT_TRUE(id) << describe(id.error());
  EXPECT_EQ(*client.look_up("user.created", kSchema), *id);
  ASSERT_TRUE(client.add("user.created", {SchemaType::json, "{}"}));
  const auto all = client.versions("user.created", true), newest = client.versions("user.created", false);
  ASSERT_TRUE(all) << describe(all.error());
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(all->at(0).text, kSchema.text);
  EXPECT_EQ(all->at(1).version, 2u);
  ASSERT_EQ(newest->size(), 1u);
  EXPECT_EQ(newest->at(0).text, "{}");
  EXPECT_TRUE(client.set_compatibility("user.created", "BACKWARD"));
}

TEST_F(ClientTest, ASubjectIsOneSegmentOfThePath) {
  Client client(registry_.settings());
  (void)client.look_up("a/b?c d", kSchema);
  EXPECT_EQ(registry_.requests().at(0).line, "POST /base/subjects/a%2Fb%3Fc%20d HTTP/1.1");
}

TEST_F(ClientTest, CredentialsTravelInTheHeaderAlone) {
  auto settings = registry_.settings();
  settings.user = "ada";
  settings.password = "pass";
  (void)Client(settings).look_up("s", kSchema);
  settings.user = settings.password = "";
  settings.token = "t0ken";
  (void)Client(settings).look_up("s", kSchema);
  const auto requests = registry_.requests();
  EXPECT_NE(requests.at(0).headers.find("Authorization: Basic YWRhOnBhc3M="), std::string::npos);
  EXPECT_NE(requests.at(1).headers.find("Authorization: Bearer t0ken"), std::string::npos);
  EXPECT_NE(requests.at(1).headers.find("Content-Type: application/vnd.schemaregistry.v1+json"), std::string::npos);
}

TEST_F(ClientTest, WhatSaysNothingOfTheSchemaIsTriedAgain) {
  for (const int status : {400, 401, 403, 405, 429, 500, 502, 503}) {
    const auto error = error_of(StubRegistry::json(status, R"({"error_code":50001,"message":"secret text"})"));
    EXPECT_EQ(error.kind, ErrorKind::unavailable) << status;
    EXPECT_EQ(describe(error).find("secret text"), std::string::npos);
  }
  EXPECT_NE(describe(error_of(StubRegistry::json(401, "{}"))).find("registry.user"), std::string::npos);
}

TEST_F(ClientTest, GarbageIsNoAnswer) {
  for (const std::string body : {"", "{", "[]", "{}", "null", "<html>", R"({"id":"1"})", R"({"id":0})", R"({"id":-1})", R"({"id":2147483648})",
                                 R"({"id":1.5})", R"({"id":99999999999999999999})"})
    EXPECT_EQ(error_of(StubRegistry::json(200, body)).kind, ErrorKind::unavailable) << body;
  EXPECT_EQ(error_of("404 Not Found\r\n\r\n<html>nothing here</html>").kind, ErrorKind::unavailable) << "a 404 that no registry gives";
  EXPECT_EQ(error_of(StubRegistry::json(404, R"({"error_code":404})")).kind, ErrorKind::unavailable);
}

TEST_F(ClientTest, ARedirectIsNotFollowed) {
  StubRegistry other;
  const auto error = error_of("307 Temporary Redirect\r\nLocation: " + other.settings().url + "/subjects/s\r\n\r\n");
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_NE(describe(error).find("redirect"), std::string::npos);
  EXPECT_TRUE(other.requests().empty());
}

TEST_F(ClientTest, AnAnswerIsBounded) {
  EXPECT_EQ(error_of(StubRegistry::json(200, R"({"id":1,"x":")" + std::string(3u << 20, 'x') + "\"}")).kind, ErrorKind::unavailable);
}

TEST_F(ClientTest, ASlowAnswerIsNotWaitedForBeyondTheTimeout) {
  registry_.answer_with([](const auto&) {
    std::this_thread::sleep_for(700ms);
    return StubRegistry::json(200, R"({"id":1})");
  });
  auto settings = registry_.settings();
  settings.timeout = 100ms;
  Client client(settings);
  const auto begin = std::chrono::steady_clock::now();
  const auto found = client.look_up("s", kSchema);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 650ms);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::unavailable);
}

TEST_F(ClientTest, NobodyThereIsUnavailable) {
  auto settings = registry_.settings();
  settings.url = "http://127.0.0.1:1";
  Client client(settings);
  EXPECT_EQ(client.look_up("s", kSchema).error().kind, ErrorKind::unavailable);
}

TEST_F(ClientTest, StoppingEndsACallThatHangs) {
  std::promise<void> release;
  const auto gave_up = std::make_shared<std::atomic<bool>>(false);
  registry_.answer_with([gave_up, released = release.get_future().share()](const auto&) {
    *gave_up = released.wait_for(10s) == std::future_status::timeout;
    return std::string();
  });
  auto settings = registry_.settings();
  settings.timeout = 60s;
  Client client(settings);
  std::jthread stopper([&] {
    std::this_thread::sleep_for(50ms);
    client.stop();
  });
  EXPECT_EQ(client.look_up("s", kSchema).error().kind, ErrorKind::unavailable);
  EXPECT_FALSE(*gave_up) << "the call ended with the answer only";
  EXPECT_EQ(client.look_up("s", kSchema).error().kind, ErrorKind::unavailable);
  release.set_value();
}

TEST_F(ClientTest, AConflictAndAnInvalidSchemaAreRefusals) {
  for (const int status : {409, 422}) {
    registry_.answer_with([status](const auto&) { return StubRegistry::json(status, "{}"); });
    Client client(registry_.settings());
    const auto added = client.add("s", kSchema);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().kind, ErrorKind::invalid);
  }
}

TEST_F(ClientTest, WithoutLeaveToRegisterOnlyLooksUp) {
  auto settings = registry_.settings();
  Client client(settings);
  const auto missing = resolve(client, settings, "s", kSchema);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::unavailable);
  EXPECT_NE(describe(missing.error()).find("schema register"), std::string::npos);
  EXPECT_EQ(registry_.requests().size(), 1u);
  settings.register_schemas = true;
  EXPECT_EQ(*resolve(client, settings, "s", kSchema), 1u);
  EXPECT_EQ(registry_.requests().size(), 3u) << "looked up, registered";
  EXPECT_EQ(registry_.count("PUT"), 0u) << "no compatibility was asked for";
}

TEST_F(ClientTest, WhatIsIncompatibleIsRefusedBeforeAnythingIsSent) {
  auto settings = registry_.settings();
  settings.register_schemas = true;
  settings.compatibility = "backward";
  Client client(settings);
  const Schema old{SchemaType::avro, R"({"type":"record","name":"R","fields":[{"name":"a","type":"string"}]})"};
  const Schema bad{SchemaType::avro, R"({"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"b","type":"string"}]})"};
  const Schema good{SchemaType::avro, R"({"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"b","type":"string","default":""}]})"};
  ASSERT_TRUE(resolve(client, settings, "s", old));
  EXPECT_EQ(registry_.count("PUT /base/config/s"), 1u);
  const auto refused = resolve(client, settings, "s", bad);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
  EXPECT_NE(describe(refused.error()).find("backward"), std::string::npos) << describe(refused.error());
  EXPECT_EQ(registry_.count("POST /base/subjects/s/versions"), 1u) << "it was not offered to the registry";
  EXPECT_TRUE(resolve(client, settings, "s", good));
}

}  // namespace
}  // namespace user_events::registry::test
