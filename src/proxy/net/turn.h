// Turn: whose turn it is to write to a peer. Two coroutines of one session may answer the client (the
// server's bytes, the gateway's own messages); a message begun must be finished first. A mutex for coroutines
// of one loop.
#pragma once

#include <coroutine>
#include <vector>

#include "proxy/net/loop.h"

namespace signalbox::proxy {

class Turn {
 public:
  explicit Turn(Loop& loop) : loop_(loop) {}

  struct Acquire {
    Turn& turn;
    bool await_ready() const noexcept {
      if (turn.taken_) return false;
      return turn.taken_ = true;
    }
    void await_suspend(std::coroutine_handle<> self) const { turn.waiting_.push_back(self); }
    void await_resume() const noexcept {}
  };
  /// co_await turn.acquire(): returns when it is the caller's turn, first come first served.
  Acquire acquire() { return {*this}; }

  void release() {
    if (waiting_.empty()) {
      taken_ = false;
      return;
    }
    loop_.defer(waiting_.front());  // the turn passes on without ever being free
    waiting_.erase(waiting_.begin());
  }
  bool taken() const { return taken_; }

 private:
  Loop& loop_;
  bool taken_ = false;
  std::vector<std::coroutine_handle<>> waiting_;
};

}  // namespace signalbox::proxy
