// CancelRegistry: which server gave out which cancel key. Shared by all loops; touched when a session begins
// or ends and when a cancel request comes, never by traffic.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "proxy/net/address.h"
#include "proxy/targets/connect.h"

namespace signalbox::proxy {

/// Where to send a cancel request, and how.
struct CancelTarget {
  std::shared_ptr<const Target> target;
  Endpoint endpoint;
  Encryption encryption = Encryption::Plain;
  std::int32_t process = 0;  ///< what this server knows the session by, when the client knows it by another's
  std::string key = {};      ///< "" = the client's own
};

class CancelRegistry {
 public:
  /// Removes its entry when it goes.
  class Entry {
   public:
    Entry() = default;
    Entry(CancelRegistry& registry, std::int32_t process, std::uint64_t number)
        : registry_(&registry), process_(process), number_(number) {}
    Entry(Entry&& other) noexcept { *this = std::move(other); }
    Entry& operator=(Entry&& other) noexcept {
      std::swap(registry_, other.registry_);
      std::swap(process_, other.process_);
      std::swap(number_, other.number_);
      return *this;
    }
    ~Entry() {
      if (registry_ != nullptr) registry_->remove(process_, number_);
    }

   private:
    CancelRegistry* registry_ = nullptr;
    std::int32_t process_ = 0;
    std::uint64_t number_ = 0;
  };

  Entry add(std::int32_t process, std::string_view key, CancelTarget target);
  /// Nothing when no live session has this process and this very key; compared in constant time.
  std::optional<CancelTarget> find(std::int32_t process, std::string_view key) const;

  /// Bounds the cancel requests on their way: false when there are too many.
  bool begin(std::size_t limit);
  void end() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  struct Known {
    std::uint64_t number;
    std::string key;
    CancelTarget target;
  };
  void remove(std::int32_t process, std::uint64_t number);

  mutable std::mutex mutex_;
  std::unordered_multimap<std::int32_t, Known> known_;
  std::uint64_t next_ = 1;
  std::atomic<std::size_t> in_flight_ = 0;
};

}  // namespace signalbox::proxy
