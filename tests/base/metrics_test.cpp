// Sums over shards, and the histogram's bucket arithmetic.
#include "base/metrics.h"

#include <catch2/catch.hpp>

using namespace signalbox;

TEST_CASE("a total is the sum of every thread's shard") {
  Metrics metrics;
  MetricsShard& a = metrics.new_shard();
  MetricsShard& b = metrics.new_shard();
  a.add(Counter::Statements, 3);
  b.add(Counter::Statements);
  a.move(Gauge::Sessions, 2);
  b.move(Gauge::Sessions, -1);
  CHECK(metrics.total(Counter::Statements) == 4);
  CHECK(metrics.total(Gauge::Sessions) == 1);
}

TEST_CASE("every value lies in a bucket whose bounds hold it") {
  for (std::uint64_t value = 0; value < (std::uint64_t{1} << 38); value = value * 9 / 8 + 1) {
    const std::size_t index = LogLinear::index_of(value);
    INFO("value " << value << " index " << index);
    CHECK(value < LogLinear::upper_bound(index));
    if (index > 0) CHECK(value >= LogLinear::upper_bound(index - 1));
  }
  CHECK(LogLinear::index_of(~std::uint64_t{0}) == LogLinear::kBuckets - 1);
}

TEST_CASE("quantiles are right within a bucket's width") {
  Metrics metrics;
  MetricsShard& shard = metrics.new_shard();
  for (std::uint64_t i = 1; i <= 1000; ++i) shard.observe(Histogram::DecisionDuration, i * 1000);
  const HistogramSnapshot snapshot = metrics.total(Histogram::DecisionDuration);
  CHECK(snapshot.count == 1000);
  CHECK(snapshot.sum == 500'500'000);
  CHECK(snapshot.quantile(0.5) == Approx(500'000).epsilon(0.13));
  CHECK(snapshot.quantile(0.99) == Approx(990'000).epsilon(0.13));
}
