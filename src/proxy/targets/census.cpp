// Counters in maps; an entry that falls to zero is erased, so the maps are as large as what is connected.
#include "proxy/targets/census.h"

namespace signalbox::proxy {
namespace {

using Counts = std::unordered_map<std::string, std::size_t>;

bool exceeds(std::size_t count, std::size_t limit) {
  return limit != 0 && count > limit;
}

void drop(Counts& counts, const std::string& key) {
  const auto at = counts.find(key);
  if (at != counts.end() && --at->second == 0) counts.erase(at);
}

}  // namespace

void Census::use(ConnectionLimits limits) {
  std::lock_guard lock(mutex_);
  limits_ = limits;
}

std::optional<Crowded> Census::arrive(Place& place, std::string address) {
  std::lock_guard lock(mutex_);
  place.counted_ = true;
  place.address_ = std::move(address);
  const bool too_many = exceeds(++total_, limits_.total);
  const bool too_near = !place.address_.empty() && exceeds(++addresses_[place.address_], limits_.per_address);
  if (too_many) return Crowded::Total;
  if (too_near) return Crowded::Address;
  return std::nullopt;
}

std::optional<Crowded> Census::name(Place& place, std::string user, std::string database) {
  std::lock_guard lock(mutex_);
  place.named_ = true;
  place.user_ = std::move(user);
  place.database_ = std::move(database);
  const bool too_many_of_user = exceeds(++users_[place.user_], limits_.per_user);
  const bool too_many_of_database = exceeds(++databases_[place.database_], limits_.per_database);
  if (too_many_of_user) return Crowded::User;
  if (too_many_of_database) return Crowded::Database;
  return std::nullopt;
}

void Census::leave(Place& place) {
  std::lock_guard lock(mutex_);
  if (place.counted_) {
    --total_;
    if (!place.address_.empty()) drop(addresses_, place.address_);
  }
  if (place.named_) {
    drop(users_, place.user_);
    drop(databases_, place.database_);
  }
}

std::size_t Census::total() const {
  std::lock_guard lock(mutex_);
  return total_;
}

}  // namespace signalbox::proxy
