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
#include <utility>
#include <vector>

#include "actions/limits/rate.h"

namespace signalbox::actions {

struct LimiterRow {
  std::string key;
  std::uint64_t admitted = 0, refused = 0;
  std::uint32_t in_flight = 0;
};

class Limiter {
 public:
  explicit Limiter(std::size_t max_keys = 100'000);
  ~Limiter();

  RateAnswer police(std::string_view key, const Rate& rate, double cost, std::int64_t now_ns,
                    std::int64_t max_delay_ns = 0);
  RateAnswer police(std::string_view key, const Window& window, double cost, std::int64_t now_ns);

  /// One of the places that a key has; gives it back when it goes. An empty ticket holds none.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept
        : limiter_(std::exchange(other.limiter_, nullptr)), key_(std::move(other.key_)) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(limiter_, other.limiter_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~Ticket();
    explicit operator bool() const { return limiter_ != nullptr; }

   private:
    friend class Limiter;
    Ticket(Limiter* limiter, std::string key) : limiter_(limiter), key_(std::move(key)) {}
    Limiter* limiter_ = nullptr;
    std::string key_;
  };
  /// A place among at most `limit`; empty when they are all taken.
  Ticket enter(std::string_view key, std::uint32_t limit);

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
  void leave(std::string_view key);

  const std::size_t max_keys_a_shard_;
  std::unique_ptr<std::array<Shard, 64>> shards_;
};

}  // namespace signalbox::actions
