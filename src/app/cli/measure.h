// Measuring a piece of work: how long it takes, how its times are spread, what it allocates.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace signalbox::app::cli {

struct Measurement {
  std::uint64_t runs = 0;
  std::int64_t ns_per_op = 0;
  std::uint64_t allocs_per_op = 0, bytes_per_op = 0;
  std::map<std::string, double>
      histogram;  ///< min, max, mean, median, stddev, 75%, 90%, 95%, 99%, 99.9%, 99.99%
};

/// Runs `work` for about `time`. False from it ends the measurement with runs = 0.
Measurement measure(const std::function<bool()>& work,
                    std::chrono::nanoseconds time = std::chrono::seconds(1));

/// "   41530\t     28871 ns/op\t   10234 B/op\t     212 allocs/op", Go's benchmark line without the name.
std::string go_line(const Measurement& measurement, bool memory);
/// {"N", "T", "Bytes", "MemAllocs", "MemBytes", "Extra"}, as Go's testing.BenchmarkResult.
std::string to_json(const Measurement& measurement);

}  // namespace signalbox::app::cli
