// LaneHost: the session as the executors of sync actions see it: what it knows, and the few things that can
// be done to it beside letting the message at hand pass. Two implementations: Session, and a fake in tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actions/limits/block_list.h"
#include "actions/limits/limiter.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/metrics.h"
#include "proxy/net/task.h"
#include "proxy/session/refusal.h"
#include "proxy/targets/choose.h"

namespace signalbox::proxy {

class SharedLimits;

/// What all sessions share.
struct LaneServices {
  actions::Limiter& limiter;
  actions::BlockList& blocks;
  const Clock& clock;
  MetricsShard& metrics;
  SharedLimits* shared = nullptr;                                ///< null: each gateway counts for itself
  bool counts_alone = true;                                      ///< also while what is shared is away
  std::chrono::nanoseconds deadline = std::chrono::seconds(30);  ///< of an action that has none of its own
};

/// A parameter that the client may not change.
struct Pin {
  std::string name;            ///< lower case
  bool ignores = false;        ///< SET and RESET are answered and not carried out
  bool refuses_hidden = true;  ///< what hides its settings is refused
  bool is_default = false;     ///< RESET goes back to the pinned value
  Refusal refusal;
};

/// What the answer to the message at hand may be.
struct AnswerCap {
  std::uint64_t rows = ~std::uint64_t{0};
  std::uint64_t bytes = ~std::uint64_t{0};
  std::uint64_t columns = ~std::uint64_t{0};  ///< of a row; of COPY they are not counted
  wire::ErrorFields error;
};

/// What came of setting a parameter.
struct SetAnswer {
  std::optional<Refusal> refusal = std::nullopt;  ///< the server's error
  bool late = false;                              ///< it has not answered: nobody knows what is set
};

class LaneHost {
 public:
  virtual ~LaneHost() = default;
  virtual LaneServices services() = 0;

  /// Waits; less long when the session ends meanwhile.
  virtual Task<> rest(std::chrono::nanoseconds time) = 0;

  virtual bool client_is_encrypted() const = 0;
  virtual bool server_is_encrypted() const = 0;
  virtual void want_client_encrypted(Refusal otherwise) = 0;
  virtual void want_server_encrypted() = 0;

  /// A parameter of the startup packet, before that is sent to a server.
  virtual void set_at_startup(std::string_view name, std::string_view value) = 0;
  /// SET, or SET LOCAL, before the message at hand. The server's error when it does not.
  /// `time` is the server's, from when it has answered all that the client sent before.
  virtual Task<SetAnswer> set_parameter(std::string name, std::string value, bool local,
                                        std::chrono::nanoseconds time) = 0;
  /// At startup: nothing, or why the startup packet may not pass.
  virtual std::optional<Refusal> pin(Pin pin) = 0;

  /// For policies to read; false: the session has too many.
  virtual bool tag(std::string_view name, std::string_view value) = 0;

  /// Ends the session with these words as soon as no transaction is open.
  virtual void end_when_idle(wire::ErrorFields last_words) = 0;

  /// True when the session has a place of this name already; until the end of what is under way, or for its
  /// life.
  virtual bool holds(std::string_view place) const = 0;
  virtual void hold(std::string place, actions::Limiter::Ticket ticket, bool for_life) = 0;
  /// The strictest of several holds.
  virtual Task<> cap_answer(AnswerCap cap) = 0;
  virtual void cancel_after(std::chrono::nanoseconds time, wire::ErrorFields error) = 0;

  /// Some configured target has the name, role and tags.
  virtual bool is_target(const RouteWish& wish) const = 0;
  /// The session moves when every statement of its message has been asked about, by the soonest deadline.
  virtual void wish(RouteWish wish, Deadline deadline) = 0;
  virtual const std::vector<std::string>& forward_networks() const = 0;
};

}  // namespace signalbox::proxy
