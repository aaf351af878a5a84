// Shipper: the thread that carries lines from the segment log to their sink, in order, at its own pace. Its
// place is a durable cursor: after kill -9 it repeats at most the last batch (each line has its number, so a
// repetition shows).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "actions/lanes/stream_sink.h"
#include "actions/store/segment_log.h"

namespace signalbox::actions {

class Shipper {
 public:
  Shipper(std::string directory, Cursor cursor, std::unique_ptr<StreamSink> sink);
  ~Shipper();

  /// There may be new records.
  void wake();
  /// Ships what is committed until `deadline`, then stops.
  void stop(std::chrono::steady_clock::time_point deadline);

  std::uint64_t shipped() const { return shipped_.load(std::memory_order_relaxed); }
  std::uint64_t missed() const { return missed_.load(std::memory_order_relaxed); }
  std::uint64_t errors() const { return errors_.load(std::memory_order_relaxed); }

 private:
  void run(const std::stop_token& stop);
  /// One batch. False when there is nothing to ship.
  Result<bool> ship();
  Result<void> collect();

  LogReader reader_;
  Cursor cursor_;
  std::unique_ptr<StreamSink> sink_;
  std::string batch_;  ///< lines not yet taken by the sink
  std::uint64_t batch_lines_ = 0;
  std::uint64_t batch_end_ = 0;  ///< cursor once the sink has them
  std::atomic<std::uint64_t> shipped_{0}, missed_{0}, errors_{0};
  std::mutex mutex_;
  std::condition_variable condition_;
  bool awake_ = false;
  std::chrono::steady_clock::time_point deadline_;
  std::jthread thread_;
};

}  // namespace signalbox::actions
