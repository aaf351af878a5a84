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
  out.histogram = statistics_of(std::move(samples));
  return out;
}

std::string go_line(const Measurement& m, const Statistics& extra, bool memory) {
  std::string out = fmt::format("{:8}\t{:10} ns/op", m.runs, m.ns_per_op);
  for (const auto& [unit, value] : extra) out += fmt::format("\t{:10.0f} {}", value, unit);
  if (memory) out += fmt::format("\t{:8} B/op\t{:8} allocs/op", m.bytes_per_op, m.allocs_per_op);
  return out;
}

std::string to_json(const Measurement& m, const Statistics& extra) {
  return fmt::format(R"({{"N":{},"T":{},"Bytes":0,"MemAllocs":{},"MemBytes":{},"Extra":{}}})", m.runs,
                     m.ns_per_op * static_cast<std::int64_t>(m.runs), m.allocs_per_op * m.runs,
                     m.bytes_per_op * m.runs, to_json(extra));
}

}  // namespace signalbox::app::cli
