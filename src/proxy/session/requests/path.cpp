// What passes, as far as it may move the search_path. A text counts when it runs: a Query at once, what is
// prepared when its portal is executed.
//
// The surprise: only the unnamed portal is followed from Bind to Execute. Nobody sets parameters through
// named ones; who does loses the path.
#include "proxy/session/requests/requests.h"

namespace signalbox::proxy {

void Requests::follow_path(char type, std::string_view body) {
  NameKnowledge& names = dialogue_.names;
  if (!names.follows_path()) return;
  const QueryRuling* ruling = at_hand_.ruled.get();
  switch (type) {
    case 'Q':
      if (ruling == nullptr) return names.lose_path();
      prepares_moves_ = prepares_moves_ || !ruling->path.empty();
      return names.passes(ruling->path);
    case 'P': prepares_moves_ = prepares_moves_ || ruling == nullptr || !ruling->path.empty(); return;
    case 'B': return follow_bind(body);
    case 'E': {
      const auto portal = wire::decode_execute(body);
      if (!bound_path_ || (portal && !portal->empty())) return;
      return names.passes(*std::exchange(bound_path_, nullptr));
    }
    case 'F': return names.lose_path();
    default: return;
  }
}

void Requests::follow_bind(std::string_view body) {
  bound_path_.reset();
  if (!prepares_moves_) return;
  const auto names = wire::decode_bind_names(body);
  if (!names) return;  // the server refuses it
  std::shared_ptr<const std::vector<PathChange>> path;
  if (at_hand_.ruled) {
    path = {at_hand_.ruled, &at_hand_.ruled->path};
  } else if (const auto parse = dialogue_.book.unanswered_parse(names->statement);
             parse.parse != nullptr && !parse.too_far) {
    path = parse.parse->path;
  } else if (const auto text = dialogue_.statements.of_statement(names->statement)) {
    path = text->path;
  }
  if (!path || (!names->portal.empty() && !path->empty())) return dialogue_.names.lose_path();
  if (!path->empty()) bound_path_ = std::move(path);
}

}  // namespace signalbox::proxy
