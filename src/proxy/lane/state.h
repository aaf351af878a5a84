// LaneState: what sync actions have left behind in a session. Made when the first one does; a session without
// has an empty LaneSlot, and that is all it costs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actions/limits/limiter.h"
#include "base/deadline.h"
#include "proxy/hooks/event.h"
#include "proxy/lane/host.h"
#include "proxy/lane/portions.h"
#include "proxy/net/channel.h"
#include "proxy/net/timers.h"
#include "proxy/targets/cancel_registry.h"

namespace signalbox::proxy {

class Bounds;

/// A cancel request of the gateway's own, on its way. Outlives its session.
struct Cancelling {
  Bounds* bounds = nullptr;  ///< who wants to know; null when that has gone
  bool done = false;
};

/// A connection to a server that a session has, but does not use at present.
struct Leg {
  std::shared_ptr<const Target> target;
  std::unique_ptr<Channel> channel;
  ServerFacts facts;
  TlsFacts tls;
  std::int32_t process = 0;
  std::string key;
  CancelTarget cancel;
  std::vector<std::pair<std::string, std::string>> parameters = {};  ///< of a new one
};

struct LaneState {
  using Place = std::pair<std::string, actions::Limiter::Ticket>;
  std::vector<Place> held;  ///< until nothing is under way
  std::vector<Place> kept;  ///< until the session ends

  std::vector<Pin> pins;
  std::vector<std::string> given;  ///< parameters that policies have put into the startup packet
  bool late_pins = false;          ///< some pin is younger than what the client may have prepared

  std::optional<Refusal> client_must_encrypt;  ///< what it is told when it does not
  bool server_must_encrypt = false;

  unsigned errands = 0;  ///< under way, or given up and never heard of since

  // The answer to what is under way.
  std::optional<AnswerCap> cap;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  bool cutting = false;     ///< it is too large: the rest of its rows is dropped
  bool skipping = false;    ///< the client has been told; everything up to ReadyForQuery is dropped
  bool must_abort = false;  ///< the client takes the transaction for failed, the server does not yet

  std::unique_ptr<Timer> duration;
  std::int64_t duration_ns = 0;                ///< of the message about to go on
  std::int64_t duration_due_ns = 0;            ///< of what is under way; steady
  std::int64_t duration_asked_ns = 0;          ///< of what is under way; 0 = any
  std::optional<wire::ErrorFields> cancelled;  ///< it has been: what the client is told
  wire::ErrorFields cancel_error;
  std::shared_ptr<Cancelling> cancelling;
  Portions portions;
  /// What is under way is bounded.
  bool bounds() const { return cap || duration_asked_ns != 0; }

  std::vector<RouteWish> wishes;  ///< of the message at hand, or of the opening session
  Deadline wishes_due;            ///< the soonest of their deadlines
  std::unique_ptr<Leg> home;      ///< the session is visiting another server and comes back
  bool open_visit = false;        ///< its pipeline may go on
  std::vector<std::unique_ptr<Leg>> parked;
};

/// The place for one.
class LaneSlot {
 public:
  explicit operator bool() const { return state_ != nullptr; }
  LaneState* operator->() const { return state_.get(); }
  LaneState& operator*() const { return *state_; }
  /// Makes it when there is none.
  LaneState& made() {
    if (!state_) state_ = std::make_unique<LaneState>();
    return *state_;
  }

 private:
  std::unique_ptr<LaneState> state_;
};

}  // namespace signalbox::proxy
