// upgrade: encryption is required, of the client or towards the server.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kSides[] = {"client", "server"};
constexpr ParameterSpec kParameters[] = {{.name = "side",
                                          .type = ParameterType::Name,
                                          .summary = "whose connection must be encrypted",
                                          .fallback = "client",
                                          .choices = kSides},
                                         {.name = "sqlstate",
                                          .type = ParameterType::SqlState,
                                          .summary = "SQLSTATE of the error",
                                          .fallback = "28000"},
                                         {.name = "message",
                                          .summary = "primary message, one line",
                                          .fallback = "SSL encryption is required",
                                          .templated = true},
                                         kHint,
                                         kOnError};
}  // namespace

ActionSpec upgrade() {
  return {
      .name = "upgrade",
      .hooks = kAdmissionHooks,
      .phase = Phase::Session,
      .group = {"upgrade", "side"},
      .parameters = kParameters,
      .summary = "Require TLS of the client, or use it towards the server.",
      .details =
          "A client chooses encryption before it says anything else, so one without is refused, and may come "
          "back with `sslmode=require`. Asked for at `connecting`, that is judged as soon as the client has "
          "chosen; UNIX sockets count as encrypted. Towards the server, asked for while a session is opened, "
          "the "
          "target's `tls.mode` is raised to `require`; later the statement is refused if the connection is "
          "plain.",
      .example = "- upgrade: {side: client}"};
}

}  // namespace signalbox::actions::catalog
