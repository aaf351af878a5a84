// Exposition: the registry of base/metrics.h and a few facts of the process, as prometheus-cpp families,
// serialised by its text serialiser. Log-linear histogram buckets are summed to one bucket for every power of
// two: 26 numbers instead of 304, and still exact at their bounds.
#include "admin/exposition.h"

#include <fmt/format.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <vector>

#include "actions/lanes/async_lane.h"
#include "actions/traces/exporter.h"
#include "base/log.h"

namespace signalbox::admin {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// "a="x",b="y"" -> labels. The texts come from our own tables.
Labels parsed(std::string_view text) {
  Labels labels;
  while (!text.empty()) {
    const auto equals = text.find("=\"");
    const auto end = text.find('"', equals + 2);
    if (equals == std::string_view::npos || end == std::string_view::npos) break;
    labels.push_back(
        {std::string(text.substr(0, equals)), std::string(text.substr(equals + 2, end - equals - 2))});
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return labels;
}

class Families {
 public:
  void counter(std::string_view name, std::string_view help, double value, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = value;
    add(name, help, MetricType::Counter, std::move(metric));
  }
  void gauge(std::string_view name, std::string_view help, double value, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.gauge.value = value;
    add(name, help, MetricType::Gauge, std::move(metric));
  }
  void histogram(const MetricRow& row, const HistogramSnapshot& snapshot);

  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  void add(std::string_view name, std::string_view help, MetricType type, ClientMetric metric) {
    const auto [slot, fresh] = index_.try_emplace(std::string(name), families_.size());
    if (fresh) families_.push_back({std::string(name), std::string(help), type, {}});
    families_[slot->second].metric.push_back(std::move(metric));
  }

  std::vector<MetricFamily> families_;
  std::map<std::string, std::size_t> index_;
};

void Families::histogram(const MetricRow& row, const HistogramSnapshot& snapshot) {
  constexpr std::size_t kFirstOctave = 7;  // up to 1.024 us in the first bucket
  constexpr std::size_t kPerOctave = std::size_t{1} << LogLinear::kSubBits;
  ClientMetric metric;
  metric.label = parsed(row.labels);
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < LogLinear::kBuckets; ++i) {
    cumulative += snapshot.buckets[i];
    const bool octave_ends = (i + 1) % kPerOctave == 0 && i / kPerOctave >= kFirstOctave;
    if (octave_ends) {
      metric.histogram.bucket.push_back({cumulative, static_cast<double>(LogLinear::upper_bound(i)) / 1e9});
    }
  }
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum = static_cast<double>(snapshot.sum) / 1e9;
  add(row.name, row.help, MetricType::Histogram, std::move(metric));
}

void add_registry(Families& out, const Metrics& metrics) {
  for (std::size_t i = 0; i < counter_rows().size(); ++i) {
    const auto& row = counter_rows()[i];
    out.counter(row.name, row.help, static_cast<double>(metrics.total(static_cast<Counter>(i))),
                parsed(row.labels));
  }
  for (std::size_t i = 0; i < gauge_rows().size(); ++i) {
    const auto& row = gauge_rows()[i];
    out.gauge(row.name, row.help, static_cast<double>(metrics.total(static_cast<Gauge>(i))),
              parsed(row.labels));
  }
  for (std::size_t i = 0; i < histogram_rows().size(); ++i) {
    out.histogram(histogram_rows()[i], metrics.total(static_cast<Histogram>(i)));
  }
}

void add_policies(Families& out, const PolicyStatus& status) {
  out.gauge("signalbox_policy_info", "The policy set in use; always 1.", 1, {{"revision", status.revision}});
  out.gauge("signalbox_policy_loaded_timestamp_seconds", "When the policy set came into use.",
            static_cast<double>(status.loaded_ns) / 1e9);
  out.counter("signalbox_policy_loads_total", "Attempts to load policies.", static_cast<double>(status.loads),
              {{"outcome", "ok"}});
  out.counter("signalbox_policy_loads_total", "", static_cast<double>(status.failures),
              {{"outcome", "failed"}});
  out.gauge("signalbox_policy_stale", "1 while the newest policies have errors and older ones are in use.",
            status.last_failure ? 1 : 0);
}

void add_lane(Families& out, const actions::LaneCounters& c) {
  const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
  out.counter("signalbox_jobs_accepted_total", "Jobs and audit lines stored.", number(c.accepted));
  out.counter("signalbox_jobs_completed_total", "Jobs done.", number(c.completed));
  out.counter("signalbox_jobs_attempts_total", "Attempts at jobs.", number(c.attempts));
  out.counter("signalbox_jobs_retried_total", "Attempts that failed and will be repeated.",
              number(c.retried));
  out.counter("signalbox_jobs_dead_total", "Jobs that failed for good.", number(c.dead));
  constexpr std::string_view kLost = "Jobs not taken, by reason.";
  out.counter("signalbox_jobs_lost_total", kLost, number(c.dropped_ring), {{"reason", "ring_full"}});
  out.counter("signalbox_jobs_lost_total", kLost, number(c.dropped_size), {{"reason", "too_big"}});
  out.counter("signalbox_jobs_lost_total", kLost, number(c.dropped_backlog), {{"reason", "backlog_full"}});
  out.counter("signalbox_jobs_lost_total", kLost, number(c.dropped_store), {{"reason", "store_failed"}});
  out.counter("signalbox_jobs_refused_total", "Statements refused because their audit line had no room.",
              number(c.refused));
  out.counter("signalbox_jobs_lease_expired_total", "Jobs taken from a runner that did not finish.",
              number(c.lease_expired));
  out.counter("signalbox_job_commits_total", "Group commits of the job store.", number(c.commits));
  out.counter("signalbox_store_failures_total", "Commits to queue.directory that failed.",
              number(c.store_errors));
  out.counter("signalbox_decision_records_total", "Decision records stored.", number(c.decisions));
  out.counter("signalbox_audit_lines_total", "Lines delivered by the action log.", number(c.streamed));
  constexpr std::string_view kJobs = "Jobs in the store, by state.";
  out.gauge("signalbox_jobs", kJobs, number(c.pending), {{"state", "pending"}});
  out.gauge("signalbox_jobs", kJobs, number(c.running), {{"state", "running"}});
  out.gauge("signalbox_jobs", kJobs, number(c.dead_letters), {{"state", "dead"}});
}

void add_traces(Families& out, const actions::TraceCounters& c) {
  out.counter("signalbox_trace_spans_total", "Spans that the collector took.",
              static_cast<double>(c.exported));
  out.counter("signalbox_trace_decisions_dropped_total",
              "Decisions that became no span: no room, or refused by the collector.",
              static_cast<double>(c.dropped));
  out.counter("signalbox_trace_failures_total", "Requests to the collector that failed.",
              static_cast<double>(c.failures));
}

double resident_bytes() {
  std::ifstream in("/proc/self/statm");
  double total = 0, resident = 0;
  in >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

void add_process(Families& out, const Context& context) {
  out.gauge("signalbox_build_info", "This build; always 1.", 1,
            {{"version", context.version}, {"node", context.node}});
  out.gauge("signalbox_accepting", "1 while connections are accepted.", context.accepting() ? 1 : 0);
  out.counter("signalbox_log_lines_dropped_total", "Log lines lost: their destination was too slow, or full.",
              static_cast<double>(log::dropped()));
  out.gauge("process_start_time_seconds", "When the process began.",
            static_cast<double>(context.started_ns) / 1e9);
  out.gauge("process_resident_memory_bytes", "Memory in use.", resident_bytes());
}

}  // namespace

std::string exposition(const Context& context) {
  Families out;
  add_process(out, context);
  add_registry(out, *context.metrics);
  add_policies(out, context.policies->status());
  if (context.lane) add_lane(out, context.lane->counters());
  if (context.traces) add_traces(out, context.traces->counters());
  return out.text();
}

}  // namespace signalbox::admin
