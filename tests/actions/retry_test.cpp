#include "actions/lanes/retry.h"

#include <catch2/catch.hpp>

#include "actions/lanes/breaker.h"

using namespace signalbox::actions;
using namespace std::chrono_literals;

TEST_CASE("the delay before a retry grows to the cap, with full jitter, and never below what the sink said") {
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  const auto ceiling = [](std::uint32_t attempt) {
    // The largest value of random % (ceiling + 1) that any random gives.
    std::int64_t most = 0;
    for (std::uint64_t r = 0; r < 5000; ++r) {
      most = std::max(most, retry_delay_us(attempt, 1ms, 8ms, std::nullopt, r));
    }
    return most;
  };
  CHECK(ceiling(1) == 1000);
  CHECK(ceiling(2) == 2000);
  CHECK(ceiling(3) == 4000);
  CHECK(retry_delay_us(4, 1ms, 8ms, std::nullopt, 8000) == 8000);
  CHECK(retry_delay_us(60'000, 1ms, 8ms, std::nullopt, 8000) == 8000);
  CHECK(retry_delay_us(1, 1s, 300s, 20s, 0) == 20'000'000);
  CHECK(retry_delay_us(1, 1s, 300s, 2000s, 0) == 300'000'000);  // the cap holds for the sink too
  CHECK(retry_delay_us(1, 0ms, 0ms, std::nullopt, kMost) <= 1000);
}

TEST_CASE("a breaker opens after a run of troubles, lets one probe through, and closes with it") {
  Breakers breakers(3, 1000);
  const auto trouble = [&](std::int64_t now) {
    breakers.started("s");
    breakers.ended("s", true, now);
  };
  trouble(0);
  trouble(0);
  CHECK(breakers.free_slots("s", 4, 0) == 4);
  trouble(0);
  CHECK(breakers.free_slots("s", 4, 999) == 0);
  CHECK(breakers.free_slots("other", 4, 999) == 4);
  CHECK(breakers.open_count() == 1);
  CHECK(breakers.free_slots("s", 4, 1000) == 1);
  breakers.started("s");
  CHECK(breakers.free_slots("s", 4, 1000) == 0);
  breakers.ended("s", true, 1000);
  CHECK(breakers.free_slots("s", 4, 1999) == 0);
  breakers.started("s");
  breakers.ended("s", false, 2000);
  CHECK(breakers.free_slots("s", 4, 2000) == 4);
  CHECK(breakers.open_count() == 0);
}
