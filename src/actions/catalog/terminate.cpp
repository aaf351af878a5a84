// terminate: answers with an error instead of forwarding; the session lives on.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr ParameterSpec kParameters[] = {kSqlState, kMessage, kDetail, kHint};
}  // namespace

ActionSpec terminate() {
  return {.name = "terminate",
          .hooks = kTrafficHooks,
          .verdict = Verdict::Terminate,
          .parameters = kParameters,
          .summary = "Do not forward: answer with an ErrorResponse and end the handling of this message.",
          .details = "Stricter than `deny`; the session lives on.",
          .example = "- terminate: {message: stopped by the intrusion detector}"};
}

}  // namespace signalbox::actions::catalog
