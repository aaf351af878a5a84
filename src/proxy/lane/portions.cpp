// A list: few portals are open at a time.
#include "proxy/lane/portions.h"

#include <algorithm>

namespace signalbox::proxy {
namespace {

constexpr std::size_t kMost = 256;

}  // namespace

bool Portions::keep(std::string_view portal, Bound bound, bool outlives) {
  const auto known = std::ranges::find(known_, portal, &Known::portal);
  if (known != known_.end()) {
    known->bound = std::move(bound);
    known->outlives = known->outlives || outlives;
    return true;
  }
  if (known_.size() >= kMost) return false;
  known_.push_back({std::string(portal), std::move(bound), outlives});
  return true;
}

const Portions::Bound* Portions::of(std::string_view portal) const {
  const auto known = std::ranges::find(known_, portal, &Known::portal);
  return known == known_.end() ? nullptr : &known->bound;
}

void Portions::gone(std::string_view portal) {
  std::erase_if(known_, [&](const Known& one) { return one.portal == portal; });
}

void Portions::transaction_ended() {
  std::erase_if(known_, [](const Known& one) { return !one.outlives; });
}

}  // namespace signalbox::proxy
