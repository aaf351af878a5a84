// Measuring: one call of the clock an operation, so that the spread of single operations can be told.
#include "app/cli/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/allocations.h"

namespace signalbox::app::cli {
namespace {

constexpr std::size_t kMaxSamples = 200'000;

double percentile(const std::vector<double>& sorted, double p) {
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(position);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (position - static_cast<double>(low));
}

std::map<std::string, double> histogram_of(std::vector<double> samples) {
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

}  // namespace

Measurement measure(const std::function<bool()>& work, std::chrono::nanoseconds time) {
  using Clock = std::chrono::steady_clock;
  Measurement out;
  for (int i = 0; i < 3; ++i) {
    if (!work()) return out;
  }
  std::vector<double> samples;
  samples.reserve(kMaxSamples);
  const AllocationCount before = allocations();
  const auto begin = Clock::now();
  auto last = begin;
  while (last - begin < time) {
    if (!work()) return {};
    const auto now = Clock::now();
    if (samples.size() < kMaxSamples) samples.push_back(static_cast<double>((now - last).count()));
    last = now;
    ++out.runs;
  }
  const AllocationCount after = allocations();
  out.ns_per_op = (last - begin).count() / static_cast<std::int64_t>(out.runs);
  out.allocs_per_op = (after.count - before.count) / out.runs;
  out.bytes_per_op = (after.bytes - before.bytes) / out.runs;
  out.histogram = histogram_of(std::move(samples));
  return out;
}

std::string go_line(const Measurement& m, bool memory) {
  std::string out = fmt::format("{:8}\t{:10} ns/op", m.runs, m.ns_per_op);
  for (const auto& [name, value] : m.histogram)
    out += fmt::format("\t{:10.0f} timer_rego_query_eval_ns_{}", value, name);
  if (memory) out += fmt::format("\t{:8} B/op\t{:8} allocs/op", m.bytes_per_op, m.allocs_per_op);
  return out;
}

std::string to_json(const Measurement& m) {
  std::string out = fmt::format(R"({{"N":{},"T":{},"Bytes":0,"MemAllocs":{},"MemBytes":{},"Extra":{{)",
                                m.runs, m.ns_per_op * static_cast<std::int64_t>(m.runs),
                                m.allocs_per_op * m.runs, m.bytes_per_op * m.runs);
  for (const auto& [name, value] : m.histogram) {
    if (!out.ends_with('{')) out += ',';
    out += fmt::format(R"("histogram_timer_rego_query_eval_ns_{}":{})", name, value);
  }
  return out + "}}";
}

}  // namespace signalbox::app::cli
