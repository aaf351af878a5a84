// OpenSSL set up as PostgreSQL and libpq set it up: no compression, no renegotiation, session tickets off on
// the listening side, ALPN "postgresql".
#include "proxy/net/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string_view>
#include <system_error>

namespace signalbox::proxy {
namespace {

constexpr unsigned char kAlpn[] = "\x0apostgresql";
constexpr unsigned kAlpnSize = sizeof kAlpn - 1;

std::string last_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return reason != nullptr ? reason : "unknown TLS error";
}

/// What went wrong with a file is the first in OpenSSL's queue; what follows says only who was told ("PEM
/// lib").
std::string first_error() {
  const unsigned long code = ERR_peek_error();
  if (!ERR_SYSTEM_ERROR(code)) {
    const char* reason = ERR_reason_error_string(code);
    ERR_clear_error();
    return reason != nullptr ? reason : "unknown TLS error";
  }
  ERR_clear_error();
  return std::generic_category().message(ERR_GET_REASON(code));
}

std::unexpected<Error> bad_file(const char* what, const std::string& file) {
  return fail(ErrorCode::InvalidArgument,
              std::string("cannot use ") + what + " \"" + file + "\": " + first_error());
}

TlsContext new_context(const SSL_METHOD* method, TlsVersion min_version) {
  TlsContext context(SSL_CTX_new(method), SSL_CTX_free);
  SSL_CTX* ctx = context.get();
  SSL_CTX_set_min_proto_version(ctx, min_version == TlsVersion::V1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(ctx, 0);
  SSL_CTX_set_read_ahead(ctx, 1);
  return context;
}

Result<void> use_identity(SSL_CTX* ctx, const std::string& certificate, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(ctx, certificate.c_str()) != 1)
    return bad_file("the certificate", certificate);
  if (SSL_CTX_use_PrivateKey_file(ctx, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return bad_file("the private key", key);
  if (SSL_CTX_check_private_key(ctx) != 1)
    return bad_file("the private key (it does not fit the certificate)", key);
  return {};
}

int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                unsigned offered_size, void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kAlpn, kAlpnSize, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

bool is_ip_address(const std::string& host) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

std::string name_text(const X509_NAME* name) {
  std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string_view text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text,
              sizeof text);
  return text;
}

std::vector<std::string> alternative_names(const X509* certificate) {
  std::vector<std::string> names;
  auto* all =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
    const GENERAL_NAME* one = sk_GENERAL_NAME_value(all, i);
    switch (one->type) {
      case GEN_DNS: names.push_back("DNS:" + std::string(text_of(one->d.dNSName))); break;
      case GEN_EMAIL: names.push_back("email:" + std::string(text_of(one->d.rfc822Name))); break;
      case GEN_URI: names.push_back("URI:" + std::string(text_of(one->d.uniformResourceIdentifier))); break;
      case GEN_IPADD: names.push_back("IP:" + address_text(one->d.iPAddress)); break;
      default: break;
    }
  }
  GENERAL_NAMES_free(all);
  return names;
}

}  // namespace

Result<TlsContext> make_listener_tls(const ListenerTlsOptions& options) {
  if (options.mode == ClientTls::Disable) return TlsContext{};
  TlsContext context = new_context(TLS_server_method(), options.min_version);
  SSL_CTX* ctx = context.get();
  if (auto used = use_identity(ctx, options.certificate_file, options.key_file); !used) {
    return std::unexpected(used.error());
  }
  SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, nullptr);
  if (options.client_certificate != ClientCertificate::Ignore) {
    if (SSL_CTX_load_verify_locations(ctx, options.ca_file.c_str(), nullptr) != 1) {
      return bad_file("the client CA", options.ca_file);
    }
    SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(options.ca_file.c_str()));
    int mode = SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE;
    if (options.client_certificate == ClientCertificate::Require) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(ctx, mode, nullptr);
  }
  return context;
}

Result<TlsContext> make_target_tls(const TargetTlsOptions& options) {
  if (options.mode == SslMode::Disable) return TlsContext{};
  TlsContext context = new_context(TLS_client_method(), options.min_version);
  SSL_CTX* ctx = context.get();
  if (!options.certificate_file.empty()) {
    if (auto used = use_identity(ctx, options.certificate_file, options.key_file); !used) {
      return std::unexpected(used.error());
    }
  }
  // As libpq: a CA file makes "require" verify too; without one only verify-ca and verify-full look at the
  // chain.
  const bool verify =
      options.mode >= SslMode::VerifyCa || (options.mode == SslMode::Require && !options.ca_file.empty());
  if (!verify) return context;
  const int loaded = options.ca_file.empty()
                         ? SSL_CTX_set_default_verify_paths(ctx)
                         : SSL_CTX_load_verify_locations(ctx, options.ca_file.c_str(), nullptr);
  if (loaded != 1) return bad_file("the CA", options.ca_file);
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  return context;
}

namespace {

void expect_name(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
  if (is_ip_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size());
  }
}

SSL* new_client_ssl(SSL_CTX* context, const std::string& host) {
  SSL* ssl = SSL_new(context);
  SSL_set_connect_state(ssl);
  if (!is_ip_address(host) && !host.starts_with('/')) SSL_set_tlsext_host_name(ssl, host.c_str());
  return ssl;
}

}  // namespace

SSL* new_target_ssl(SSL_CTX* context, const TargetTlsOptions& options, const std::string& host) {
  SSL* ssl = new_client_ssl(context, host);
  SSL_set_alpn_protos(ssl, kAlpn, kAlpnSize);
  if (options.mode == SslMode::VerifyFull) expect_name(ssl, host);
  return ssl;
}

SSL* new_direct_ssl(SSL_CTX* context, const std::string& host, SslMode mode) {
  SSL* ssl = new_client_ssl(context, host);
  if (mode == SslMode::VerifyFull) expect_name(ssl, host);
  return ssl;
}

SSL* new_listener_ssl(SSL_CTX* context) {
  SSL* ssl = SSL_new(context);
  SSL_set_accept_state(ssl);
  return ssl;
}

bool alpn_is_postgresql(const SSL* ssl) {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &chosen, &size);
  return std::string_view(reinterpret_cast<const char*>(chosen), size) == "postgresql";
}

TlsFacts tls_facts(SSL* ssl) {
  TlsFacts facts{.version = SSL_get_version(ssl),
                 .cipher = SSL_get_cipher_name(ssl),
                 .subject = {},
                 .issuer = {},
                 .san = {}};
  if (const X509* certificate = SSL_get0_peer_certificate(ssl)) {
    facts.subject = name_text(X509_get_subject_name(certificate));
    facts.issuer = name_text(X509_get_issuer_name(certificate));
    facts.san = alternative_names(certificate);
  }
  return facts;
}

std::string tls_error(SSL* ssl) {
  const long verified = SSL_get_verify_result(ssl);
  if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
  return last_error();
}

}  // namespace signalbox::proxy
