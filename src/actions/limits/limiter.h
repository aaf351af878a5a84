// Limiter: rates and concurrency by key, shared by all event loops. A key is any text ("user:alice"); a rule
// is named by the policy's place, so that two rules with one key do not share a bucket. Bounded: when the
// table is full of busy keys, further ones share one bucket, which refuses sooner and never later. Any
// thread; a call holds one of 64 locks for well under a microsecond.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "actions/limits/rate.h"
#include "actions/limits/ticket.h"

namespace signalbox::actions {

struct LimiterRow {
  std::string key;
  std::uint64_t admitted = 0, refused = 0;
  std::uint32_t in_flight = 0;
};

class Limiter final : public Places {
 public:
  explicit Limiter(std::size_t max_keys = 100'000);
  ~Limiter() override;

  RateAnswer police(std::string_view key, const Rate& rate, double cost, std::int64_t now_ns,
                    std::int64_t max_delay_ns = 0);
  RateAnswer police(std::string_view key, const Window& window, double cost, std::int64_t now_ns);

  using Ticket = actions::Ticket;
  /// A place among at most `limit`; empty when they are all taken.
  Ticket enter(std::string_view key, std::uint32_t limit);

  void leave(std::string_view key) override;

  /// Counts what was decided elsewhere, so that list() shows it.
  void count(std::string_view key, bool admitted);

  /// The busiest keys first, at most `limit`, for the admin API.
  std::vector<LimiterRow> list(std::size_t limit) const;
  /// Forgets a key, so that its next use starts afresh; places in use stay counted. False when there is none.
  bool reset(std::string_view key);
  std::size_t keys() const;

 private:
  struct Entry;
  struct Shard;
  Shard& shard_of(std::string_view key) const;
  Entry& entry_of(Shard& shard, std::string_view key, std::int64_t now_ns);

  const std::size_t max_keys_a_shard_;
  std::unique_ptr<std::array<Shard, 64>> shards_;
};

}  // namespace signalbox::actions
