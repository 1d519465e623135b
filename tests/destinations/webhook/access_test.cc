// Addresses that are not connected to, and TLS.
#include "destinations/webhook/harness.h"

namespace user_events::tests {
namespace {

/// Waits for `down` and gives why; nothing was accepted.
std::string refusal_of(const DestinationOptions& options) {
  Driver driver(options, 3);
  driver.start();
  EXPECT_TRUE(driver.wait_for(HealthState::down));
  for (int i = 0; i < 10; ++i) driver.step();
  EXPECT_EQ(driver.accepted() + driver.count(Outcome::in_doubt) + driver.count(Outcome::refused), 0u);
  const std::string detail = driver.detail();
  driver.close(1s);
  return detail;
}

TEST(WebhookAccess, ANameThatStandsForLoopbackIsNotConnectedTo) {
  const std::string place = fresh_place();
  const std::string url = receiver().origin("localhost") + "/" + place + "?key=url-token";
  const auto detail = refusal_of(options_for(url, {{"allow_private_networks", "false"}}));
  EXPECT_NE(detail.find("not a public one"), std::string::npos) << detail;
  EXPECT_EQ(detail.find("url-token"), std::string::npos) << detail;
  EXPECT_TRUE(receiver().read_all(place).empty());
  Driver driver(options_for(url), 3);
  driver.start();
  EXPECT_TRUE(driver.run()) << "the same name is reached where private networks are allowed";
}

class TlsReceiver {
 public:
  explicit TlsReceiver(bool client_certificates = false) {
    receiver.use_tls(client_certificates);
    receiver.start();
    receiver.make_place("hook");
  }
  [[nodiscard]] std::string file(const std::string& name) { return receiver.script().folder() + "/" + name; }
  [[nodiscard]] std::size_t requests() const { return receiver.read_all("hook").size(); }
  WebhookReceiver receiver;
};

TEST(WebhookAccess, OverTlsOnlyAReceiverOfTheGivenAuthorityAndNameIsTrusted) {
  TlsReceiver tls;
  const std::string url = tls.receiver.url("hook");
  EXPECT_NE(refusal_of(options_for(url, {{"allow_http", "false"}})).find("certificate"), std::string::npos);
  const std::string other_name = tls.receiver.origin("localhost") + "/hook";
  EXPECT_NE(refusal_of(options_for(other_name, {{"tls_ca_file", tls.file("ca.pem")}})).find("localhost"),
            std::string::npos);
  EXPECT_EQ(tls.requests(), 0u);
  Driver driver(options_for(url, {{"allow_http", "false"}, {"tls_ca_file", tls.file("ca.pem")}}), 10);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(tls.requests(), 10u);
}

TEST(WebhookAccess, VerificationCanBeSwitchedOffAndIsSaid) {
  TlsReceiver tls;
  Driver driver(options_for(tls.receiver.url("hook"), {{"tls_verify", "false"}, {"unsafe", "true"}}), 1);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.destination().health().notes,
            std::vector<std::string>{"tls_verify is off: the server's certificate is not checked"});
}

TEST(WebhookAccess, AClientCertificateIsShownToAReceiverThatAsksForOne) {
  TlsReceiver tls(true);
  Driver driver(options_for(tls.receiver.url("hook"), {{"tls_ca_file", tls.file("ca.pem")},
                                                       {"tls_cert_file", tls.file("server.pem")},
                                                       {"tls_key_file", tls.file("server.key")}}),
                5);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(tls.requests(), 5u);
  Driver without(options_for(tls.receiver.url("hook"), {{"tls_ca_file", tls.file("ca.pem")}}), 5);
  without.start();
  ASSERT_TRUE(without.wait_for(HealthState::down));
  for (int i = 0; i < 10; ++i) without.step();
  EXPECT_EQ(without.accepted(), 0u);
}

}  // namespace
}  // namespace user_events::tests
