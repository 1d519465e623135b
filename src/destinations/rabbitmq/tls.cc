#include "destinations/rabbitmq/tls.h"

#include <amqp_ssl_socket.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace user_events::destinations::rabbitmq {
namespace {

thread_local int last_verify_error = X509_V_OK;  // librabbitmq hides the connection's SSL object

int note_error(int ok, X509_STORE_CTX* store) {
  if (ok == 0) last_verify_error = X509_STORE_CTX_get_error(store);
  return ok;
}

/// Every connection made from `context` must show a certificate for `host`.
bool expect_host(SSL_CTX* context, const std::string& host) {
  X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1 || X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size()) == 1;
}

Failure unusable(std::string_view setting, std::string_view what) {
  return {.kind = Failure::Kind::settings, .text = fmt::format("{}: {}", setting, what)};
}

}  // namespace

std::optional<Failure> make_tls_socket(amqp_connection_state_t connection, const TlsSettings& settings, const std::string& host) {
  amqp_socket_t* socket = amqp_ssl_socket_new(connection);
  if (socket == nullptr) return unusable("tls", "OpenSSL gives no context");
  auto* context = static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(socket));
  amqp_ssl_socket_set_verify_peer(socket, settings.verify ? 1 : 0);
  // Ours below knows IP addresses too, and refuses before anything is sent.
  amqp_ssl_socket_set_verify_hostname(socket, 0);
  if (amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) != AMQP_STATUS_OK) return unusable("tls", "OpenSSL refuses TLS 1.2");
  if (settings.verify) {
    const bool trusts = settings.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                                 : amqp_ssl_socket_set_cacert(socket, settings.ca_file.c_str()) == AMQP_STATUS_OK;
    if (!trusts) return unusable("tls_ca_file", "cannot be read, or is no PEM file of certificates");
    if (!expect_host(context, host)) return unusable("hosts", "a name that no certificate can be checked against");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, note_error);
  }
  if (!settings.cert_file.empty() && amqp_ssl_socket_set_key(socket, settings.cert_file.c_str(), settings.key_file.c_str()) != AMQP_STATUS_OK)
    return unusable("tls_cert_file", "certificate or tls_key_file cannot be read, or they do not belong together");
  last_verify_error = X509_V_OK;
  return std::nullopt;
}

std::string certificate_problem() {
  return last_verify_error == X509_V_OK ? std::string() : std::string(X509_verify_cert_error_string(last_verify_error));
}

}  // namespace user_events::destinations::rabbitmq
