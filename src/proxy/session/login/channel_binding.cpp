// Why a list cannot simply be stripped when both sides have TLS: a client that could bind says so in what it
// signs
// ("y,,"), and the server, which did offer -PLUS, takes that for somebody having removed its offer. It is
// right.
#include "proxy/session/login/channel_binding.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>

#include "proxy/wire/frame.h"
#include "proxy/wire/replies.h"

namespace signalbox::proxy {
namespace {

constexpr std::string_view kPlus = "-PLUS";

}  // namespace

bool offers_plus(std::string_view body) {
  const auto mechanisms = wire::decode_sasl_mechanisms(body);
  return mechanisms &&
         std::ranges::any_of(*mechanisms, [](std::string_view name) { return name.ends_with(kPlus); });
}

bool claims_binding(std::string_view body) {
  wire::BodyReader reader(body);
  reader.text();
  reader.integer<std::uint32_t>();
  return reader.ok() && reader.rest().starts_with('y');
}

Binding binding_of(SSL* client, SSL* server, bool offers_plus) {
  if (!offers_plus) return Binding::Relay;
  if (client == nullptr || server == nullptr) return Binding::Strip;
  const X509* ours = SSL_get_certificate(client);
  const X509* theirs = SSL_get0_peer_certificate(server);
  const bool same = ours != nullptr && theirs != nullptr && X509_cmp(ours, theirs) == 0;
  return same ? Binding::Relay : Binding::Impossible;
}

std::string without_plus(std::string_view body) {
  auto mechanisms = wire::decode_sasl_mechanisms(body).value_or(std::vector<std::string_view>{});
  std::erase_if(mechanisms, [](std::string_view name) { return name.ends_with(kPlus); });
  std::string frame;
  wire::append_sasl_mechanisms(frame, mechanisms);
  return frame;
}

}  // namespace signalbox::proxy
