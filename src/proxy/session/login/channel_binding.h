// Channel binding across a gateway. SCRAM-SHA-256-PLUS binds a login to the certificate that the client sees;
// with TLS ending at the gateway that is the gateway's, while the server checks its own.
// https://www.postgresql.org/docs/current/sasl-authentication.html
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::proxy {

/// What to do with the server's list of SASL mechanisms.
enum class Binding : std::uint8_t {
  Relay,       ///< as it is: nothing to bind to, or both ends see the same certificate
  Strip,       ///< without -PLUS: the client has no TLS and would not use it
  Impossible,  ///< the client could bind, but to a certificate that the server does not have
};

/// `client` and `server` are the TLS of each side, null without. `offers_plus`: the server's list has a
/// -PLUS.
Binding binding_of(SSL* client, SSL* server, bool offers_plus);

/// The AuthenticationSASL frame without mechanisms that bind; `body` is the server's.
std::string without_plus(std::string_view body);

bool offers_plus(std::string_view body);

/// True when a SASLInitialResponse says "I support channel binding and you do not" (gs2 flag "y").
bool claims_binding(std::string_view body);

}  // namespace signalbox::proxy
