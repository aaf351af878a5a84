// A cap on the rows of an answer holds for a portal's portions together.
#include "proxy/session/replies/answers.h"
#include "proxy/wire/replies.h"

namespace signalbox::proxy {

Refusal Answers::too_many_portals() {
  return make_refusal("54000", "too many portals with a limit on their rows are open");
}

void Answers::note_portals(const wire::FrameHeader& header, std::string_view body) {
  if (header.type == 'Z' && wire::decode_ready(body) == 'I') portal_rows_.transaction_ended();
  const bool concerns = header.type == '2' || header.type == '3' || header.type == 's';
  const Pending* head = concerns ? dialogue_.book.head() : nullptr;
  if (head == nullptr || !head->companion) return;
  const Companion& companion = *head->companion;
  if (header.type == '2' || (header.type == '3' && companion.what == 'P'))
    portal_rows_.gone(companion.portal);
  if (header.type != 's' || !editing_ || !editing_->rows || !editing_->capped()) return;
  const bool bound = dialogue_.statements.of_portal(companion.portal) != nullptr;
  const PortalRows::Text text = runs(companion.portal);
  if (!portal_rows_.suspended(companion.portal, text, editing_->rows->passed(), !bound && text != nullptr))
    withhold(too_many_portals(), header.type);
}

/// The rows of one that would be forgotten do not begin: asked for bit by bit they would never reach the cap.
bool Answers::has_room_for_portal(const Pending* head) const {
  const bool portal = head != nullptr && head->companion && head->request == Request::Describe &&
                      head->companion->what == 'P';
  return !portal || portal_rows_.has_room_for(head->companion->portal);
}

/// Null when nobody knows.
PortalRows::Text Answers::runs(std::string_view portal) const {
  PortalRows::Text text = dialogue_.statements.of_portal(portal);
  return text != nullptr ? text : dialogue_.statements.of_cursor(portal);
}

/// Of the portal that is described.
std::uint64_t Answers::passed_before(const Pending* head) const {
  const bool portal = !portal_rows_.empty() && head != nullptr && head->companion &&
                      head->request == Request::Describe && head->companion->what == 'P';
  return portal ? portal_rows_.passed(head->companion->portal, runs(head->companion->portal)) : 0;
}

}  // namespace signalbox::proxy
