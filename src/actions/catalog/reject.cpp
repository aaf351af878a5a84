// reject: the message is dropped and the client's connection reset; the server's ends properly.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

ActionSpec reject() {
  return {
      .name = "reject",
      .hooks = kOpeningHooks | kTrafficHooks,
      .verdict = Verdict::Reject,
      .summary = "Drop the message and reset the client's TCP connection; close the server's properly.",
      .details =
          "The client is told nothing: its connection breaks with RST. The server's transaction is rolled "
          "back, as when a client goes away.",
      .example = "- reject"};
}

}  // namespace signalbox::actions::catalog
