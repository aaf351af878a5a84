// LoginRules: which message may come when, between the startup packet and the first ReadyForQuery. Pure.
// The server speaks; the client answers exactly when an Authentication message asks it to.
#pragma once

#include <cstdint>

#include "proxy/wire/replies.h"

namespace signalbox::proxy {

class LoginRules {
 public:
  enum class Next : std::uint8_t {
    Relay,        ///< forward it, wait for the server's next message
    AskClient,    ///< forward it, then relay one password message ('p') from the client
    Ready,        ///< forward it: the login is complete
    Failed,       ///< forward it: the server refuses, and will close
    Violation,    ///< not a message that may come now
    Unsupported,  ///< an authentication method that cannot pass a gateway
  };

  /// A message of the server, by type.
  Next server_sent(char type);
  /// An Authentication message, type 'R', by its kind.
  Next server_asked(wire::Authentication kind);

  bool authenticated() const { return authenticated_; }
  bool began() const { return began_; }  ///< the server has said anything at all

 private:
  bool began_ = false;
  bool authenticated_ = false;
  bool key_seen_ = false;
  enum class Exchange : std::uint8_t { None, Password, Gss, Sasl, SaslEnded } exchange_ = Exchange::None;
};

}  // namespace signalbox::proxy
