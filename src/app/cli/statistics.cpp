// The statistics of a list of samples, by sorting it.
#include "app/cli/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace signalbox::app::cli {
namespace {

double percentile(const std::vector<double>& sorted, double p) {
  const double position = p * static_cast<double>(sorted.size() + 1);
  if (position < 1) return sorted.front();
  if (position >= static_cast<double>(sorted.size())) return sorted.back();
  const auto above = static_cast<std::size_t>(position);
  const double low = sorted[above - 1];
  return low + (sorted[above] - low) * (position - static_cast<double>(above));
}

}  // namespace

Statistics statistics_of(std::vector<double> samples) {
  std::ranges::sort(samples);
  const double count = static_cast<double>(samples.size());
  const double mean = std::accumulate(samples.begin(), samples.end(), 0.0) / count;
  double squares = 0;
  for (const double x : samples) squares += (x - mean) * (x - mean);
  return {{"count", count},
          {"min", samples.front()},
          {"max", samples.back()},
          {"mean", mean},
          {"stddev", std::sqrt(squares / count)},
          {"median", percentile(samples, 0.5)},
          {"75%", percentile(samples, 0.75)},
          {"90%", percentile(samples, 0.9)},
          {"95%", percentile(samples, 0.95)},
          {"99%", percentile(samples, 0.99)},
          {"99.9%", percentile(samples, 0.999)},
          {"99.99%", percentile(samples, 0.9999)}};
}

std::string to_json(const Statistics& statistics) {
  std::string out = "{";
  for (const auto& [name, value] : statistics)
    out += fmt::format(R"({}"{}":{})", out.size() > 1 ? "," : "", name, value);
  return out + "}";
}

}  // namespace signalbox::app::cli
