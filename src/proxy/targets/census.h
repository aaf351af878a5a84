// Census: how many sessions there are, in all and per user, database and address, over all loops; and the
// limits on them. Touched when a session begins or ends, never by traffic.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "proxy/gateway_options.h"

namespace signalbox::proxy {

enum class Crowded : std::uint8_t { Total, User, Database, Address };

class Census {
 public:
  explicit Census(ConnectionLimits limits) : limits_(limits) {}
  void use(ConnectionLimits limits);

  /// Somebody's places, given back when it goes.
  class Place {
   public:
    explicit Place(Census& census) : census_(&census) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { census_->leave(*this); }

   private:
    friend class Census;
    Census* census_;
    bool counted_ = false;
    bool named_ = false;
    std::string address_;
    std::string user_;
    std::string database_;
  };

  /// A client from this address ("" = UNIX socket, not limited). Counted even when it is told that it is
  /// crowded: its refusal occupies a place too.
  std::optional<Crowded> arrive(Place& place, std::string address);
  /// Its user and database have become known.
  std::optional<Crowded> name(Place& place, std::string user, std::string database);

  std::size_t total() const;

 private:
  using Counts = std::unordered_map<std::string, std::size_t>;
  void leave(Place& place);

  mutable std::mutex mutex_;
  ConnectionLimits limits_;
  std::size_t total_ = 0;
  Counts addresses_;
  Counts users_;
  Counts databases_;
};

}  // namespace signalbox::proxy
