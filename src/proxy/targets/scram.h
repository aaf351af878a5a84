// SCRAM-SHA-256 (RFC 5802, 7677) from both ends, without ever knowing a password: the gateway checks a client
// against the verifier that PostgreSQL stores (pg_authid.rolpassword), recovers ClientKey from the client's
// proof, and proves itself to the server with it. That is how a login crosses two TLS connections with
// channel binding on each.
#pragma once

#include <openssl/types.h>

#include <array>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signalbox::proxy {

using ScramKey = std::array<unsigned char, 32>;

struct ScramVerifier {
  int iterations = 0;
  std::string salt;  ///< base64, as stored and as sent
  ScramKey stored_key{};
  ScramKey server_key{};
  /// "SCRAM-SHA-256$4096:c2FsdA==$StoredKey:ServerKey"
  static std::optional<ScramVerifier> parse(std::string_view text);
};

using ScramVerifiers = std::map<std::string, ScramVerifier, std::less<>>;
/// Lines "user SCRAM-SHA-256$...", user names in double quotes or bare; '#' begins a comment. Errors name the
/// line, never what stands in it.
Result<ScramVerifiers> read_scram_file(const std::string& file);

/// The channel-binding data tls-server-end-point (RFC 5929) of a certificate; empty when it has none.
std::string end_point_of(const X509* certificate);

/// 18 random bytes, base64: a nonce as PostgreSQL makes them.
std::string scram_nonce();

/// Towards a client: the gateway is the server. One object a login, steps in order; a failed step ends it.
class ScramServer {
 public:
  /// `binding` is end_point_of() the certificate that the client sees.
  ScramServer(const ScramVerifier& verifier, std::string binding, std::string nonce = scram_nonce())
      : verifier_(verifier), binding_(std::move(binding)), nonce_(std::move(nonce)) {}

  /// client-first-message -> server-first-message; an error in PostgreSQL's words.
  std::expected<std::string, std::string> first(std::string_view mechanism, std::string_view client_first);
  /// client-final-message -> server-final-message. client_key() is known afterwards.
  std::expected<std::string, std::string> final(std::string_view client_final);
  const ScramKey& client_key() const { return client_key_; }

 private:
  const ScramVerifier& verifier_;
  std::string binding_;
  std::string nonce_;
  std::string gs2_header_;
  std::string client_first_bare_;
  std::string server_first_;
  bool bound_ = false;
  ScramKey client_key_{};
};

/// Towards a server: the gateway is the client, with the key that it got from one.
class ScramClient {
 public:
  /// `binding` empty = without channel binding.
  ScramClient(const ScramVerifier& verifier, const ScramKey& client_key, std::string binding,
              std::string nonce = scram_nonce());

  std::string_view mechanism() const { return binding_.empty() ? "SCRAM-SHA-256" : "SCRAM-SHA-256-PLUS"; }
  std::string first() const { return gs2_header_ + client_first_bare_; }
  /// server-first-message -> client-final-message; nothing when the server's nonce, salt or iterations do not
  /// fit.
  std::optional<std::string> final(std::string_view server_first);
  /// True when the server has proved that it knows the verifier too.
  bool verify(std::string_view server_final) const;

 private:
  const ScramVerifier& verifier_;
  const ScramKey& client_key_;
  std::string binding_;
  std::string gs2_header_;
  std::string client_first_bare_;
  std::string auth_message_;
};

}  // namespace signalbox::proxy
