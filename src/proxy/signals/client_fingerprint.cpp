// client_fingerprint: which program connects, whatever it says of itself. Drivers send their startup
// parameters in an order of their own, and few people change it: a psql in a session that should be a web
// application's is told apart. Names only, because values are what a site configures.
#include <fmt/format.h>

#include <algorithm>

#include "policy/value/builder.h"
#include "proxy/signals/list.h"

namespace signalbox::proxy {
namespace {

constexpr std::size_t kMostNames = 64;

/// FNV-1a: the same in every build and on every machine, since sites write the numbers into policies.
class Digest {
 public:
  void add(std::string_view text) {
    for (const char c : text) byte(static_cast<unsigned char>(c));
    byte(0);
  }
  std::string text() const { return fmt::format("{:016x}", hash_); }

 private:
  void byte(unsigned char c) { hash_ = (hash_ ^ c) * 0x100000001b3; }
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

policy::Value signal(const EventView& view, policy::Arena& arena) {
  const Event& event = view.event();
  if (event.session == nullptr || event.session->startup_parameters == 0) return policy::Value::undefined();
  const auto& parameters = event.session->parameters;
  const std::size_t count = std::min({event.session->startup_parameters, parameters.size(), kMostNames});
  Digest digest;
  policy::ArrayBuilder names(arena);
  for (std::size_t i = 0; i < count; ++i) {
    digest.add(parameters[i].first);
    names.add(policy::Value::string(parameters[i].first));
  }
  digest.add(event.client != nullptr && event.client->tls != nullptr ? event.client->tls->version : "");
  policy::ObjectBuilder object(arena);
  object.add("value", policy::copy_string(arena, digest.text()));
  object.add("parameters", names.finish());
  return object.finish();
}

}  // namespace

extern const Detector kClientFingerprint;
const Detector kClientFingerprint{
    .name = "client_fingerprint",
    .path = "signals.client_fingerprint",
    .summary = "Which program connects, by the order of its startup parameters and its version of TLS.",
    .raised = "at every hook of a session from `startup` on",
    .schema = R"({
  "type": "object",
  "properties": {
    "value": {"type": "string", "description": "16 hexadecimal digits; equal for equal programs, on every gateway"},
    "parameters": {"type": "array", "items": {"type": "string"}, "description": "names of the startup parameters, in their order"}
  }
})",
    .depends_on = DependsOn::Session,
    .signal = signal};

}  // namespace signalbox::proxy
