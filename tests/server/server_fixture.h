// A publisher in a folder of its own and a server on a free port, for one test.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "http_client.h"
#include "server/http_server.h"
#include "support/temporary_directory.h"

namespace user_events::server::testing {

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override { start(); }

  /// Starts with `options_`; a test that needs others changes them and calls `restart`.
  void start() {
    options_.data_dir = folder_.path();
    options_.http.listen = "127.0.0.1:0";
    auto publisher = UserEventPublisher::open(options_);
    ASSERT_TRUE(publisher.has_value()) << describe(publisher.error());
    publisher_.emplace(std::move(*publisher));
    auto server = HttpServer::start(*publisher_, options_.http);
    ASSERT_TRUE(server.has_value()) << describe(server.error());
    server_ = std::move(*server);
  }
  void stop() {
    server_.reset();
    publisher_.reset();
  }
  void restart() { stop(), start(); }

  void TearDown() override { stop(); }

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  /// One request on a connection of its own.
  Answer ask(std::string_view bytes) { return Client(port()).request(bytes); }
  [[nodiscard]] bool alive() { return ask(get("/healthz")).status == 200; }
  /// Publishes events of user `user` until there are `count` more.
  void publish(int count, const std::string& user = "u-1") {
    for (int i = 0; i < count; ++i) {
      const auto receipt = publisher_->publish_json(DynamicEvent{.type = "user.mfa.enabled",
                                                                 .data = R"({"userId":")" + user + "\"}",
                                                                 .id = {},
                                                                 .time = {},
                                                                 .source = {},
                                                                 .traceparent = {},
                                                                 .tracestate = {}});
      ASSERT_TRUE(receipt.has_value()) << describe(receipt.error());
    }
  }

  Options options_;
  std::optional<UserEventPublisher> publisher_;
  std::unique_ptr<HttpServer> server_;

 private:
  const ::user_events::test::TemporaryDirectory folder_;
};

inline constexpr std::string_view kEvent =
    R"({"type":"user.mfa.enabled","data":{"userId":"u-1","mfaType":"totp"}})";

}  // namespace user_events::server::testing
