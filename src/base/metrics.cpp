// The tables of metric names, and the summing of shards.
#include "base/metrics.h"

namespace signalbox {
namespace {

template <class Metric, std::size_t N>
constexpr bool covers(const MetricRow (&)[N]) {
  return N == static_cast<std::size_t>(Metric::Count_);
}

// In the order of the enumerators.
constexpr MetricRow kCounters[] = {
    {"signalbox_connections_accepted_total", "", "Client connections accepted"},
    {"signalbox_connections_refused_total", "", "Client connections refused by a limit or a policy"},
    {"signalbox_accept_errors_total", "", "Failures of accept(2), such as no free file descriptor"},
    {"signalbox_sessions_started_total", "", "Sessions that finished their login"},
    {"signalbox_sessions_closed_total", "", "Sessions that ended after their login"},
    {"signalbox_login_failures_total", "", "Logins that ended with an error of the server or the gateway"},
    {"signalbox_cancels_total", "outcome=\"forwarded\"", "Cancel requests, by outcome"},
    {"signalbox_cancels_total", "outcome=\"refused\"", "Cancel requests, by outcome"},
    {"signalbox_tls_handshake_failures_total", "", "TLS handshakes that failed, either side"},
    {"signalbox_protocol_violations_total", "", "Sessions ended because a peer broke the protocol"},
    {"signalbox_handshake_timeouts_total", "", "Connections closed because their login took too long"},
    {"signalbox_idle_timeouts_total", "", "Sessions closed for being idle too long"},
    {"signalbox_server_connects_total", "", "Server connections opened"},
    {"signalbox_server_connect_failures_total", "", "Server connections that could not be opened"},
    {"signalbox_bytes_total", "direction=\"from_client\"", "Bytes of the protocol, by direction"},
    {"signalbox_bytes_total", "direction=\"to_server\"", "Bytes of the protocol, by direction"},
    {"signalbox_bytes_total", "direction=\"from_server\"", "Bytes of the protocol, by direction"},
    {"signalbox_bytes_total", "direction=\"to_client\"", "Bytes of the protocol, by direction"},
    {"signalbox_statements_total", "", "Statements sent to servers (Query, Execute, FunctionCall)"},
    {"signalbox_statements_refused_total", "", "Statements refused by a decision"},
    {"signalbox_decisions_total", "", "Events decided"},
    {"signalbox_decision_memo_hits_total", "", "Events whose plan was remembered"},
    {"signalbox_decision_errors_total", "", "Decisions that failed with an evaluation error"},
    {"signalbox_decision_conflicts_total", "", "Actions that lost to a contradicting action"},
    {"signalbox_external_decisions_total", "outcome=\"answered\"", "Decisions asked of an external engine"},
    {"signalbox_external_decisions_total", "outcome=\"failed\"", "Decisions asked of an external engine"},
    {"signalbox_jobs_total", "outcome=\"queued\"", "Asynchronous actions pushed by sessions"},
    {"signalbox_jobs_total", "outcome=\"dropped\"", "Asynchronous actions pushed by sessions"},
    {"signalbox_sync_actions_total", "outcome=\"done\"", "Sync actions beside the verdict, by outcome"},
    {"signalbox_sync_actions_total", "outcome=\"refused\"", "Sync actions beside the verdict, by outcome"},
    {"signalbox_sync_actions_total", "outcome=\"failed\"", "Sync actions beside the verdict, by outcome"},
    {"signalbox_sync_actions_total", "outcome=\"late\"", "Sync actions beside the verdict, by outcome"},
    {"signalbox_police_total", "outcome=\"refused\"", "What `police` found to be too many, by outcome"},
    {"signalbox_police_total", "outcome=\"delayed\"", "What `police` found to be too many, by outcome"},
    {"signalbox_police_total", "outcome=\"shed\"", "What `police` found to be too many, by outcome"},
    {"signalbox_limit_total", "outcome=\"refused\"", "Limits reached: no place, answer cut off, cancelled"},
    {"signalbox_limit_total", "outcome=\"cut\"", "Limits reached: no place, answer cut off, cancelled"},
    {"signalbox_limit_total", "outcome=\"cancelled\"", "Limits reached: no place, answer cut off, cancelled"},
    {"signalbox_shared_store_failures_total", "", "Questions to the shared store that had no answer in time"},
    {"signalbox_blocks_made_total", "", "Entries that policies put on the block list"},
    {"signalbox_blocks_refused_total", "", "Connections and statements refused by the block list"},
    {"signalbox_moves_total", "outcome=\"moved\"", "Sessions that were to go to another server, by outcome"},
    {"signalbox_moves_total", "outcome=\"unsafe\"", "Sessions that were to go to another server, by outcome"},
    {"signalbox_moves_total", "outcome=\"failed\"", "Sessions that were to go to another server, by outcome"},
};
static_assert(covers<Counter>(kCounters));

constexpr MetricRow kGauges[] = {
    {"signalbox_sessions", "", "Client connections open now"},
    {"signalbox_sessions_paused", "", "Sessions waiting for an asynchronous decision"},
    {"signalbox_decision_memo_entries", "", "Plans remembered"},
    {"signalbox_statement_memory_bytes", "", "Memory held by texts of prepared statements"},
};
static_assert(covers<Gauge>(kGauges));

constexpr MetricRow kHistograms[] = {
    {"signalbox_decision_duration_seconds", "", "Time to decide one event"},
    {"signalbox_server_connect_duration_seconds", "", "Time to open a server connection, TLS included"},
    {"signalbox_login_duration_seconds", "", "Time from accept to the first ReadyForQuery"},
    {"signalbox_external_decision_duration_seconds", "", "Time an external engine took to answer"},
};
static_assert(covers<Histogram>(kHistograms));

}  // namespace

std::span<const MetricRow> counter_rows() {
  return kCounters;
}
std::span<const MetricRow> gauge_rows() {
  return kGauges;
}
std::span<const MetricRow> histogram_rows() {
  return kHistograms;
}

std::uint64_t HistogramSnapshot::quantile(double quantile) const {
  const auto wanted = static_cast<std::uint64_t>(quantile * static_cast<double>(count));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    seen += buckets[i];
    if (seen > wanted) return LogLinear::upper_bound(i);
  }
  return 0;
}

void MetricsShard::add_to(Histogram histogram, HistogramSnapshot& total) const {
  const Cells& cells = histograms_[slot(histogram)];
  for (std::size_t i = 0; i < LogLinear::kBuckets; ++i) {
    const std::uint64_t n = cells.buckets[i].load(std::memory_order_relaxed);
    total.buckets[i] += n;
    total.count += n;
  }
  total.sum += cells.sum.load(std::memory_order_relaxed);
}

MetricsShard& Metrics::new_shard() {
  std::lock_guard lock(mutex_);
  return *shards_.emplace_back(std::make_unique<MetricsShard>());
}

std::uint64_t Metrics::total(Counter counter) const {
  std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& shard : shards_) sum += shard->value(counter);
  return sum;
}

std::int64_t Metrics::total(Gauge gauge) const {
  std::lock_guard lock(mutex_);
  std::int64_t sum = 0;
  for (const auto& shard : shards_) sum += shard->value(gauge);
  return sum;
}

HistogramSnapshot Metrics::total(Histogram histogram) const {
  std::lock_guard lock(mutex_);
  HistogramSnapshot sum;
  for (const auto& shard : shards_) shard->add_to(histogram, sum);
  return sum;
}

}  // namespace signalbox
