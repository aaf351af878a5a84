// Collecting and aggregating. A line that a run's profile leaves out adds no sample.
#include "app/cli/run_statistics.h"

namespace signalbox::app::cli {

void RunStatistics::add(const EvalResult& result) {
  for (const auto& [name, value] : result.metrics) metrics_[name].push_back(static_cast<double>(value));
  if (!result.profile) return;
  for (const auto& line : *result.profile) times_[line.at].push_back(static_cast<double>(line.total_time_ns));
}

void RunStatistics::put_into(EvalResult& result) const {
  result.metrics.clear();
  for (const auto& [name, samples] : metrics_)
    result.aggregated_metrics.emplace(name, statistics_of(samples));
  if (!result.profile) return;
  for (const auto& line : *result.profile)
    result.aggregated_profile.emplace_back(line, statistics_of(times_.at(line.at)));
  result.profile.reset();
}

}  // namespace signalbox::app::cli
