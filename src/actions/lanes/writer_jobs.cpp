// What a round does to the job table, inside one transaction. Nothing here changes the writer's own memory
// except through Round::Effects, so that a transaction that fails can simply be run again.
#include <algorithm>

#include "actions/lanes/retry.h"
#include "actions/lanes/writer_round.h"

namespace signalbox::actions {

namespace {

constexpr std::size_t kSinksARound = 64;
constexpr std::size_t kMaxError = 1024;

JobResult result_of(const ClaimedJob& claimed, const Attempt& attempt) {
  const bool ok = attempt.outcome == Attempt::Outcome::Done;
  return {.job = claimed.job.id,
          .action = claimed.job.action,
          .origin = claimed.job.origin,
          .ok = ok,
          .value = ok ? attempt.value : "null",
          .error = ok ? std::string() : attempt.error,
          .attempts = claimed.job.attempt,
          .fence = claimed.job.fence};
}

}  // namespace

Result<void> Writer::settle_finished(Round& round) {
  std::vector<const FinishedJob*> done;
  std::vector<JobOutcome> outcomes;
  for (const FinishedJob& finished : finished_) {
    const std::string_view error = std::string_view(finished.attempt.error).substr(0, kMaxError);
    const JobOutcome outcome{finished.claimed.row, finished.claimed.job.fence, finished.attempt.value, error};
    if (finished.attempt.outcome == Attempt::Outcome::Done) {
      done.push_back(&finished);
      outcomes.push_back(outcome);
      continue;
    }
    auto held = settle(round, finished, outcome);
    if (!held) return std::unexpected(held.error());
  }
  auto held = stores_.jobs.complete_all(outcomes, round.now_us);
  if (!held) return std::unexpected(held.error());
  for (std::size_t i = 0; i < done.size(); ++i) {
    round.effects.completed += (*held)[i];
    note(round, *done[i], (*held)[i]);
  }
  return {};
}

/// One that has failed, for now or for good.
Result<bool> Writer::settle(Round& round, const FinishedJob& finished, const JobOutcome& outcome) {
  const Job& job = finished.claimed.job;
  const Attempt& attempt = finished.attempt;
  Round::Effects& effects = round.effects;
  if (attempt.outcome == Attempt::Outcome::Retry && job.attempt < job.max_attempts) {
    const std::int64_t delay =
        retry_delay_us(job.attempt, options_.retry.base, options_.retry.cap, attempt.not_before, random_());
    auto held = stores_.jobs.retry(outcome, round.now_us, round.now_us + delay);
    effects.retried += held.value_or(false);
    effects.stale += held && !*held;
    return held;
  }
  auto held = stores_.jobs.fail(outcome, round.now_us);
  effects.dead += held.value_or(false);
  if (held) note(round, finished, *held);
  return held;
}

/// The last that is heard of it.
void Writer::note(Round& round, const FinishedJob& finished, bool held) {
  if (!held) {
    ++round.effects.stale;
  } else if (finished.claimed.job.wants_result) {
    round.effects.results.push_back(result_of(finished.claimed, finished.attempt));
  }
}

Result<void> Writer::put_back(Round& round) {
  for (const ClaimedJob& claimed : withdrawn_) {
    auto held = stores_.jobs.put_back({.row = claimed.row, .fence = claimed.job.fence}, round.now_us);
    if (!held) return std::unexpected(held.error());
  }
  return {};
}

Result<void> Writer::run_commands(Round& round) {
  for (const Waiting& waiting : round.commands) {
    auto answer = waiting.command(stores_.jobs, round.now_us);
    if (!answer) return std::unexpected(answer.error());
    round.effects.answers.push_back(answer);
  }
  return {};
}

std::uint32_t Writer::slots(const Round& round, std::string_view sink) const {
  const std::uint32_t free = breakers_.free_slots(sink, options_.sink_concurrency, round.now_us);
  const auto taken = round.effects.taken.find(sink);
  const std::uint32_t gone = taken == round.effects.taken.end() ? 0 : taken->second;
  return std::min(round.room, free - std::min(free, gone));
}

Result<void> Writer::claim_due(Round& round) {
  if (round.room == 0 || stores_.jobs.count(JobState::Pending) == 0) return {};
  // Walks on from where the last round ran out of room, so that no sink starves behind another.
  auto sinks = stores_.jobs.pending_sinks(last_sink_, kSinksARound);
  if (!sinks) return std::unexpected(sinks.error());
  if (sinks->size() < kSinksARound && !last_sink_.empty()) {
    auto more = stores_.jobs.pending_sinks("", kSinksARound - sinks->size());
    if (!more) return std::unexpected(more.error());
    std::ranges::move(*more, std::back_inserter(*sinks));
  }
  last_sink_ = sinks->size() == kSinksARound ? sinks->back().sink : std::string();
  for (const PendingSink& sink : *sinks) {
    if (sink.due_us > round.now_us) continue;
    if (auto claimed = claim_from(round, sink); !claimed) return claimed;
    if (round.room == 0) {
      last_sink_ = sink.sink;
      break;
    }
  }
  return {};
}

Result<void> Writer::claim_from(Round& round, const PendingSink& sink) {
  const std::uint32_t limit = slots(round, sink.sink);
  if (limit == 0) return {};
  std::vector<ClaimedJob>& claimed = round.effects.claimed;
  const std::size_t before = claimed.size();
  if (auto done = stores_.jobs.claim(sink.sink, round.now_us, limit, claimed); !done) return done;
  const auto got = static_cast<std::uint32_t>(claimed.size() - before);
  round.effects.taken[sink.sink] += got;
  round.room -= got;
  return {};
}

/// What nothing keeps from running is claimed as it comes.
bool Writer::claims_at_once(Round& round, const JobView& job) {
  const std::string_view sink = job.sink.empty() ? job.action : job.sink;
  if (job.delay_ns > 0 || round.room == 0 || slots(round, sink) == 0) return false;
  auto taken = round.effects.taken.find(sink);
  if (taken == round.effects.taken.end()) taken = round.effects.taken.emplace(std::string(sink), 0).first;
  ++taken->second;
  --round.room;
  return true;
}

Result<void> Writer::accept(Round& round) {
  if (backlog_full_) {
    round.effects.dropped_backlog += round.jobs.size();
    return {};
  }
  std::vector<Arrival> arrivals;
  arrivals.reserve(round.jobs.size());
  for (const JobView& job : round.jobs)
    arrivals.push_back({.job = &job, .claim = claims_at_once(round, job)});
  auto accepted = stores_.jobs.insert_all(arrivals, round.now_us, round.effects.claimed);
  if (!accepted) return std::unexpected(accepted.error());
  round.effects.accepted += *accepted;
  return {};
}

Result<void> Writer::renew_leases(std::int64_t now_us) {
  const std::int64_t lease_us = options_.lease.count() * 1000;
  for (auto& [fence, claim] : claims_) {
    if (claim.lease_until_us - now_us > lease_us / 2 || now_us > claim.give_up_us) continue;
    auto held = stores_.jobs.renew({.row = claim.row, .fence = fence}, now_us);
    if (!held) return std::unexpected(held.error());
    claim.lease_until_us = now_us + lease_us;
  }
  return {};
}

Result<void> Writer::housekeeping(Round& round) {
  if (round.now_us < next_housekeeping_us_) return {};
  if (auto renewed = renew_leases(round.now_us); !renewed) return renewed;
  auto expired = stores_.jobs.reclaim_expired(round.now_us);
  if (!expired) return std::unexpected(expired.error());
  round.effects.expired = *expired;
  const auto before = [&](std::chrono::seconds age) { return round.now_us - age.count() * 1'000'000; };
  auto swept = stores_.jobs.sweep(before(options_.completed_for), before(options_.dead_letters.age),
                                  options_.dead_letters.rows);
  if (!swept) return swept;
  auto bytes = stores_.jobs.stored_bytes();
  if (!bytes) return std::unexpected(bytes.error());
  backlog_full_ = *bytes > options_.backlog_bytes;
  next_housekeeping_us_ = round.now_us + kHousekeepingUs;
  return {};
}

}  // namespace signalbox::actions
