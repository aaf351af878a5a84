// Constants: what expressions without a row come to, as far as their text tells.
#pragma once

#include <optional>

#include "sql/grammar/tree.h"
#include "sql/value.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {

/// The value of 1 + 1, length('a'), coalesce(NULL, 2), (SELECT 'a' || 'b') and the like; nothing for all that
/// reads a row or a parameter, or that is not understood.
std::optional<Literal> constant_of(const Node* node);

/// now(), version(), current_user, ...: whatever they give, it is not NULL.
bool is_never_null(const Node* node);

/// x of x + 0, x * 1, x || ''.
const Node* without_neutral(const Node* node);

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
