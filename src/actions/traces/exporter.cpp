// A batch that the collector cannot take now (no connection, 429, 502, 503, 504, as OTLP says) is sent again
// with growing pauses until it is taken; meanwhile the queue fills, and what finds no room is dropped and
// counted.
#include "actions/traces/exporter.h"

#include <algorithm>

#include "base/log.h"

namespace signalbox::actions {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{10'000};

bool may_be_repeated(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

TraceExporter::TraceExporter(TraceOptions options)
    : options_(std::move(options)),
      http_(options_.http),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

TraceExporter::~TraceExporter() {
  stop(std::chrono::milliseconds(0));
}

void TraceExporter::offer(std::int64_t time_ns, std::string_view body) {
  {
    const std::lock_guard lock(mutex_);
    if (queued_bytes_ + body.size() > options_.queue_bytes) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    queue_.push_back({time_ns, std::string(body)});
    queued_bytes_ += body.size();
    if (queue_.size() != 1 && queue_.size() != options_.batch_records) return;  // nobody waits for the others
  }
  condition_.notify_one();
}

void TraceExporter::stop(std::chrono::milliseconds deadline) {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  {
    std::unique_lock lock(mutex_);
    if (!condition_.wait_for(lock, deadline, [this] { return done_; })) cut_.request_stop();
  }
  thread_.join();
}

TraceCounters TraceExporter::counters() const {
  return {.exported = exported_.load(std::memory_order_relaxed),
          .dropped = dropped_.load(std::memory_order_relaxed),
          .failures = failures_.load(std::memory_order_relaxed)};
}

void TraceExporter::run(const std::stop_token& stop) {
  for (;;) {
    const std::vector<TracedRecord> records = next_batch(stop);
    if (records.empty()) break;
    deliver(records, stop);
  }
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  condition_.notify_all();
}

std::vector<TracedRecord> TraceExporter::next_batch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!condition_.wait(lock, stop, [this] { return !queue_.empty(); }) && queue_.empty()) return {};
  condition_.wait_for(lock, stop, options_.linger,
                      [this] { return queue_.size() >= options_.batch_records; });
  std::vector<TracedRecord> batch;
  const std::size_t count = std::min(queue_.size(), options_.batch_records);
  for (std::size_t i = 0; i < count; ++i) {
    queued_bytes_ -= queue_.front().body.size();
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return batch;
}

void TraceExporter::deliver(const std::vector<TracedRecord>& records, const std::stop_token& stop) {
  const TraceBatch batch = trace_batch(records, options_.resource);
  if (batch.spans == 0) return;
  for (auto pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
    const Sent sent = send(batch);
    if (sent == Sent::Taken) exported_.fetch_add(batch.spans, std::memory_order_relaxed);
    const bool last = stop.stop_requested() && sent == Sent::Again;  // no second try at the end
    if (sent == Sent::Refused || last) dropped_.fetch_add(records.size(), std::memory_order_relaxed);
    if (sent != Sent::Again || last) return;
    rest(pause, stop);
  }
}

TraceExporter::Sent TraceExporter::send(const TraceBatch& batch) {
  const HttpRequest request{
      .url = options_.endpoint, .headers = options_.headers, .body = batch.body, .timeout = options_.timeout};
  const auto answer = http_.send(request, cut_.get_token());
  if (answer && answer->status >= 200 && answer->status < 300) {
    say(true, {});
    return Sent::Taken;
  }
  failures_.fetch_add(1, std::memory_order_relaxed);
  say(false, answer ? "HTTP status " + std::to_string(answer->status) : answer.error().message);
  return !answer || may_be_repeated(answer->status) ? Sent::Again : Sent::Refused;
}

void TraceExporter::rest(std::chrono::milliseconds pause, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  condition_.wait_for(lock, stop, pause, [] { return false; });
}

/// A line when it changes, not one for each batch.
void TraceExporter::say(bool reachable, std::string_view why) {
  if (reachable == reachable_) return;
  reachable_ = reachable;
  if (reachable) {
    log::info("traces are taken again", {{"endpoint", options_.endpoint}});
  } else {
    log::warn("traces are not taken", {{"endpoint", options_.endpoint}, {"error", why}});
  }
}

}  // namespace signalbox::actions
