// The writer's thread: gather, commit, conclude. A commit that fails (disk full, I/O error) is tried again
// from the same rings until it succeeds; meanwhile the rings fill and the data path drops and counts, which
// is the overflow policy doing its work. Decision records are the exception: losing one is recorded as a gap
// rather than holding up jobs.
//
// The surprise: records are handed from ring to SQLite without a copy, because a ring gives back memory only
// when the round that read it is concluded.
#include "actions/lanes/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "actions/lanes/stream_line.h"
#include "actions/lanes/writer_round.h"
#include "base/log.h"

namespace signalbox::actions {

namespace {

constexpr std::chrono::microseconds kGroupWait{1000};
constexpr std::chrono::milliseconds kErrorPause{100};
constexpr std::uint32_t kTrimARound = 2000;
constexpr std::chrono::microseconds kQuiet{10'000'000};  // between two lines about one store
constexpr std::string_view kJobs = "jobs", kAuditLines = "audit lines", kDecisions = "decisions";

void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) {
  counter.fetch_add(n, std::memory_order_relaxed);
}
void set(std::atomic<std::uint64_t>& gauge, std::uint64_t n) {
  gauge.store(n, std::memory_order_relaxed);
}

}  // namespace

Writer::Writer(const AsyncLaneOptions& options, std::uint64_t boot, WriterStores stores,
               std::vector<std::unique_ptr<JobHandler>> handlers, WriterCallbacks callbacks,
               const Clock& clock)
    : options_(options),
      boot_(boot),
      stores_(std::move(stores)),
      breakers_(options.breaker.failures, std::chrono::microseconds(options.breaker.open_for).count()),
      callbacks_(std::move(callbacks)),
      clock_(clock),
      random_(boot),
      runners_(std::move(handlers), options.runners, [this] { wake(); }),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Writer::~Writer() {
  stop(std::chrono::milliseconds(0));
}

RingProducer& Writer::add_producer() {
  const std::lock_guard lock(producers_mutex_);
  producers_.push_back(std::make_unique<RingProducer>(options_.ring_bytes, takes_decisions(), clock_, bell_));
  return *producers_.back();
}

std::vector<const RingProducer*> Writer::producers() const {
  const std::lock_guard lock(producers_mutex_);
  std::vector<const RingProducer*> list;
  for (const auto& producer : producers_) list.push_back(producer.get());
  return list;
}

Result<std::uint64_t> Writer::command(Command command) {
  std::future<Result<std::uint64_t>> answer;
  {
    const std::lock_guard lock(commands_mutex_);
    if (closed_) return fail(ErrorCode::Cancelled, "the async lane has stopped");
    answer =
        commands_.emplace_back(std::move(command), std::promise<Result<std::uint64_t>>()).answer.get_future();
  }
  wake();
  return answer.get();
}

void Writer::stop(std::chrono::milliseconds deadline) {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(commands_mutex_);
    deadline_ = std::chrono::steady_clock::now() + deadline;
  }
  thread_.request_stop();
  wake();
  thread_.join();
}

void Writer::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) rest(round(false));
  wind_down();
}

std::size_t Writer::round(bool stopping) {
  Round round;
  gather(round);
  const std::size_t handled = round.jobs.size() + round.lines.size() + round.decisions.size() +
                              round.commands.size() + finished_.size();
  const bool due = stores_.jobs.count(JobState::Pending) > 0 || round.now_us >= next_housekeeping_us_;
  if (handled == 0 && withdrawn_.empty() && !due) return 0;
  const bool committed = commit(round, stopping);
  if (committed) conclude(round);
  commit_stream(round, stopping);
  store_decisions(round);
  tell_decisions(round);
  for (RingProducer* producer : round.read_from) producer->ring().release();
  return committed ? handled : 0;  // given up: there is no use in another round
}

void Writer::gather(Round& round) {
  round.now_us = clock_.wall_ns() / 1000;
  std::vector<RingProducer*> producers;
  {
    const std::lock_guard lock(producers_mutex_);
    for (const auto& producer : producers_) producers.push_back(producer.get());
  }
  for (std::size_t i = 0; i < producers.size(); ++i) {
    for (std::uint32_t taken = 0; taken < options_.batch_records; ++taken) {
      const std::string_view bytes = producers[i]->ring().read();
      if (bytes.empty()) break;
      if (taken == 0) round.read_from.push_back(producers[i]);
      const Frame frame = decode(bytes);
      if (const auto* job = std::get_if<JobView>(&frame)) {
        round.jobs.push_back(*job);
        round.durability = std::max(round.durability, job->durability);
      } else if (const auto* line = std::get_if<StreamFrame>(&frame)) {
        round.lines.push_back({i, *line});
        round.durability = std::max(round.durability, line->durability);
      } else if (const auto* decision = std::get_if<DecisionFrame>(&frame)) {
        round.decisions.push_back(*decision);
      } else if (const auto* gap = std::get_if<GapFrame>(&frame)) {
        (gap->of == GapClass::Stream ? round.lines : round.decision_gaps).push_back({i, *gap});
      }
    }
  }
  const std::size_t known = finished_.size();
  runners_.collect(finished_);
  for (std::size_t i = known; i < finished_.size(); ++i) {
    const FinishedJob& finished = finished_[i];
    breakers_.ended(finished.claimed.job.sink, finished.attempt.sink_trouble, round.now_us);
    claims_.erase(finished.claimed.job.fence);
  }
  add(counters_.attempts, finished_.size() - known);
  const std::lock_guard lock(commands_mutex_);
  round.commands.swap(commands_);
}

bool Writer::commit(Round& round, bool stopping) {
  for (;;) {
    round.effects = {};
    round.room = stopping ? 0 : runners_.room();
    const auto done = transact(round, stopping);
    if (done) return store_works(kJobs), true;
    stores_.jobs.rollback();
    store_failed(kJobs, done.error());
    if (!pause_after_error(stopping)) break;
  }
  add(counters_.dropped_store, round.jobs.size());
  for (Waiting& waiting : round.commands)
    waiting.answer.set_value(fail(ErrorCode::Unavailable, "the job store cannot be written"));
  return false;
}

Result<void> Writer::transact(Round& round, bool stopping) {
  if (auto begun = stores_.jobs.begin(round.durability); !begun) return begun;
  if (auto settled = settle_finished(round); !settled) return settled;
  if (auto back = put_back(round); !back) return back;
  if (auto ran = run_commands(round); !ran) return ran;
  if (!stopping) {
    if (auto claimed = claim_due(round); !claimed) return claimed;
  }
  if (auto accepted = accept(round); !accepted) return accepted;
  if (auto kept = housekeeping(round); !kept) return kept;
  return stores_.jobs.commit();
}

/// Counts, and says so in the log: at most once in a while, because a full disk may take one commit and
/// refuse the next.
void Writer::store_failed(std::string_view store, const Error& error) {
  add(counters_.store_errors, 1);
  const std::int64_t now_us = clock_.wall_ns() / 1000;
  Trouble& trouble = troubles_[store];
  if (now_us < trouble.quiet_until_us) return;
  trouble = {.told = true, .quiet_until_us = now_us + kQuiet.count()};
  log::error("queue.directory cannot be written; what finds no room is dropped",
             {{"store", store}, {"error", error.message}});
}

void Writer::store_works(std::string_view store) {
  const auto trouble = troubles_.find(store);
  if (trouble == troubles_.end() || !std::exchange(trouble->second.told, false)) return;
  log::info("queue.directory can be written again", {{"store", store}});
}

/// False when there is no time left to try again.
bool Writer::pause_after_error(bool stopping) {
  if (stopping && is_late()) return false;
  bell_.nap(kErrorPause);
  return !thread_.get_stop_token().stop_requested() || !is_late();
}

void Writer::conclude(Round& round) {
  Round::Effects& effects = round.effects;
  const std::int64_t lease_us = options_.lease.count() * 1000;
  for (const ClaimedJob& claimed : effects.claimed) {
    breakers_.started(claimed.job.sink);
    claims_[claimed.job.fence] = {claimed.row, round.now_us + lease_us,
                                  round.now_us + lease_us + std::int64_t{claimed.job.timeout_ms} * 3000};
  }
  runners_.submit(std::move(effects.claimed));
  for (std::size_t i = 0; i < round.commands.size(); ++i)
    round.commands[i].answer.set_value(effects.answers[i]);
  finished_.clear();
  withdrawn_.clear();
  add(counters_.commits, 1);
  add(counters_.accepted, effects.accepted);
  add(counters_.dropped_backlog, effects.dropped_backlog);
  add(counters_.completed, effects.completed);
  add(counters_.retried, effects.retried);
  add(counters_.dead, effects.dead);
  add(counters_.stale_acks, effects.stale);
  add(counters_.lease_expired, effects.expired);
  set(counters_.pending, stores_.jobs.count(JobState::Pending));
  set(counters_.running, stores_.jobs.count(JobState::Running));
  set(counters_.dead_letters, stores_.jobs.count(JobState::Dead));
  if (callbacks_.on_result) {
    for (JobResult& result : effects.results) callbacks_.on_result(std::move(result));
  }
}

void Writer::commit_stream(Round& round, bool stopping) {
  if (round.lines.empty()) return;
  std::string line;
  for (const Round::Line& entry : round.lines) {
    line.clear();
    const std::string name = stream_name(boot_, entry.producer);
    if (const auto* stream = std::get_if<StreamFrame>(&entry.frame)) append_line(*stream, name, line);
    if (const auto* gap = std::get_if<GapFrame>(&entry.frame)) append_gap(*gap, name, line);
    stores_.stream.append(line);
  }
  // The log keeps the batch when a commit fails: only the commit is repeated.
  for (;;) {
    const auto done = stores_.stream.commit(round.durability == Durability::Power);
    if (done) break;
    store_failed(kAuditLines, done.error());
    if (pause_after_error(stopping)) continue;
    add(counters_.dropped_store, round.lines.size());
    return;
  }
  store_works(kAuditLines);
  add(counters_.accepted, round.lines.size());
  callbacks_.on_stream();
}

void Writer::tell_decisions(const Round& round) {
  if (!callbacks_.on_decision) return;
  for (const DecisionFrame& decision : round.decisions)
    callbacks_.on_decision(decision.time_ns, decision.body);
}

void Writer::store_decisions(Round& round) {
  if (!stores_.decisions || (round.decisions.empty() && round.decision_gaps.empty())) return;
  DecisionStore& store = *stores_.decisions;
  const auto write = [&]() -> Result<void> {
    if (auto begun = store.begin(); !begun) return begun;
    for (const Round::Line& entry : round.decision_gaps) {
      std::string body;
      append_gap(std::get<GapFrame>(entry.frame), stream_name(boot_, entry.producer), body);
      DecisionFrame gap;
      gap.id = ids_.next(clock_.wall_ns());
      gap.verdict = "gap";
      gap.body = body;
      if (auto inserted = store.insert(gap); !inserted) return inserted;
    }
    for (const DecisionFrame& decision : round.decisions) {
      if (auto inserted = store.insert(decision); !inserted) return inserted;
    }
    const std::int64_t oldest_ms = round.now_us / 1000 - options_.decisions.age.count() * 1000;
    if (auto trimmed = store.trim(oldest_ms, options_.decisions.bytes, kTrimARound); !trimmed) {
      return std::unexpected(trimmed.error());
    }
    return store.commit();
  };
  if (const auto done = write()) {
    store_works(kDecisions);
    add(counters_.decisions, round.decisions.size());
  } else {
    store.rollback();
    store_failed(kDecisions, done.error());
    add(counters_.dropped_store, round.decisions.size());
  }
}

bool Writer::is_late() {
  const std::lock_guard lock(commands_mutex_);
  return std::chrono::steady_clock::now() >= deadline_;
}

void Writer::wind_down() {
  withdrawn_ = runners_.withdraw();
  for (const ClaimedJob& claimed : withdrawn_) {
    breakers_.withdrawn(claimed.job.sink);
    claims_.erase(claimed.job.fence);
  }
  while (runners_.busy() > 0 && !is_late()) {
    round(true);
    std::this_thread::sleep_for(kGroupWait);
  }
  runners_.stop();
  {
    const std::lock_guard lock(commands_mutex_);
    closed_ = true;
  }
  while (round(true) > 0) {
  }
  Round last;
  last.now_us = clock_.wall_ns() / 1000;
  const auto all = producers();
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const GapFrame& gap : all[i]->open_gaps()) {
      (gap.of == GapClass::Stream ? last.lines : last.decision_gaps).push_back({i, gap});
    }
  }
  commit_stream(last, true);
  store_decisions(last);
  tell_decisions(last);
}

}  // namespace signalbox::actions
