// Which detectors remember follows from the paths that policies read.
#include "proxy/signals/signals.h"

#include <algorithm>
#include <optional>

#include "policy/value/json.h"
#include "proxy/hooks/policies.h"
#include "proxy/signals/list.h"

namespace signalbox::proxy {

namespace {

/// One path is the other or leads to it: "signals" and "signals.rate", "signals.rate.value" and
/// "signals.rate".
bool concerns(std::string_view path, std::string_view fact) {
  const std::size_t common = std::min(path.size(), fact.size());
  if (path.substr(0, common) != fact.substr(0, common)) return false;
  const std::string_view longer = path.size() > fact.size() ? path : fact;
  return common == 0 || common == longer.size() || longer[common] == '.';
}

}  // namespace

void Signals::use(const Policies& policies, std::span<const std::string> declared) {
  std::vector<Kept> kept;
  watched_ = {};
  for (const Detector* detector : detectors()) {
    const auto names_it = [&](const std::string& path) { return concerns(path, detector->path); };
    const bool read = policies.reads_fact(detector->path) || std::ranges::any_of(declared, names_it);
    if (detector->memory == nullptr || !read) continue;
    const auto before = std::ranges::find(kept_, detector, &Kept::detector);
    kept.push_back({detector, before != kept_.end() ? std::move(before->memory) : detector->memory()});
    watched_.add(detector->sights);
  }
  kept_ = std::move(kept);
}

void Signals::see(Sight sight, const Event& event) {
  for (const Kept& one : kept_) {
    if (one.detector->sights.has(sight)) one.memory->see(sight, event);
  }
}

policy::Value Signals::signal(const Detector& detector, const Event& event, policy::Arena& arena) const {
  const auto at = std::ranges::find(kept_, &detector, &Kept::detector);
  return at == kept_.end() ? policy::Value::undefined() : at->memory->signal(event, arena);
}

policy::Value remembered(const Detector& detector, const EventView& view, policy::Arena& arena) {
  const Event& event = view.event();
  if (event.told != nullptr) {
    const auto at = std::ranges::find(*event.told, detector.name, &RaisedSignal::name);
    const auto signal =
        at == event.told->end() ? std::nullopt : std::optional(policy::parse_json(arena, at->json));
    return signal && *signal ? **signal : policy::Value::undefined();
  }
  return event.signals == nullptr ? policy::Value::undefined()
                                  : event.signals->signal(detector, event, arena);
}

}  // namespace signalbox::proxy
