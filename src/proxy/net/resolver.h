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
  class Resolve;
  struct Question {
    const std::string host;
    const std::uint16_t port;
    Loop& loop;
    Resolve* asker;  ///< guarded by mutex_, and written on the loop's thread; null: nobody waits any more
    Answer answer;
  };

  /// co_await resolver.resolve(loop, host, port): resumes on that loop, with Timeout where `patience` (0 =
  /// none) runs out first. Addresses in digits and directories of UNIX sockets do not suspend. May be
  /// destroyed, on the loop's thread, while it waits.
  class Resolve {
   public:
    Resolve(Resolver& resolver, Loop& loop, std::string host, std::uint16_t port,
            std::chrono::nanoseconds patience)
        : resolver_(resolver), loop_(loop), host_(std::move(host)), port_(port), patience_(patience) {}
    Resolve(const Resolve&) = delete;
    Resolve& operator=(const Resolve&) = delete;
    ~Resolve() { withdraw(); }
    bool await_ready();
    void await_suspend(std::coroutine_handle<> self);
    Answer await_resume() { return std::move(answer_); }

   private:
    friend class Resolver;
    void withdraw();
    void resume_with(Answer answer);
    Resolver& resolver_;
    Loop& loop_;
    const std::string host_;
    const std::uint16_t port_;
    const std::chrono::nanoseconds patience_;
    std::coroutine_handle<> self_;
    std::shared_ptr<Question> question_;
    Timer timer_{[this] {
      resume_with(fail(ErrorCode::Timeout, "\"" + host_ + "\": its address was not found in time"));
    }};
    Answer answer_;
  };
  Resolve resolve(Loop& loop, std::string host, std::uint16_t port, std::chrono::nanoseconds patience = {}) {
    return {*this, loop, std::move(host), port, patience};
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
  std::deque<std::shared_ptr<Question>> questions_;
  std::map<Name, Known> known_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace signalbox::proxy
