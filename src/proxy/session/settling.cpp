// In the steady state this frees nothing and makes nothing: a companion is kept for the next request.
#include "proxy/session/settling.h"

namespace signalbox::proxy {

void settle(const Book::Meaning& meaning, Ends& ends, LaneSlot& lane) {
  if (!meaning.ends_request) return;
  Dialogue& dialogue = ends.dialogue;
  if (meaning.ready) {
    dialogue.on_ready(ends.loop().now_ns(), *ends.worker.shared().services.clock);
    if (dialogue.book.size() == 0) came_to_rest(dialogue, lane);
  }
  if (meaning.head->companion && meaning.head->companion->errand) {
    meaning.head->companion.reset();
    ends.answered.wake();
  } else if (meaning.head->companion) {
    if (!meaning.failed) dialogue.statements.confirm(meaning.head->request, *meaning.head->companion);
    dialogue.done_with(std::move(meaning.head->companion));
  }
  // Not for every single answer: a full pipeline goes on in large steps.
  if (dialogue.book.size() <= dialogue.settings->options.memory.in_flight / 2) ends.answered.wake();
}

void came_to_rest(const Dialogue& dialogue, LaneSlot& lane) {
  if (!lane || dialogue.asking) return;
  LaneState& state = *lane;
  state.held.clear();
  state.cap.reset();
  state.cutting = false;
  state.cancelled.reset();
  state.duration_due_ns = state.duration_ns = state.duration_asked_ns = 0;
  if (state.duration) state.duration->disarm();
}

}  // namespace signalbox::proxy
