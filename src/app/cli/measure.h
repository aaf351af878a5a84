// Measuring a piece of work: how long it takes, how its times are spread, what it allocates.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "app/cli/statistics.h"

namespace signalbox::app::cli {

struct Measurement {
  std::uint64_t runs = 0;
  std::int64_t ns_per_op = 0;
  std::uint64_t allocs_per_op = 0, bytes_per_op = 0;
  Statistics histogram;  ///< of nanoseconds; empty without runs
};

/// Runs `work` for about `time`. False from it ends the measurement with runs = 0.
Measurement measure(const std::function<bool()>& work,
                    std::chrono::nanoseconds time = std::chrono::seconds(1));

/// "   41530\t     28871 ns/op\t   10234 B/op\t     212 allocs/op": a line of Go's benchmarks without the
/// name. `extra`: more measures, each with its unit.
std::string go_line(const Measurement& measurement, const Statistics& extra, bool memory);
/// {"N", "T", "Bytes", "MemAllocs", "MemBytes", "Extra": extra}, as Go's testing.BenchmarkResult.
std::string to_json(const Measurement& measurement, const Statistics& extra);

}  // namespace signalbox::app::cli
