// SharedLimits: rates and places that several gateways count together, in Redis. Each question is one script
// there, so that two gateways cannot both take the last place; time is the server's, so that their clocks do
// not matter. Bounded by the client's deadline; what it means that the server is away is the caller's to say.
//
// A place is lent for a while and renewed as long as it is held: those of a gateway that has died come back.
// One per worker, on its loop.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "actions/limits/rate.h"
#include "actions/limits/ticket.h"
#include "base/deadline.h"
#include "proxy/net/loop.h"
#include "proxy/net/redis_client.h"
#include "proxy/net/task.h"

namespace signalbox::proxy {

class SharedLimits final : public actions::Places {
 public:
  struct Options {
    std::string prefix = "signalbox";  ///< of every key
    std::string holder;                ///< names this worker among all that share
    std::chrono::milliseconds lease{30'000};
  };
  SharedLimits(Loop& loop, RedisClient& redis, Options options);

  /// As actions::Limiter's; Timeout at the deadline, where that is sooner than the client's.
  Task<Result<actions::RateAnswer>> police(std::string key, actions::Rate rate, double cost,
                                           std::int64_t max_delay_ns, Deadline deadline = {});
  Task<Result<actions::RateAnswer>> police(std::string key, actions::Window window, double cost,
                                           Deadline deadline = {});
  /// An empty ticket: no place is free.
  Task<Result<actions::Ticket>> enter(std::string key, std::uint32_t places, Deadline deadline = {});
  void leave(std::string_view place) override;

 private:
  using Arguments = std::vector<std::string>;
  Task<Result<RespReply>> run(const char* script, std::string key, Arguments arguments, Deadline deadline);
  Task<Result<actions::RateAnswer>> ask_rate(const char* script, std::string key, Arguments arguments,
                                             Deadline deadline);
  void renew();

  Loop& loop_;
  RedisClient& redis_;
  const Options options_;
  std::uint64_t next_ = 0;
  std::unordered_map<std::string, std::string> held_;  ///< place -> its key in Redis
  Timer renewal_;
};

}  // namespace signalbox::proxy
