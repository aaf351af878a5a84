// Loop: one thread's event loop: epoll, deadlines, work posted by other threads, and the scratch buffer into
// which every read of this thread goes.
//
// Why not a general library: the data path is one recv, one send and one epoll_wait per half round trip, and
// a pending read must not own a buffer (10,000 idle sessions would). See docs/decisions for the figures.
// Thread rule: everything but post() and stop() belongs to the thread that runs the loop.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "proxy/net/fd.h"
#include "proxy/net/timers.h"

namespace signalbox::proxy {

class Inlet;

/// Something with a file descriptor that the loop watches. May be destroyed by its own or any other callback.
class Pollable {
 public:
  virtual ~Pollable() = default;
  virtual void on_events(std::uint32_t epoll_events) = 0;
};

class Loop {
 public:
  static constexpr std::size_t kScratchBytes = 64 * 1024;

  Loop();

  /// Runs until stop(). Ready coroutines, then events, then deadlines, for ever.
  void run();
  void stop();
  /// Runs `work` on the loop's thread, soon. Any thread.
  void post(std::function<void()> work);

  void watch(int fd, std::uint32_t epoll_events, Pollable& pollable);
  void change(int fd, std::uint32_t epoll_events, Pollable& pollable);
  void forget(int fd, Pollable& pollable);

  /// Resumes the coroutine after the events at hand; how a busy session lets others go first.
  void defer(std::coroutine_handle<> ready) { ready_.push_back(ready); }

  /// Valid until the next suspension of the coroutine that filled it: any other read may use it then. An
  /// inlet that has bytes here is told first.
  std::span<char> scratch() { return {scratch_.get(), kScratchBytes}; }
  Inlet*& scratch_user() { return scratch_user_; }
  /// Steady time of the last wake-up: cheap, and exact enough for deadlines.
  std::int64_t now_ns() const { return now_ns_; }
  Timers& timers() { return timers_; }

 private:
  class Wakeup;
  void run_posted();
  void run_ready();
  void dispatch(int count);

  Fd epoll_;
  Fd wake_;
  std::unique_ptr<char[]> scratch_;
  Inlet* scratch_user_ = nullptr;  ///< whose unconsumed bytes lie in it
  std::array<epoll_event, 128> events_{};
  int batch_ = 0;    ///< events of the present batch
  int current_ = 0;  ///< the one being handled
  std::vector<std::coroutine_handle<>> ready_;
  std::vector<std::coroutine_handle<>> running_;
  Timers timers_;
  std::int64_t now_ns_ = 0;
  bool stopping_ = false;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  ///< guarded by mutex_
};

/// co_await yield_to(loop): lets everything else that is ready run once.
struct YieldStep {
  Loop& loop;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) const { loop.defer(self); }
  void await_resume() const noexcept {}
};
inline YieldStep yield_to(Loop& loop) {
  return {loop};
}

/// co_await sleep_on(loop, 10ms).
struct SleepStep {
  Loop& loop;
  std::chrono::nanoseconds time;
  std::coroutine_handle<> self{};
  Timer timer{[this] { self.resume(); }};
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    self = handle;
    timer.arm(loop.timers(), time);
  }
  void await_resume() const noexcept {}
};

}  // namespace signalbox::proxy
