// Health checks: each target is asked, again and again, whether it is up; a primary how far it has written, a
// replica how far it has replayed. What is known goes on the health board.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "proxy/net/channel.h"
#include "proxy/net/loop.h"
#include "proxy/net/resolver.h"
#include "proxy/net/task.h"
#include "proxy/targets/choose.h"

namespace signalbox::proxy {

class Monitor {
 public:
  Monitor(Loop& loop, Resolver& resolver, HealthBoard& board)
      : loop_(loop), resolver_(resolver), board_(board) {}

  /// Begins to ask, on the loop's thread; goes on for as long as this lives.
  void start(std::vector<std::shared_ptr<const Target>> targets, RoutingOptions options,
             TimeoutOptions timeouts);

 private:
  struct Watched {
    std::shared_ptr<const Target> target;
    std::unique_ptr<Channel> channel;  ///< null: not connected
  };
  /// Where the primary was, and when.
  struct Mark {
    std::int64_t at_ns;
    std::int64_t position;
  };
  Task<> run();
  Task<Result<void>> check(Watched& watched);
  Task<Result<void>> open(Watched& watched);
  void note(const Watched& watched, bool in_recovery, std::int64_t position, std::int64_t asked_ns);

  Loop& loop_;
  Resolver& resolver_;
  HealthBoard& board_;
  RoutingOptions options_;
  TimeoutOptions timeouts_;
  std::vector<Watched> watched_;
  std::vector<Mark> marks_;  ///< the oldest first
  Background life_;
};

}  // namespace signalbox::proxy
