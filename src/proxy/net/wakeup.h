// Wakeup: one coroutine sleeps until another of its loop wakes it. Nobody sleeping, waking does nothing; so
// whoever sleeps looks first whether there is still something to sleep for.
#pragma once

#include <coroutine>
#include <utility>

#include "proxy/net/loop.h"

namespace signalbox::proxy {

class Wakeup {
 public:
  explicit Wakeup(Loop& loop) : loop_(loop) {}

  struct Sleep {
    Wakeup& wakeup;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) const { wakeup.sleeper_ = self; }
    void await_resume() const noexcept {}
  };
  /// co_await wakeup.sleep(): returns after the next wake().
  Sleep sleep() { return {*this}; }

  /// The sleeper goes on at the loop's next turn.
  void wake() {
    if (sleeper_) loop_.defer(std::exchange(sleeper_, {}));
  }
  bool has_sleeper() const { return static_cast<bool>(sleeper_); }

 private:
  Loop& loop_;
  std::coroutine_handle<> sleeper_;
};

}  // namespace signalbox::proxy
