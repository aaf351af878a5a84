// Doorbell: how producers wake a consumer that has gone to sleep. Ringing costs a fence and a load while the
// consumer is awake, and a call of the system when it sleeps.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

namespace signalbox::actions {

class Doorbell {
 public:
  /// Any thread, after what there is to do has been made visible.
  void ring() {
    // Either the consumer sees the work before it sleeps, or this thread sees that it sleeps.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (asleep_.load(std::memory_order_relaxed)) wake();
  }
  /// Any thread: ends the present sleep, or the next one before it begins.
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    condition_.notify_one();
  }

  // The consumer's.

  /// Sleeps for `time` at most, whatever rings; wake() ends it.
  void nap(std::chrono::microseconds time) {
    std::unique_lock lock(mutex_);
    condition_.wait_for(lock, time, [this] { return woken_; });
    woken_ = false;
  }
  /// Sleeps until somebody rings, for `time` at most, unless `has_work()`. Nothing = as long as it takes.
  template <class F>
  void sleep(std::optional<std::chrono::microseconds> time, F&& has_work) {
    asleep_.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!has_work()) {
      std::unique_lock lock(mutex_);
      const auto woken = [this] { return woken_; };
      if (time) {
        condition_.wait_for(lock, *time, woken);
      } else {
        condition_.wait(lock, woken);
      }
      woken_ = false;
    }
    asleep_.store(false, std::memory_order_relaxed);
  }

 private:
  std::atomic<bool> asleep_{false};
  std::mutex mutex_;
  std::condition_variable condition_;
  bool woken_ = false;  ///< guarded by mutex_
};

}  // namespace signalbox::actions
