// The wheel: nothing early, nothing lost, more than a turn away, changed while firing.
#include "proxy/net/timers.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "proxy/net/loop.h"

using namespace signalbox::proxy;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kStart = 1'000'000'000'000;

}  // namespace

TEST_CASE("timers fire once, not early, at most a tick and a step late") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  Timers timers;
  timers.advance(kStart);
  std::int64_t now = kStart;
  int fired = 0;
  std::vector<std::unique_ptr<Timer>> all;
  for (int i = 0; i < 500; ++i) {
    const std::chrono::milliseconds after(random() % 20'000);
    const std::int64_t due = kStart + std::chrono::nanoseconds(after).count();
    all.push_back(std::make_unique<Timer>([&, due] {
      ++fired;
      CHECK(now >= due);
      CHECK(now - due <= Timers::kTickNs + 50'000'000);
    }));
    all.back()->arm(timers, after);
  }
  while (now < kStart + 21'000'000'000) {
    now += static_cast<std::int64_t>(random() % 50'000'000);
    timers.advance(now);
  }
  CHECK(fired == 500);
  CHECK_FALSE(timers.idle_ms());
}

TEST_CASE("a timer may arm, disarm and destroy others while it fires") {
  Timers timers;
  timers.advance(kStart);
  int again = 0;
  auto victim = std::make_unique<Timer>([] { FAIL("disarmed"); });
  Timer repeated([&] {
    victim.reset();
    if (++again < 3) repeated.arm(timers, 10ms);
  });
  victim->arm(timers, 30ms);
  repeated.arm(timers, 10ms);
  for (std::int64_t t = 1; t < 100; ++t) timers.advance(kStart + t * 10'000'000);
  CHECK(again == 3);
}

TEST_CASE("how long nothing is due is never too long") {
  Timers timers;
  timers.advance(kStart);
  bool fired = false;
  Timer timer([&] { fired = true; });
  timer.arm(timers, 30s);
  std::int64_t now = kStart;
  while (!fired) {
    const auto idle = timers.idle_ms();
    REQUIRE(idle);
    now += std::max<std::int64_t>(1, *idle) * 1'000'000;
    timers.advance(now);
  }
  CHECK(now - kStart >= 30'000'000'000);
  CHECK(now - kStart < 30'100'000'000);
}

TEST_CASE("a deadline armed after a long sleep counts from its end") {
  Loop loop;
  bool fired = false;
  std::chrono::steady_clock::time_point armed, ended;
  Timer timer([&] {
    fired = true;
    ended = std::chrono::steady_clock::now();
    loop.stop();
  });
  std::jthread waker([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    loop.post([&] {
      armed = std::chrono::steady_clock::now();
      timer.arm(loop.timers(), std::chrono::milliseconds(100));
    });
  });
  loop.run();
  CHECK(fired);
  CHECK(ended - armed >= std::chrono::milliseconds(80));
}
