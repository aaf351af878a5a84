// What the writer does between two rounds. While records keep coming it naps, so that no event loop pays for
// waking it; after a while without any it sleeps until a producer rings, or something is due.
#include <algorithm>

#include "actions/lanes/writer_round.h"

namespace signalbox::actions {

namespace {

constexpr std::size_t kSmallRound = 64;
constexpr std::chrono::microseconds kGroupWait{1000};
constexpr std::chrono::microseconds kNapMin{1000};
constexpr std::chrono::microseconds kNapMax{20'000};
constexpr std::chrono::microseconds kWatchful{200'000};
constexpr std::int64_t kSweepUs = 60'000'000;
constexpr std::size_t kSinksLookedAt = 64;

}  // namespace

void Writer::rest(std::size_t handled) {
  if (handled > 0) {
    nap_ = idle_ = std::chrono::microseconds(0);
    // A little patience makes groups out of single records.
    if (handled < kSmallRound) std::this_thread::sleep_for(kGroupWait);
    return;
  }
  if (idle_ >= kWatchful) return bell_.sleep(until_due(), [this] { return has_work(); });
  nap_ = std::clamp(nap_ * 2, kNapMin, kNapMax);
  idle_ += nap_;
  bell_.nap(nap_);
}

bool Writer::has_work() {
  const std::lock_guard lock(producers_mutex_);
  return std::ranges::any_of(producers_, [](const auto& producer) { return producer->ring().has_more(); });
}

/// How long until a round has something to do by itself. Nothing = for ever.
std::optional<std::chrono::microseconds> Writer::until_due() {
  const std::int64_t now_us = clock_.wall_ns() / 1000;
  std::optional<std::int64_t> due_us;
  const auto not_after = [&](std::int64_t time_us) { due_us = std::min(due_us.value_or(time_us), time_us); };
  const JobStore& jobs = stores_.jobs;
  if (jobs.count(JobState::Running) > 0) not_after(now_us + kHousekeepingUs);  // leases
  const bool finished =
      jobs.count(JobState::Completed) + jobs.count(JobState::Dead) + jobs.count(JobState::Cancelled) > 0;
  if (finished) not_after(now_us + kSweepUs);
  if (jobs.count(JobState::Pending) > 0) {
    const auto sinks = stores_.jobs.pending_sinks("", kSinksLookedAt);
    if (!sinks) return kNapMax;
    for (const PendingSink& sink : *sinks) not_after(sink.due_us);
    if (sinks->size() == kSinksLookedAt) not_after(now_us);
  }
  if (!due_us) return std::nullopt;
  // What is due and yet here waits for its sink's breaker, or for a runner.
  return std::chrono::microseconds(std::max<std::int64_t>(*due_us - now_us, kNapMax.count()));
}

}  // namespace signalbox::actions
