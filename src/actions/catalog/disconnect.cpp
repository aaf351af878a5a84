// disconnect: a FATAL error, then an orderly end of both sides.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr ParameterSpec kParameters[] = {{.name = "sqlstate",
                                          .type = ParameterType::SqlState,
                                          .summary = "SQLSTATE of the error",
                                          .fallback = "57P01"},
                                         {.name = "message",
                                          .summary = "primary message, one line",
                                          .fallback = "terminating connection due to administrator command",
                                          .templated = true},
                                         kDetail,
                                         kHint};
}  // namespace

ActionSpec disconnect() {
  return {.name = "disconnect",
          .hooks = kOpeningHooks | kTrafficHooks,
          .verdict = Verdict::Disconnect,
          .parameters = kParameters,
          .summary = "Send a FATAL ErrorResponse, then close both sides in an orderly way.",
          .example = "- disconnect: {message: this account is suspended}"};
}

}  // namespace signalbox::actions::catalog
