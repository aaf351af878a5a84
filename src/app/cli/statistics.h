// How numbers are spread: what `opa bench` and `opa eval --count` report of times.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace signalbox::app::cli {

/// count, min, max, mean, median, stddev, 75%, 90%, 95%, 99%, 99.9%, 99.99%
using Statistics = std::map<std::string, double>;

/// Percentiles as OPA's metrics have them: the value at p * (n + 1), between two the part of the way. The
/// samples are at least one.
Statistics statistics_of(std::vector<double> samples);
/// Compact JSON.
std::string to_json(const Statistics& statistics);

}  // namespace signalbox::app::cli
