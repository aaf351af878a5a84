// Sharded hash tables. A full shard first forgets keys that are as good as new; only when none is, new keys
// fall to the shard's overflow entry.
#include "actions/limits/limiter.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <tuple>
#include <utility>

namespace signalbox::actions {

struct Limiter::Entry {
  TokenBucket bucket;
  SlidingWindow window;
  std::int64_t idle_from_ns = 0;  ///< nothing is remembered after this
  std::uint32_t in_flight = 0;
  std::uint64_t admitted = 0, refused = 0;

  void count(const RateAnswer& answer) { ++(answer.admitted ? admitted : refused); }
};

struct Limiter::Shard {
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  mutable std::mutex mutex;
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries;
  Entry overflow;
};

namespace {
constexpr std::string_view kOverflowKey = "(others)";
}

Limiter::Limiter(std::size_t max_keys)
    : max_keys_a_shard_(std::max<std::size_t>(1, max_keys / 64)),
      shards_(std::make_unique<std::array<Shard, 64>>()) {}
Limiter::~Limiter() = default;

Limiter::Shard& Limiter::shard_of(std::string_view key) const {
  // The table below uses the low bits.
  return (*shards_)[std::hash<std::string_view>{}(key) >> 58];
}

Limiter::Entry& Limiter::entry_of(Shard& shard, std::string_view key, std::int64_t now_ns) {
  if (const auto found = shard.entries.find(key); found != shard.entries.end()) return found->second;
  if (shard.entries.size() >= max_keys_a_shard_) {
    std::erase_if(shard.entries,
                  [&](const auto& e) { return e.second.in_flight == 0 && e.second.idle_from_ns <= now_ns; });
    if (shard.entries.size() >= max_keys_a_shard_) return shard.overflow;
  }
  return shard.entries.emplace(std::string(key), Entry{}).first->second;
}

RateAnswer Limiter::police(std::string_view key, const Rate& rate, double cost, std::int64_t now_ns,
                           std::int64_t max_delay_ns) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  Entry& entry = entry_of(shard, key, now_ns);
  const RateAnswer answer = entry.bucket.take(rate, cost, now_ns, max_delay_ns);
  const double refill_ns =
      (std::max(rate.burst, 1.0) + cost) / rate.per_second * 1e9 + static_cast<double>(max_delay_ns);
  entry.idle_from_ns =
      std::max(entry.idle_from_ns, now_ns + static_cast<std::int64_t>(std::min(refill_ns, 4e18)));
  entry.count(answer);
  return answer;
}

RateAnswer Limiter::police(std::string_view key, const Window& window, double cost, std::int64_t now_ns) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  Entry& entry = entry_of(shard, key, now_ns);
  const RateAnswer answer = entry.window.take(window, cost, now_ns);
  entry.idle_from_ns = std::max(entry.idle_from_ns, now_ns + 2 * window.length_ns);
  entry.count(answer);
  return answer;
}

Limiter::Ticket Limiter::enter(std::string_view key, std::uint32_t limit) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  // A place must be given back to the entry it was taken from: where the table is full, there is none to
  // take.
  Entry& entry = entry_of(shard, key, std::numeric_limits<std::int64_t>::min());
  if (&entry == &shard.overflow || entry.in_flight >= limit) {
    ++entry.refused;
    return {};
  }
  ++entry.in_flight;
  ++entry.admitted;
  return {*this, std::string(key)};
}

void Limiter::leave(std::string_view key) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.entries.find(key);
      found != shard.entries.end() && found->second.in_flight > 0) {
    --found->second.in_flight;
  }
}

void Limiter::count(std::string_view key, bool admitted) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  Entry& entry = entry_of(shard, key, std::numeric_limits<std::int64_t>::min());
  ++(admitted ? entry.admitted : entry.refused);
}

std::vector<LimiterRow> Limiter::list(std::size_t limit) const {
  std::vector<LimiterRow> rows;
  for (const Shard& shard : *shards_) {
    const std::lock_guard lock(shard.mutex);
    for (const auto& [key, e] : shard.entries) rows.push_back({key, e.admitted, e.refused, e.in_flight});
    if (shard.overflow.admitted + shard.overflow.refused > 0) {
      rows.push_back({std::string(kOverflowKey), shard.overflow.admitted, shard.overflow.refused, 0});
    }
  }
  const auto busier = [](const LimiterRow& a, const LimiterRow& b) {
    return std::tuple(b.refused, b.admitted, a.key) < std::tuple(a.refused, a.admitted, b.key);
  };
  const auto end = rows.begin() + static_cast<std::ptrdiff_t>(std::min(limit, rows.size()));
  std::partial_sort(rows.begin(), end, rows.end(), busier);
  rows.erase(end, rows.end());
  return rows;
}

bool Limiter::reset(std::string_view key) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.entries.find(key);
  if (found == shard.entries.end()) return false;
  Entry fresh;
  fresh.in_flight = found->second.in_flight;
  found->second = fresh;
  return true;
}

std::size_t Limiter::keys() const {
  std::size_t sum = 0;
  for (const Shard& shard : *shards_) {
    const std::lock_guard lock(shard.mutex);
    sum += shard.entries.size();
  }
  return sum;
}

}  // namespace signalbox::actions
