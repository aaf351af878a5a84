// Whoever sleeps is woken by what comes, and nothing that comes while it goes to sleep is missed.
#include "actions/lanes/doorbell.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

using namespace signalbox::actions;
using namespace std::chrono_literals;

TEST_CASE("a sleeper that has work does not sleep") {
  Doorbell bell;
  bell.sleep(std::nullopt, [] { return true; });
}

TEST_CASE("a sleep ends with its time, or with a wake that came before it") {
  Doorbell bell;
  bell.sleep(1ms, [] { return false; });
  bell.wake();
  bell.sleep(std::nullopt, [] { return false; });
  bell.wake();
  bell.nap(1h);
}

TEST_CASE("ringing wakes nobody who is awake") {
  Doorbell bell;
  bell.ring();
  const auto begun = std::chrono::steady_clock::now();
  bell.nap(20ms);
  CHECK(std::chrono::steady_clock::now() - begun >= 20ms);
}

TEST_CASE("no ring is missed, however it falls") {
  Doorbell bell;
  std::atomic<int> published{0};
  constexpr int kRounds = 20'000;
  std::atomic<int> seen{0};
  std::thread producer([&] {
    for (int i = 1; i <= kRounds; ++i) {
      published.store(i, std::memory_order_release);
      bell.ring();
      while (seen.load(std::memory_order_acquire) < i) std::this_thread::yield();
    }
  });
  while (seen.load(std::memory_order_relaxed) < kRounds) {
    bell.sleep(std::nullopt, [&] { return published.load(std::memory_order_acquire) > seen.load(); });
    seen.store(published.load(std::memory_order_acquire), std::memory_order_release);
  }
  producer.join();
  CHECK(seen == kRounds);
}
