// Verdict: what becomes of the message (or the session) at hand. Ordered: a smaller value is stricter and
// wins.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace signalbox::actions {

enum class Verdict : std::uint8_t {
  Reset,       ///< both TCP connections are reset
  Reject,      ///< the message is dropped, the client's connection reset, the server's closed properly
  Disconnect,  ///< FATAL ErrorResponse, then an orderly close of both sides
  Terminate,   ///< not forwarded; answered with the given response or an ErrorResponse; the session lives on
  Deny,        ///< refused as PostgreSQL would
  Error,       ///< refused with a custom ErrorResponse
  Discard,     ///< swallowed: an empty result with the right tag, or zero rows
  Response,    ///< answered with, or changed into, a given response
  Request,     ///< forwarded after an edit
  Route,       ///< forwarded to another target
  Transmit,    ///< relayed as is, past plugins and later traffic hooks
  Allow,
  Fallthrough,  ///< no opinion: the next policy, in the end the default, decides
};

inline constexpr std::array<std::string_view, 13> kVerdictNames = {
    "reset",    "reject",  "disconnect", "terminate", "deny",  "error",      "discard",
    "response", "request", "route",      "transmit",  "allow", "fallthrough"};

constexpr std::string_view name(Verdict verdict) {
  return kVerdictNames[static_cast<std::size_t>(verdict)];
}

constexpr bool stricter(Verdict a, Verdict b) {
  return a < b;
}
/// The message does not go on; the client gets an answer of the gateway's, or none.
constexpr bool ends_message(Verdict verdict) {
  return verdict <= Verdict::Response;
}
/// The client's wish is not granted. `response` is an answer, not a refusal.
constexpr bool refuses(Verdict verdict) {
  return verdict <= Verdict::Discard;
}
/// The session does not go on either.
constexpr bool ends_session(Verdict verdict) {
  return verdict <= Verdict::Disconnect;
}

}  // namespace signalbox::actions
