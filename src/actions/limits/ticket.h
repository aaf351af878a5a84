// Ticket: one of the places that a key has; gives it back when it goes. An empty one holds none.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace signalbox::actions {

/// Who lends places: this gateway's own count, or one that several gateways share.
class Places {
 public:
  virtual ~Places() = default;
  virtual void leave(std::string_view place) = 0;
};

class Ticket {
 public:
  Ticket() = default;
  /// Borrows who lent it.
  Ticket(Places& places, std::string place) : places_(&places), place_(std::move(place)) {}
  Ticket(Ticket&& other) noexcept
      : places_(std::exchange(other.places_, nullptr)), place_(std::move(other.place_)) {}
  Ticket& operator=(Ticket&& other) noexcept {
    std::swap(places_, other.places_);
    std::swap(place_, other.place_);
    return *this;
  }
  ~Ticket() {
    if (places_ != nullptr) places_->leave(place_);
  }
  explicit operator bool() const { return places_ != nullptr; }

 private:
  Places* places_ = nullptr;
  std::string place_;
};

}  // namespace signalbox::actions
