// What an answer settles: the book has said what it means, and everything that has waited for it hears of it.
#pragma once

#include "proxy/lane/state.h"
#include "proxy/session/ends.h"

namespace signalbox::proxy {

/// Confirmations go to the statements, the end of a transaction to all that lasts as long; the requests may
/// go on.
void settle(const Book::Meaning& meaning, Ends& ends, LaneSlot& lane);

/// Nothing is under way any more. What actions have left for that time goes, unless something is about to be.
void came_to_rest(const Dialogue& dialogue, LaneSlot& lane);

}  // namespace signalbox::proxy
