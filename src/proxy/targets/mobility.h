// May a session go on at another server? Only when nothing of it is left at this one. docs/routing.md has the
// rule.
#pragma once

#include "sql/facts.h"

namespace signalbox::proxy {

/// What the statement may leave in the server's session when its transaction has ended: a setting, a
/// temporary table, a prepared statement, a cursor, LISTEN, an advisory lock, a sequence's last value. What
/// is not known counts as leaving something.
bool leaves_state(const sql::StatementFacts& facts);

}  // namespace signalbox::proxy
