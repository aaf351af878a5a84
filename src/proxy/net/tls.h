// TLS contexts of listeners and targets, and what a finished handshake tells.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "proxy/gateway_options.h"
#include "proxy/hooks/event.h"

namespace signalbox::proxy {

using TlsContext = std::shared_ptr<SSL_CTX>;

/// Reads certificate and key. Mode Disable gives null. Errors name the file and say what is wrong with it.
Result<TlsContext> make_listener_tls(const ListenerTlsOptions& options);
/// For connections to a target; null when its mode is Disable.
Result<TlsContext> make_target_tls(const TargetTlsOptions& options);

/// A new client-side SSL: SNI and, for verify-full, the name that the certificate must carry. Offers ALPN
/// "postgresql", as libpq 17 does.
SSL* new_target_ssl(SSL_CTX* context, const TargetTlsOptions& options, const std::string& host);
SSL* new_listener_ssl(SSL_CTX* context);
/// For TLS from the first byte, without ALPN (HTTPS, Redis), to a host whose certificate must carry its name
/// unless the mode is less strict.
SSL* new_direct_ssl(SSL_CTX* context, const std::string& host, SslMode mode = SslMode::VerifyFull);

/// True when both ends agreed on ALPN "postgresql": mandatory for TLS without SSLRequest.
bool alpn_is_postgresql(const SSL* ssl);

TlsFacts tls_facts(SSL* ssl);

/// Why the last handshake failed, for logs: OpenSSL's reason or the verification error. Never a secret.
std::string tls_error(SSL* ssl);

}  // namespace signalbox::proxy
