// A list: few portals are open at a time.
#include "proxy/session/replies/portal_rows.h"

#include <algorithm>
#include <utility>

namespace signalbox::proxy {
namespace {

constexpr std::size_t kMost = 256;

}  // namespace

bool PortalRows::suspended(std::string_view portal, Text runs, std::uint64_t rows, bool outlives) {
  gone(portal);
  if (rows == 0) return true;
  if (known_.size() >= kMost) return false;
  known_.push_back({std::string(portal), std::move(runs), rows, outlives});
  return true;
}

bool PortalRows::has_room_for(std::string_view portal) const {
  return known_.size() < kMost || std::ranges::find(known_, portal, &Known::portal) != known_.end();
}

std::uint64_t PortalRows::passed(std::string_view portal, const Text& runs) const {
  const auto known = std::ranges::find(known_, portal, &Known::portal);
  return known != known_.end() && known->runs == runs ? known->rows : 0;
}

void PortalRows::gone(std::string_view portal) {
  std::erase_if(known_, [&](const Known& one) { return one.portal == portal; });
}

void PortalRows::transaction_ended() {
  std::erase_if(known_, [](const Known& one) { return !one.outlives; });
}

}  // namespace signalbox::proxy
