// The order of a login as PostgreSQL runs it (src/backend/libpq/auth.c, postgres.c).
#include "proxy/session/login/login_rules.h"

namespace signalbox::proxy {

LoginRules::Next LoginRules::server_sent(char type) {
  const bool first = !began_;
  began_ = true;
  switch (type) {
    case 'E': return Next::Failed;
    case 'N': return Next::Relay;
    case 'v': return first ? Next::Relay : Next::Violation;  // NegotiateProtocolVersion comes before all else
    case 'S': return authenticated_ ? Next::Relay : Next::Violation;
    case 'K':
      if (!authenticated_ || key_seen_) return Next::Violation;
      key_seen_ = true;
      return Next::Relay;
    case 'Z': return authenticated_ ? Next::Ready : Next::Violation;
    default: return Next::Violation;
  }
}

LoginRules::Next LoginRules::server_asked(wire::Authentication kind) {
  using enum wire::Authentication;
  began_ = true;
  if (authenticated_) return Next::Violation;
  switch (kind) {
    case Ok:
      // After SASL the server has proved itself before it says so.
      if (exchange_ == Exchange::Sasl) return Next::Violation;
      authenticated_ = true;
      return Next::Relay;
    case CleartextPassword:
    case Md5Password:
      if (exchange_ != Exchange::None) return Next::Violation;
      exchange_ = Exchange::Password;
      return Next::AskClient;
    case Gss:
    case Sspi:
      if (exchange_ != Exchange::None) return Next::Violation;
      exchange_ = Exchange::Gss;
      return Next::AskClient;
    case GssContinue: return exchange_ == Exchange::Gss ? Next::AskClient : Next::Violation;
    case Sasl:
      if (exchange_ != Exchange::None) return Next::Violation;
      exchange_ = Exchange::Sasl;
      return Next::AskClient;
    case SaslContinue: return exchange_ == Exchange::Sasl ? Next::AskClient : Next::Violation;
    case SaslFinal:
      if (exchange_ != Exchange::Sasl) return Next::Violation;
      exchange_ = Exchange::SaslEnded;
      return Next::Relay;
    default: return Next::Unsupported;
  }
}

}  // namespace signalbox::proxy
