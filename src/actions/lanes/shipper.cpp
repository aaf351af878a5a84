// A sink that fails is tried again for ever, with growing pauses, with the same batch: the log behind it is
// bounded by its own size, and what fell out of it is reported to the sink as a gap line.
#include "actions/lanes/shipper.h"

#include <fmt/format.h>

#include <algorithm>

namespace signalbox::actions {

namespace {
constexpr std::size_t kBatchBytes = 256 * 1024;
constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{5000};
}  // namespace

Shipper::Shipper(std::string directory, Cursor cursor, std::unique_ptr<StreamSink> sink)
    : reader_(std::move(directory), cursor.position()),
      cursor_(std::move(cursor)),
      sink_(std::move(sink)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Shipper::~Shipper() {
  stop(std::chrono::steady_clock::now());
}

void Shipper::wake() {
  {
    const std::lock_guard lock(mutex_);
    awake_ = true;
  }
  condition_.notify_one();
}

void Shipper::stop(std::chrono::steady_clock::time_point deadline) {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    deadline_ = deadline;
  }
  thread_.request_stop();
  wake();
  thread_.join();
}

Result<void> Shipper::collect() {
  while (batch_.size() < kBatchBytes) {
    auto record = reader_.next();
    if (!record) {
      // Damage: say so in the stream itself and go on behind it.
      if (!reader_.skip_segment()) return std::unexpected(record.error());
      errors_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    if (record->sequence == 0) break;
    if (record->missed > 0) {
      missed_.fetch_add(record->missed, std::memory_order_relaxed);
      batch_ +=
          fmt::format("{{\"gap\":{{\"records\":{},\"before\":{}}}}}\n", record->missed, record->sequence);
    }
    batch_.append(record->payload) += '\n';
    ++batch_lines_;
    batch_end_ = record->sequence + 1;
  }
  return {};
}

Result<bool> Shipper::ship() {
  if (batch_.empty()) {
    if (auto collected = collect(); !collected) return std::unexpected(collected.error());
    if (batch_.empty()) return false;
  }
  if (auto written = sink_->write(batch_); !written) return std::unexpected(written.error());
  shipped_.fetch_add(batch_lines_, std::memory_order_relaxed);
  batch_.clear();
  batch_lines_ = 0;
  if (auto saved = cursor_.save(batch_end_, false); !saved) return std::unexpected(saved.error());
  return true;
}

void Shipper::run(const std::stop_token& stop) {
  std::chrono::milliseconds pause = kFirstPause;
  for (;;) {
    const auto shipped = ship();
    if (shipped && *shipped) {
      pause = kFirstPause;
      continue;
    }
    std::unique_lock lock(mutex_);
    const bool late = std::chrono::steady_clock::now() >= deadline_;
    if (stop.stop_requested() && (shipped || late)) return;
    if (!shipped) {
      errors_.fetch_add(1, std::memory_order_relaxed);
      condition_.wait_for(lock, pause);
      pause = std::min(pause * 2, kLongestPause);
    } else {
      condition_.wait(lock, [this] { return awake_; });
      awake_ = false;
    }
  }
}

}  // namespace signalbox::actions
