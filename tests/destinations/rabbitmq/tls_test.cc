// A broker that speaks only TLS to us and wants to see a certificate of ours.
#include <gtest/gtest.h>

#include <cstdlib>

#include "brokers/tcp_proxy.h"
#include "destinations/rabbitmq/harness.h"

namespace user_events::tests {
namespace {

using destinations::HealthState;

class RabbitMqTls : public testing::Test {
 protected:
  static int tls_port() {
    static const int port = free_port();
    return port;
  }
  static RabbitBroker& secured() {
    static RabbitBroker the_broker("listeners.ssl.1 = 127.0.0.1:" + std::to_string(tls_port()) +
                                   "\nssl_options.cacertfile = @DIR@/ca.pem\nssl_options.certfile = @DIR@/broker.pem\n"
                                   "ssl_options.keyfile = @DIR@/broker.key\nssl_options.verify = verify_peer\n"
                                   "ssl_options.fail_if_no_peer_cert = true");
    static const bool made = make_certificates(the_broker.folder());
    EXPECT_TRUE(made);
    the_broker.start();
    return the_broker;
  }

  /// Two authorities; from the first one a certificate for `localhost` and one for us.
  static bool make_certificates(const std::string& folder) {
    const std::string script = "cd " + folder + R"( && exec >openssl.log 2>&1
      for ca in ca other; do openssl req -x509 -newkey rsa:2048 -nodes -keyout $ca.key -out $ca.pem -subj /CN=$ca -days 2 || exit 1; done
      for name in broker client; do
        openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj /CN=$name || exit 1
        echo "subjectAltName=DNS:localhost" >$name.ext
        openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile $name.ext -out $name.pem || exit 1
      done)";
    return std::system(script.c_str()) == 0;
  }

  static DestinationOptions options(const std::string& host, std::map<std::string, std::string> settings = {}) {
    const std::string folder = secured().folder();
    settings["hosts"] = host + ":" + std::to_string(tls_port());
    settings["tls"] = "true";
    settings.try_emplace("tls_ca_file", folder + "/ca.pem");
    settings.try_emplace("tls_cert_file", folder + "/client.pem");
    settings.try_emplace("tls_key_file", folder + "/client.key");
    const std::string exchange = fresh_name();
    secured().declare_exchange(exchange);
    secured().declare_queue(exchange, exchange);
    return options_for(exchange, std::move(settings));
  }
};

TEST_F(RabbitMqTls, EventsArriveWhereBothSidesShowTheirCertificates) {
  const auto right = options("localhost");
  Loop loop(right, 5'000);
  loop.start();
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(check_complete(secured().drain(right.topic), 5'000), "");
}

TEST_F(RabbitMqTls, ABrokerOfAnotherAuthorityIsNotTalkedTo) {
  Loop loop(options("localhost", {{"tls_ca_file", secured().folder() + "/other.pem"}}), 10);
  loop.start();
  ASSERT_TRUE(loop.wait_for(HealthState::down, "certificate is not accepted"));
  EXPECT_EQ(loop.sent(), 0u);
}

TEST_F(RabbitMqTls, ABrokerOfAnotherNameIsNotTalkedTo) {
  Loop loop(options("127.0.0.1"), 10);
  loop.start();
  ASSERT_TRUE(loop.wait_for(HealthState::down, "mismatch"));
  EXPECT_EQ(loop.sent(), 0u);
  Loop unsafe(options("127.0.0.1", {{"tls_verify", "false"}, {"unsafe", "true"}}), 10);
  unsafe.start();
  EXPECT_TRUE(unsafe.run());
  EXPECT_EQ(unsafe.destination().health().notes.size(), 1u);
}

TEST_F(RabbitMqTls, WithoutACertificateOfOursTheBrokerRefusesAndTheHintSaysSo) {
  auto without = options("localhost");
  without.settings.erase("tls_cert_file");
  without.settings.erase("tls_key_file");
  Loop loop(without, 10);
  loop.start();
  ASSERT_TRUE(loop.wait_for(HealthState::down));
  EXPECT_EQ(loop.sent(), 0u);
}

TEST_F(RabbitMqTls, FilesThatCannotBeReadAreNamedByTheirSetting) {
  Loop ca(options("localhost", {{"tls_ca_file", "/nowhere/ca.pem"}}), 10);
  ca.start();
  EXPECT_TRUE(ca.wait_for(HealthState::down, "tls_ca_file"));
  Loop certificate(options("localhost", {{"tls_key_file", secured().folder() + "/broker.key"}}), 10);
  certificate.start();
  EXPECT_TRUE(certificate.wait_for(HealthState::down, "tls_cert_file"));
}

TEST_F(RabbitMqTls, APortThatDoesNotSpeakTlsIsToldApart) {
  auto plain = options("localhost");
  plain.settings["hosts"] = "localhost:" + std::to_string(secured().port());
  Loop loop(plain, 10);
  loop.start();
  ASSERT_TRUE(loop.wait_for(HealthState::down, "does the port speak TLS"));
}

TEST_F(RabbitMqTls, ABrokerThatStandsStillHoldsNoCloseUp) {
  Loop loop(options("localhost"), 100'000);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.accepted() > 1'000; }));
  secured().pause();
  for (int i = 0; i < 5; ++i) loop.step(10ms);
  const auto before = std::chrono::steady_clock::now();
  loop.close(300ms);
  loop.vanish();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 3s);
  EXPECT_EQ(loop.in_flight(), 0u);
  secured().resume();
}

}  // namespace
}  // namespace user_events::tests
