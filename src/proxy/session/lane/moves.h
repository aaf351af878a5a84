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

#include "proxy/lane/lane.h"
#include "proxy/lane/state.h"
#include "proxy/session/ends.h"
#include "proxy/session/lane/pipeline.h"
#include "proxy/targets/choose.h"

namespace signalbox::proxy {

class Moves {
 public:
  /// The message that a wish is about.
  struct Message {
    std::size_t statements = 1;  ///< that have been asked about
    int moves = 0;               ///< that have been made for it
    bool leaves_state = false;   ///< one may leave something at its server
    bool copies = false;         ///< it is a COPY: its pipeline has no Sync until its data has come
  };

  Moves(Ends& ends, LaneSlot& lane) : ends_(ends), dialogue_(ends.dialogue), lane_(lane) {}

  /// Some configured target has the name, role and tags.
  bool is_target(const RouteWish& wish) const;
  /// What is wished for the message at hand, and what came of it. A refusal, where a wish insists and cannot
  /// be followed.
  Task<LaneOutcome> settle_wishes(Message message);

  /// How often the session has been moved.
  std::uint64_t made() const { return made_; }

  /// A pipeline that has gone to another server for one COPY goes on with something that nobody sent there.
  bool goes_astray(char type);

  /// A visit is over, and nothing has been left that would be missed.
  bool must_return() const {
    return lane_ && lane_->home && dialogue_.book.at_rest() &&
           dialogue_.book.transaction() == Transaction::Idle && !dialogue_.is_held() &&
           ends_.from_server->bytes().empty();
  }
  Task<bool> go_home();

 private:
  Task<LaneOutcome> follow(const RouteWish& wish, Message message, Deadline due);
  LaneOutcome stays(bool refuses, std::string_view why);
  bool is_here(const RouteWish& wish) const;
  std::string_view cannot_leave(bool visits, Message message) const;
  Task<std::optional<Pipeline::Extent>> hold_pipeline();
  Moment moment() const { return dialogue_.footprint.moment(ends_.loop().now_ns()); }

  Task<bool> move_to(std::shared_ptr<const Target> target, const RouteWish& wish, Deadline due);
  Task<std::unique_ptr<Leg>> open(std::shared_ptr<const Target> target, Deadline due);
  Task<bool> park_replies(Deadline due = {});
  void resume_replies();
  std::unique_ptr<Leg> exchange_leg(std::unique_ptr<Leg> next);
  std::unique_ptr<Leg> parked_leg(const std::string& target);
  Task<> tell_parameters(std::vector<std::pair<std::string, std::string>> parameters);

  Ends& ends_;
  Dialogue& dialogue_;
  LaneSlot& lane_;
  std::uint64_t made_ = 0;
};

}  // namespace signalbox::proxy
