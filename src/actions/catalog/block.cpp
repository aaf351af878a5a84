// block: refuses a client for a time or for good, here and when it comes again.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kWhat[] = {"address", "user", "fingerprint"};
constexpr Condition kAddress[] = {{"by", "address"}};
// Before the startup packet there is no user, before the first statement no fingerprint.
constexpr Condition kNoneOfItsOwn[] = {{"by", "user", {Hook::Connecting}},
                                       {"by", "fingerprint", kOpeningHooks}};
constexpr ParameterSpec kParameters[] = {
    {.name = "by",
     .type = ParameterType::Name,
     .summary = "what is blocked: an address or network, a user, or a statement by its fingerprint",
     .fallback = "address",
     .choices = kWhat},
    {.name = "value",
     .summary = "the address, network (`10.0.0.0/8`), user or fingerprint",
     .fallback = "the client's own, the statement's own",
     .templated = true,
     .needed_if = kNoneOfItsOwn},
    {.name = "prefix",
     .type = ParameterType::Integer,
     .summary = "widens an address to the network with this many bits",
     .min = 0,
     .max = 128,
     .only_if = kAddress},
    {.name = "for", .type = ParameterType::Duration, .summary = "how long", .fallback = "for good", .min = 1},
    {.name = "reason", .summary = "for those who read the list", .templated = true},
    {.name = "sqlstate",
     .type = ParameterType::SqlState,
     .summary = "SQLSTATE of the error",
     .fallback = "28000"},
    {.name = "message", .summary = "primary message, one line", .fallback = "blocked", .templated = true},
    kDetail,
    kHint};
}  // namespace

ActionSpec block() {
  return {
      .name = "block",
      .hooks = kAdmissionHooks,
      .phase = Phase::Guard,
      .verdict = Verdict::Disconnect,
      .parameters = kParameters,
      .summary = "Refuse this client now, and again whenever it comes, for a time or for good.",
      .details =
          "The session ends with a FATAL error, and so does every other one that the block is about. A "
          "blocked "
          "address is refused as soon as it has connected, a blocked user at its startup packet, a statement "
          "with a blocked fingerprint wherever it is sent. Blocks survive a restart, are listed and lifted "
          "with "
          "`signalbox blocks` and at `/gateway/v1/blocks`. A client of a UNIX socket has no address and is "
          "not "
          "blocked by one.",
      .example = "- block: {by: user, for: 15m, reason: \"{{ query.kind }} after hours\"}"};
}

}  // namespace signalbox::actions::catalog
