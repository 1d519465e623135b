#include "server/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "base/try.h"

namespace user_events::server {
namespace {

/// Of TLS 1.2; those of 1.3 are all good. Forward secrecy and authenticated encryption, as Mozilla's "intermediate" list of 2023 has it (without DHE).
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr int kMaxChainDepth = 5;
/// ALPN's form: each name behind its length. Whoever offers other protocols only is refused (RFC 7301, 3.2), so that no server of another protocol
/// with the same certificate can be mixed up with this one.
constexpr std::string_view kProtocols = "\x08http/1.1";

std::unexpected<Error> unusable(std::string_view key, const std::string& file, std::string_view what) {
  ERR_clear_error();
  return fail(ErrorKind::usage, "tls", fmt::format("http.tls.{}: {} {}", key, file, what), "it must be PEM; docs/security/access.md shows how one is made");
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered, unsigned int size, void*) {
  const auto* ours = reinterpret_cast<const unsigned char*>(kProtocols.data());
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, ours, kProtocols.size(), offered, size) != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Result<void> ask_for_certificates(SSL_CTX* context, const TlsOptions& options) {
  if (options.client_certificates == ClientCertificates::none) return {};
  const auto& file = options.client_ca_file;
  if (SSL_CTX_load_verify_file(context, file.c_str()) != 1) return unusable("client_ca_file", file, "holds no certificates that can be read");
  SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(file.c_str()));
  const int required = options.client_certificates == ClientCertificates::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | required, nullptr);
  SSL_CTX_set_verify_depth(context, kMaxChainDepth);
  return {};
}

std::string subject_of(X509* certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> out;
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS && name->type != GEN_URI) continue;
    const auto* text = name->type == GEN_DNS ? name->d.dNSName : name->d.uniformResourceIdentifier;
    out.push_back((name->type == GEN_DNS ? "DNS:" : "URI:") +
                  std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text))));
  }
  GENERAL_NAMES_free(names);
  return out;
}

}  // namespace

Result<TlsContext> make_tls_context(const TlsOptions& options) {
  const TlsContext out(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  auto* context = out.get();
  if (context == nullptr) return fail(ErrorKind::internal, "tls", "OpenSSL makes no TLS context");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // The output buffer may grow, and move, between two tries of one write.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  static constexpr unsigned char kSessionContext[] = "user-events";
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  if (SSL_CTX_set_cipher_list(context, kCiphers) != 1 || SSL_CTX_set1_groups_list(context, kGroups) != 1)
    return fail(ErrorKind::internal, "tls", "OpenSSL knows none of the ciphers");
  if (SSL_CTX_use_certificate_chain_file(context, options.certificate_file.c_str()) != 1)
    return unusable("certificate_file", options.certificate_file, "holds no certificate that can be read");
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });  // else OpenSSL would ask on the terminal
  if (SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return unusable("key_file", options.key_file, "holds no key that can be read, or not the certificate's");
  if (SSL_CTX_check_private_key(context) != 1) return unusable("key_file", options.key_file, "is not the key of the certificate");
  UE_TRY(ask_for_certificates(context, options));
  return out;
}

std::optional<access::PeerCertificate> peer_certificate(ssl_st* session) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(session), X509_free);
  if (!certificate || SSL_get_verify_result(session) != X509_V_OK) return std::nullopt;
  return access::PeerCertificate{subject_of(certificate.get()), names_of(certificate.get())};
}

Result<std::unique_ptr<TlsFiles>> TlsFiles::open(const TlsOptions& options) {
  std::unique_ptr<TlsFiles> out(new TlsFiles(options));
  UE_TRY(out->reload());
  return out;
}

Result<void> TlsFiles::reload() {
  if (options_.certificate_file.empty()) return {};
  stamp_ = stamp();
  UE_TRY_ASSIGN(auto context, make_tls_context(options_));
  const std::lock_guard lock(mutex_);
  context_ = std::move(context);
  return {};
}

Result<bool> TlsFiles::reload_if_changed() {
  if (stamp() == stamp_) return false;
  UE_TRY(reload());
  return true;
}

/// Inode, size and time of each file: one that was renamed into place is noticed, too.
std::string TlsFiles::stamp() const {
  std::string out;
  for (const auto* path : {&options_.certificate_file, &options_.key_file, &options_.client_ca_file}) {
    struct stat entry{};
    if (!path->empty() && ::stat(path->c_str(), &entry) == 0)
      out += fmt::format("{}:{}:{}.{};", entry.st_ino, entry.st_size, entry.st_mtim.tv_sec, entry.st_mtim.tv_nsec);
  }
  return out;
}

}  // namespace user_events::server
