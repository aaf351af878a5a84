// Metrics: counters, gauges and histograms, each written by one thread and read by any.
//
// A thread that counts owns one MetricsShard. Its writes are a relaxed load and a relaxed store (no locked
// instruction, no shared cache line); a scrape sums the shards. Every metric is one row in the tables of
// metrics.cpp: name, labels, help. Adding one = one enumerator here and one row there.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox {

enum class Counter : std::uint16_t {
  ConnectionsAccepted,
  ConnectionsRefused,
  AcceptErrors,
  SessionsStarted,
  SessionsClosed,
  LoginFailures,
  CancelsForwarded,
  CancelsRefused,
  TlsHandshakeFailures,
  ProtocolViolations,
  HandshakeTimeouts,
  IdleTimeouts,
  ServerConnects,
  ServerConnectFailures,
  BytesFromClient,
  BytesToServer,
  BytesFromServer,
  BytesToClient,
  Statements,
  StatementsRefused,
  Decisions,
  DecisionMemoHits,
  DecisionErrors,
  DecisionConflicts,
  DecisionsExternal,
  DecisionsExternalFailed,
  JobsQueued,
  JobsDropped,
  SyncActionsDone,
  SyncActionsRefused,
  SyncActionsFailed,
  SyncActionsLate,
  PoliceRefused,
  PoliceDelayed,
  PoliceShed,
  LimitRefused,
  LimitCut,
  LimitCancelled,
  SharedStoreFailures,
  BlocksMade,
  BlocksRefused,
  Moved,
  MoveUnsafe,
  MoveFailed,
  Count_,
};

enum class Gauge : std::uint16_t {
  Sessions,
  SessionsPaused,
  DecisionMemoEntries,
  StatementMemoryBytes,
  Count_,
};

/// Durations in nanoseconds.
enum class Histogram : std::uint16_t {
  DecisionDuration,
  ServerConnectDuration,
  LoginDuration,
  ExternalDecisionDuration,
  Count_,
};

/// What a scraper prints beside the value. `labels` is the text between braces, or empty.
struct MetricRow {
  std::string_view name;
  std::string_view labels;
  std::string_view help;
};

std::span<const MetricRow> counter_rows();
std::span<const MetricRow> gauge_rows();
std::span<const MetricRow> histogram_rows();

/// Log-linear buckets: 8 to every power of two, so a bucket's bounds differ by at most 12.5 %.
class LogLinear {
 public:
  static constexpr int kSubBits = 3;
  static constexpr std::size_t kBuckets = (40 - kSubBits + 1) << kSubBits;  // up to 2^40 ns, about 18 minutes

  static std::size_t index_of(std::uint64_t value) {
    if (value < (1u << kSubBits)) return static_cast<std::size_t>(value);
    const int top = std::bit_width(value) - 1;
    const auto sub = (value >> (top - kSubBits)) & ((1u << kSubBits) - 1);
    const std::size_t index = (static_cast<std::size_t>(top - kSubBits + 1) << kSubBits) + sub;
    return index < kBuckets ? index : kBuckets - 1;
  }
  /// The first value that does not belong to the bucket.
  static std::uint64_t upper_bound(std::size_t index) {
    if (index < (1u << kSubBits)) return index + 1;
    const auto octave = (index >> kSubBits) - 1;
    const auto sub = index & ((1u << kSubBits) - 1);
    return ((std::uint64_t{1} << kSubBits) + sub + 1) << octave;
  }
};

struct HistogramSnapshot {
  std::array<std::uint64_t, LogLinear::kBuckets> buckets{};
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
  /// The value below which `quantile` (0..1) of the samples lie; 0 when there are none.
  std::uint64_t quantile(double quantile) const;
};

/// One thread's numbers. The owner writes, anybody reads; a reader may see a sum that is a moment old.
class MetricsShard {
 public:
  void add(Counter counter, std::uint64_t by = 1) { bump(counters_[slot(counter)], by); }
  void move(Gauge gauge, std::int64_t by) { bump(gauges_[slot(gauge)], static_cast<std::uint64_t>(by)); }
  void observe(Histogram histogram, std::uint64_t nanoseconds) {
    Cells& cells = histograms_[slot(histogram)];
    bump(cells.buckets[LogLinear::index_of(nanoseconds)], 1);
    bump(cells.sum, nanoseconds);
  }

  std::uint64_t value(Counter counter) const {
    return counters_[slot(counter)].load(std::memory_order_relaxed);
  }
  std::int64_t value(Gauge gauge) const {
    return static_cast<std::int64_t>(gauges_[slot(gauge)].load(std::memory_order_relaxed));
  }
  void add_to(Histogram histogram, HistogramSnapshot& total) const;

 private:
  using Cell = std::atomic<std::uint64_t>;
  struct Cells {
    std::array<Cell, LogLinear::kBuckets> buckets{};
    Cell sum{0};
  };
  template <class Metric>
  static constexpr std::size_t slot(Metric metric) {
    return static_cast<std::size_t>(metric);
  }
  static void bump(Cell& cell, std::uint64_t by) {
    cell.store(cell.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  std::array<Cell, static_cast<std::size_t>(Counter::Count_)> counters_{};
  std::array<Cell, static_cast<std::size_t>(Gauge::Count_)> gauges_{};
  std::array<Cells, static_cast<std::size_t>(Histogram::Count_)> histograms_{};
};

/// All shards of the process. Shards live as long as the registry; any thread may ask for one or sum them.
class Metrics {
 public:
  MetricsShard& new_shard();
  std::uint64_t total(Counter counter) const;
  std::int64_t total(Gauge gauge) const;
  HistogramSnapshot total(Histogram histogram) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<MetricsShard>> shards_;
};

}  // namespace signalbox
