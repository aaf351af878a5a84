// Resolver: host names to addresses without blocking a loop. One thread asks the system's resolver; answers
// are kept for a short while. Shared by all loops.
#pragma once

#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "proxy/net/address.h"
#include "proxy/net/loop.h"

namespace signalbox::proxy {

class Resolver {
 public:
  Resolver();
  ~Resolver();

  using Answer = Result<std::vector<Endpoint>>;

  /// co_await resolver.resolve(loop, host, port): resumes on that loop. Addresses in digits and directories
  /// of UNIX sockets do not suspend. Wait for it only in a coroutine that outlives the answer.
  class Resolve {
   public:
    Resolve(Resolver& resolver, Loop& loop, std::string host, std::uint16_t port)
        : resolver_(resolver), loop_(loop), host_(std::move(host)), port_(port) {}
    bool await_ready();
    void await_suspend(std::coroutine_handle<> self);
    Answer await_resume() { return std::move(answer_); }

   private:
    friend class Resolver;
    Resolver& resolver_;
    Loop& loop_;
    std::string host_;
    std::uint16_t port_;
    std::coroutine_handle<> self_;
    Answer answer_;
  };
  Resolve resolve(Loop& loop, std::string host, std::uint16_t port) {
    return {*this, loop, std::move(host), port};
  }

 private:
  struct Known {
    std::vector<Endpoint> endpoints;
    std::chrono::steady_clock::time_point until;
  };
  using Name = std::pair<std::string, std::uint16_t>;
  void serve();

  std::mutex mutex_;
  std::condition_variable asked_;
  std::deque<Resolve*> questions_;
  std::map<Name, Known> known_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace signalbox::proxy
