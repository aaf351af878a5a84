// discard: the client sees a statement that did nothing, or a result without rows.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

ActionSpec discard() {
  return {.name = "discard",
          .hooks = kTrafficHooks,
          .verdict = Verdict::Discard,
          .summary = "Swallow a request, or the rows of a response.",
          .details =
              "On a request: the statement does not run; the client gets what it would get if it had found "
              "nothing "
              "to do, with the right columns and the right tag (`SELECT 0`, `UPDATE 0`, `CREATE TABLE`). A "
              "statement "
              "that can only succeed by what it does (COPY, EXECUTE, EXPLAIN, ...) is refused instead. On a "
              "response: the statement has run, and its rows are not shown.",
          .example = "- discard"};
}

}  // namespace signalbox::actions::catalog
