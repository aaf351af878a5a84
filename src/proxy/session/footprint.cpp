// What nobody has looked at counts as leaving state and as writing. Named statements are not counted here:
// Statements knows which of them are left, as far as it has seen their names.
#include "proxy/session/footprint.h"

#include <random>

#include "proxy/hooks/decider.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {

void Footprint::note(char type, std::string_view body, const QueryRuling* ruling) {
  if (type == 'E' || type == 'C') return;
  if (type == 'B') {
    const auto names = wire::decode_bind_names(body);
    wrote_ = wrote_ || !names || !names->statement.empty();
    return;
  }
  const bool unknown_name = type == 'P' && body.find('\0') == std::string_view::npos;
  holds_state_ = holds_state_ || unknown_name || ruling == nullptr || ruling->leaves_state;
  wrote_ = wrote_ || ruling == nullptr || !ruling->reads_only;
}

Moment Footprint::moment(std::int64_t now_ns) const {
  thread_local std::minstd_rand random{std::random_device{}()};
  return {.now_ns = now_ns, .written_ns = wrote_ ? now_ns : written_ns_, .random = random()};
}

}  // namespace signalbox::proxy
