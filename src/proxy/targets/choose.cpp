// A target whose freshness is not known does not satisfy a bound on it.
#include "proxy/targets/choose.h"

#include <algorithm>

namespace signalbox::proxy {
namespace {

bool has_tags(const TargetOptions& target, const RouteWish& wish) {
  return std::ranges::all_of(
      wish.tags, [&](const auto& tag) { return std::ranges::find(target.tags, tag) != target.tags.end(); });
}

bool fits(const TargetOptions& target, const RouteWish& wish) {
  return (wish.target.empty() || target.name == wish.target) &&
         (wish.role.empty() || target.role == wish.role) && has_tags(target, wish);
}

/// The primary is always fresh.
bool fresh_enough(const TargetOptions& target, const HealthBoard::Health& health, const RouteWish& wish,
                  const Moment& moment) {
  if (target.role == "primary") return true;
  if (wish.max_lag_ns &&
      (health.fresh_as_of_ns == 0 || moment.now_ns - health.fresh_as_of_ns > *wish.max_lag_ns))
    return false;
  return !wish.read_your_writes || moment.written_ns == 0 || health.fresh_as_of_ns > moment.written_ns;
}

}  // namespace

void HealthBoard::up(const std::string& target) {
  const std::lock_guard lock(mutex_);
  Health& health = targets_[target];
  health.down_until_ns = 0;
  health.trouble.clear();
  health.checked = true;
}

void HealthBoard::down(const std::string& target, std::int64_t until_ns, std::string why) {
  const std::lock_guard lock(mutex_);
  Health& health = targets_[target];
  health.down_until_ns = until_ns;
  health.trouble = std::move(why);
  health.checked = true;
}

void HealthBoard::fresh(const std::string& target, std::int64_t as_of_ns) {
  const std::lock_guard lock(mutex_);
  Health& health = targets_[target];
  health.fresh_as_of_ns = std::max(health.fresh_as_of_ns, as_of_ns);
}

HealthBoard::Health HealthBoard::of(const std::string& target) const {
  const std::lock_guard lock(mutex_);
  const auto found = targets_.find(target);
  return found == targets_.end() ? Health{} : found->second;
}

std::shared_ptr<const Target> choose_target(std::span<const std::shared_ptr<const Target>> targets,
                                            const RouteWish& wish, const HealthBoard& health,
                                            const Moment& moment, std::span<const std::string> without) {
  std::vector<std::shared_ptr<const Target>> candidates;
  std::uint64_t weights = 0;
  for (const auto& target : targets) {
    const TargetOptions& options = target->options;
    if (!fits(options, wish) || std::ranges::find(without, options.name) != without.end()) continue;
    const HealthBoard::Health known = health.of(options.name);
    if (known.down_until_ns > moment.now_ns || !fresh_enough(options, known, wish, moment)) continue;
    candidates.push_back(target);
    weights += options.weight;
  }
  if (candidates.empty()) return nullptr;
  if (weights == 0) return candidates[moment.random % candidates.size()];
  std::uint64_t point = moment.random % weights;
  for (auto& candidate : candidates) {
    if (point < candidate->options.weight) return candidate;
    point -= candidate->options.weight;
  }
  return candidates.back();
}

}  // namespace signalbox::proxy
