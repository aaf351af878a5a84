// TraceExporter: sends decisions to an OpenTelemetry collector, as spans over OTLP/HTTP. A thread of its own
// behind a bounded queue: a collector that is slow or away costs spans, which are counted, and never a
// statement.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "actions/lanes/http_client.h"
#include "actions/traces/spans.h"

namespace signalbox::actions {

struct TraceOptions {
  std::string endpoint;  ///< URL that takes spans: "http://collector:4318/v1/traces"
  std::vector<std::pair<std::string, std::string>> headers;
  TraceResource resource;
  HttpClientOptions http;
  std::chrono::milliseconds timeout{10'000};  ///< of one request
  std::chrono::milliseconds linger{1'000};  ///< longest time that a record waits for others to go along with
  std::size_t batch_records = 512;
  std::size_t queue_bytes = 16u << 20;
};

struct TraceCounters {
  std::uint64_t exported = 0;  ///< spans that the collector took
  std::uint64_t dropped = 0;   ///< decisions that became no span: no room, or refused by the collector
  std::uint64_t failures = 0;  ///< requests that failed, repeated ones too
};

class TraceExporter {
 public:
  explicit TraceExporter(TraceOptions options);
  ~TraceExporter();

  /// A decision record's body. From any thread; never waits.
  void offer(std::int64_t time_ns, std::string_view body);
  /// Sends what is queued until `deadline` has passed.
  void stop(std::chrono::milliseconds deadline);
  TraceCounters counters() const;

 private:
  enum class Sent : std::uint8_t { Taken, Refused, Again };

  void run(const std::stop_token& stop);
  /// Waits for a batch; empty = the exporter stops.
  std::vector<TracedRecord> next_batch(const std::stop_token& stop);
  void deliver(const std::vector<TracedRecord>& records, const std::stop_token& stop);
  Sent send(const TraceBatch& batch);
  void rest(std::chrono::milliseconds pause, const std::stop_token& stop);
  void say(bool reachable, std::string_view why);

  const TraceOptions options_;
  HttpClient http_;
  std::atomic<std::uint64_t> exported_{0}, dropped_{0}, failures_{0};
  bool reachable_ = true;  ///< as last said in the log

  std::mutex mutex_;
  std::condition_variable_any condition_;
  std::deque<TracedRecord> queue_;  ///< guarded, as the rest
  std::size_t queued_bytes_ = 0;
  bool done_ = false;     ///< the thread has sent what there was
  std::stop_source cut_;  ///< the deadline has passed: what is under way ends
  std::jthread thread_;
};

}  // namespace signalbox::actions
