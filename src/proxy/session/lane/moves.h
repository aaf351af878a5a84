// Moves: a session goes on at another server, for good or for a visit. When that is safe stands in
// docs/routing.md.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/lane/state.h"
#include "proxy/session/ends.h"
#include "proxy/targets/choose.h"

namespace signalbox::proxy {

class Moves {
 public:
  Moves(Ends& ends, LaneSlot& lane) : ends_(ends), dialogue_(ends.dialogue), lane_(lane) {}

  /// Some configured target has the name, role and tags.
  bool is_target(const RouteWish& wish) const;
  /// What is wished for the message at hand. A refusal, where a wish insists and cannot be followed.
  /// `statements`: how many have been asked about; `leaves_state`: one may leave something at its server.
  Task<std::optional<Refusal>> settle_wishes(std::size_t statements, bool leaves_state);

  /// A visit is over, and nothing has been left that would be missed.
  bool must_return() const {
    return lane_ && lane_->home && dialogue_.book.at_rest() &&
           dialogue_.book.transaction() == Transaction::Idle && !dialogue_.is_held() &&
           ends_.from_server->bytes().empty();
  }
  Task<bool> go_home();

 private:
  Task<std::optional<Refusal>> follow(const RouteWish& wish, bool leaves_state);
  bool is_here(const RouteWish& wish) const;
  std::string_view cannot_move(bool visits, bool leaves_state) const;
  bool is_one_statement() const;
  Moment moment() const { return dialogue_.footprint.moment(ends_.loop().now_ns()); }

  Task<bool> move_to(std::shared_ptr<const Target> target, const RouteWish& wish);
  Task<std::unique_ptr<Leg>> open(std::shared_ptr<const Target> target);
  Task<bool> park_replies();
  void resume_replies();
  std::unique_ptr<Leg> exchange_leg(std::unique_ptr<Leg> next);
  std::unique_ptr<Leg> parked_leg(const std::string& target);
  Task<> tell_parameters(std::vector<std::pair<std::string, std::string>> parameters);

  Ends& ends_;
  Dialogue& dialogue_;
  LaneSlot& lane_;
};

}  // namespace signalbox::proxy
