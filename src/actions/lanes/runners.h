// Runners: the threads that run claimed jobs. The writer hands batches in and takes finished ones out.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string_view>
#include <thread>
#include <vector>

#include "actions/lanes/job_handler.h"
#include "actions/store/job_store.h"

namespace signalbox::actions {

struct FinishedJob {
  ClaimedJob claimed;
  Attempt attempt;
};

class Runners {
 public:
  /// `on_finished` is called on a runner thread when something can be collected.
  Runners(std::vector<std::unique_ptr<JobHandler>> handlers, std::uint32_t threads,
          std::function<void()> on_finished);
  ~Runners();

  bool knows(std::string_view action) const;
  /// Jobs that may be handed in now: threads and a queue, longer while jobs are short, less what is inside.
  std::uint32_t room() const;
  void submit(std::vector<ClaimedJob> jobs);
  /// Moves what has finished since to the end of `out`.
  void collect(std::vector<FinishedJob>& out);

  /// Gives back the jobs that no thread has started.
  std::vector<ClaimedJob> withdraw();
  /// Jobs inside, running or queued.
  std::uint32_t busy() const { return inside_.load(std::memory_order_relaxed); }
  /// Asks running handlers to give up, then joins.
  void stop();

 private:
  void work(const std::stop_token& stop);
  Attempt run(const Job& job, const std::stop_token& stop);

  std::vector<std::unique_ptr<JobHandler>> handlers_;
  std::function<void()> on_finished_;
  std::uint32_t thread_count_;
  std::atomic<bool> short_jobs_{false};
  std::atomic<std::uint32_t> inside_{0};  ///< submitted and not collected
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<ClaimedJob> queue_;  ///< guarded by mutex_; taken from next_
  std::size_t next_ = 0;
  std::mutex finished_mutex_;
  std::vector<FinishedJob> finished_;
  std::vector<std::jthread> threads_;
};

}  // namespace signalbox::actions
