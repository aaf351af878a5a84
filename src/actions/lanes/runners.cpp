// A thread takes several short jobs at a time, so that the lock is not what limits them; a handler that waits
// on a network gets one at a time because the queue is then shorter than the threads are many.
#include "actions/lanes/runners.h"

#include <algorithm>
#include <chrono>
#include <exception>

namespace signalbox::actions {

namespace {
constexpr std::uint32_t kQueuedWhileShort = 1024;  // a thread
constexpr std::chrono::microseconds kShort{50};
}  // namespace

Runners::Runners(std::vector<std::unique_ptr<JobHandler>> handlers, std::uint32_t threads,
                 std::function<void()> on_finished)
    : handlers_(std::move(handlers)),
      on_finished_(std::move(on_finished)),
      thread_count_(std::max(1u, threads)) {
  for (std::uint32_t i = 0; i < thread_count_; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

Runners::~Runners() {
  stop();
}

bool Runners::knows(std::string_view action) const {
  return std::ranges::any_of(handlers_, [&](const auto& handler) { return handler->action() == action; });
}

std::uint32_t Runners::room() const {
  const std::uint32_t queued = short_jobs_.load(std::memory_order_relaxed) ? kQueuedWhileShort : 1;
  const std::uint32_t capacity = thread_count_ * (1 + queued);
  return capacity - std::min(capacity, busy());
}

void Runners::submit(std::vector<ClaimedJob> jobs) {
  if (jobs.empty()) return;
  inside_.fetch_add(static_cast<std::uint32_t>(jobs.size()), std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
    std::ranges::move(jobs, std::back_inserter(queue_));
  }
  if (jobs.size() == 1) {
    wake_.notify_one();
  } else {
    wake_.notify_all();
  }
}

void Runners::collect(std::vector<FinishedJob>& out) {
  const std::lock_guard lock(finished_mutex_);
  inside_.fetch_sub(static_cast<std::uint32_t>(finished_.size()), std::memory_order_relaxed);
  std::ranges::move(finished_, std::back_inserter(out));
  finished_.clear();
}

std::vector<ClaimedJob> Runners::withdraw() {
  const std::lock_guard lock(mutex_);
  std::vector<ClaimedJob> left(std::make_move_iterator(queue_.begin() + static_cast<std::ptrdiff_t>(next_)),
                               std::make_move_iterator(queue_.end()));
  queue_.clear();
  next_ = 0;
  inside_.fetch_sub(static_cast<std::uint32_t>(left.size()), std::memory_order_relaxed);
  return left;
}

void Runners::stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Runners::work(const std::stop_token& stop) {
  std::vector<ClaimedJob> mine;
  std::vector<FinishedJob> done;
  bool short_jobs = false;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [this] { return next_ < queue_.size(); })) return;
      const std::size_t waiting = queue_.size() - next_;
      const std::size_t share = short_jobs ? std::max<std::size_t>(1, waiting / thread_count_ / 2) : 1;
      for (std::size_t i = 0; i < share; ++i) mine.push_back(std::move(queue_[next_++]));
    }
    const auto begun = std::chrono::steady_clock::now();
    for (auto& claimed : mine) {
      Attempt attempt = run(claimed.job, stop);
      done.push_back({std::move(claimed), std::move(attempt)});
    }
    short_jobs = std::chrono::steady_clock::now() - begun < kShort * mine.size();
    short_jobs_.store(short_jobs, std::memory_order_relaxed);
    mine.clear();
    {
      const std::lock_guard lock(finished_mutex_);
      std::ranges::move(done, std::back_inserter(finished_));
    }
    done.clear();
    on_finished_();
  }
}

Attempt Runners::run(const Job& job, const std::stop_token& stop) {
  const auto handler =
      std::ranges::find_if(handlers_, [&](const auto& h) { return h->action() == job.action; });
  if (handler == handlers_.end()) return Attempt::failed("nothing here runs the action " + job.action);
  try {
    return (*handler)->run(job, stop);
  } catch (const std::exception& e) {
    // A library that throws must not take the gateway down, nor the job with it.
    return Attempt::again(std::string("exception: ") + e.what());
  }
}

}  // namespace signalbox::actions
