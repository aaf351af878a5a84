// Puts the lane together: the directory and its lock, the stores, the writer and the shipper.
//   <directory>/lock  jobs.db  decisions.db  stream/*.seg  stream/log.cursor
#include "actions/lanes/async_lane.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "actions/lanes/job_handler.h"
#include "actions/lanes/shipper.h"
#include "actions/lanes/writer.h"
#include "actions/store/decision_store.h"
#include "actions/store/job_reader.h"

namespace signalbox::actions {

namespace {

Result<File> lock_directory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return fail(ErrorCode::Io, fmt::format("create {}: {}", directory, error.message()));
  const std::string path = directory + "/lock";
  File lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!lock.is_open()) return fail(ErrorCode::Io, "cannot create " + path);
  if (::flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::AlreadyExists, directory + " is in use by another gateway",
                "give each gateway a queue directory of its own");
  }
  return lock;
}

std::uint64_t new_boot_id() {
  std::uint64_t boot = 0;
  if (::getrandom(&boot, sizeof boot, 0) != sizeof boot) boot = static_cast<std::uint64_t>(::getpid());
  return boot >> 1 | 1;  // positive as SQLite's integer, never 0
}

class EmbeddedLane final : public AsyncLane {
 public:
  EmbeddedLane(AsyncLaneOptions options, File lock, WriterStores stores, LaneParts parts, const Clock& clock,
               std::uint64_t boot, std::unique_ptr<Shipper> log)
      : options_(std::move(options)),
        lock_(std::move(lock)),
        log_(std::move(log)),
        writer_(options_, boot, std::move(stores), std::move(parts.handlers),
                {.on_result = std::move(parts.on_result),
                 .on_stream =
                     [this] {
                       if (log_) log_->wake();
                     },
                 .on_decision = std::move(parts.on_decision)},
                clock) {}
  ~EmbeddedLane() override { stop(std::chrono::milliseconds(0)); }

  Producer& producer() override { return writer_.add_producer(); }

  void stop(std::chrono::milliseconds deadline) override {
    const auto until = std::chrono::steady_clock::now() + deadline;
    writer_.stop(deadline);
    if (log_) log_->stop(until);
  }

  LaneCounters counters() const override {
    const WriterCounters& w = writer_.counters();
    const auto read = [](const std::atomic<std::uint64_t>& counter) {
      return counter.load(std::memory_order_relaxed);
    };
    LaneCounters sum;
    sum.accepted = read(w.accepted);
    sum.completed = read(w.completed);
    sum.attempts = read(w.attempts);
    sum.retried = read(w.retried);
    sum.dead = read(w.dead);
    sum.dropped_backlog = read(w.dropped_backlog);
    sum.dropped_store = read(w.dropped_store);
    sum.lease_expired = read(w.lease_expired);
    sum.stale_acks = read(w.stale_acks);
    sum.commits = read(w.commits);
    sum.decisions = read(w.decisions);
    sum.pending = read(w.pending);
    sum.running = read(w.running);
    sum.dead_letters = read(w.dead_letters);
    sum.store_errors = read(w.store_errors);
    for (const RingProducer* producer : writer_.producers()) {
      sum.dropped_ring += read(producer->counters().dropped_ring);
      sum.dropped_size += read(producer->counters().dropped_size);
      sum.refused += read(producer->counters().refused);
    }
    sum.streamed = log_ ? log_->shipped() : 0;
    return sum;
  }

  Result<std::uint64_t> requeue_dead(const std::vector<Id>& jobs) override {
    return writer_.command([&](JobStore& store, std::int64_t now_us) { return store.requeue(jobs, now_us); });
  }
  Result<std::uint64_t> discard_dead(const std::vector<Id>& jobs) override {
    return writer_.command([&](JobStore& store, std::int64_t) { return store.discard(jobs); });
  }
  Result<std::uint64_t> cancel(const std::vector<Id>& jobs) override {
    return writer_.command([&](JobStore& store, std::int64_t now_us) { return store.cancel(jobs, now_us); });
  }

  Result<std::unique_ptr<JobReader>> job_reader() const override {
    return JobReader::open(options_.directory + "/jobs.db");
  }
  Result<std::unique_ptr<DecisionReader>> decision_reader() const override {
    if (!options_.decisions.enabled) return fail(ErrorCode::NotFound, "decision records are switched off");
    return DecisionReader::open(options_.directory + "/decisions.db");
  }

 private:
  AsyncLaneOptions options_;
  File lock_;
  std::unique_ptr<Shipper> log_;
  Writer writer_;
};

Result<std::unique_ptr<Shipper>> open_shipper(const std::string& directory,
                                              std::unique_ptr<StreamSink> sink) {
  if (!sink) return nullptr;
  auto cursor = Cursor::open(directory + "/log.cursor");
  if (!cursor) return std::unexpected(cursor.error());
  return std::make_unique<Shipper>(directory, std::move(*cursor), std::move(sink));
}

}  // namespace

Result<std::unique_ptr<AsyncLane>> AsyncLane::open(AsyncLaneOptions options, LaneParts parts,
                                                   const Clock& clock) {
  auto lock = lock_directory(options.directory);
  if (!lock) return std::unexpected(lock.error());
  const std::uint64_t boot = new_boot_id();
  auto jobs = JobStore::open({.path = options.directory + "/jobs.db",
                              .boot = boot,
                              .lease_us = options.lease.count() * 1000,
                              .keep_completed = options.completed_for.count() > 0},
                             clock.wall_ns() / 1000);
  if (!jobs) return std::unexpected(jobs.error());
  const std::string stream_directory = options.directory + "/stream";
  auto stream = SegmentLog::open({stream_directory, options.segment_bytes, options.stream_bytes});
  if (!stream) return std::unexpected(stream.error());
  std::optional<DecisionStore> decisions;
  if (options.decisions.enabled) {
    auto opened = DecisionStore::open(options.directory + "/decisions.db");
    if (!opened) return std::unexpected(opened.error());
    decisions = std::move(*opened);
  }
  auto log = open_shipper(stream_directory, std::move(parts.log));
  if (!log) return std::unexpected(log.error());
  WriterStores stores{std::move(*jobs), std::move(*stream), std::move(decisions)};
  return std::make_unique<EmbeddedLane>(std::move(options), std::move(*lock), std::move(stores),
                                        std::move(parts), clock, boot, std::move(*log));
}

}  // namespace signalbox::actions
