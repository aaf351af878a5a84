// Tasks that end before they are done: with their owner, wherever they wait, and without a trace.
#include "proxy/net/task.h"

#include <catch2/catch.hpp>
#include <memory>

#include "proxy/net/loop.h"

using namespace signalbox::proxy;
using namespace std::chrono_literals;

namespace {

struct Log {
  int begun = 0, ended = 0, destroyed = 0;
};

struct Trace {
  explicit Trace(Log& to) : log(to) { ++log.begun; }
  ~Trace() { ++log.destroyed; }
  Log& log;
};

Task<> sleep(Loop& loop, Log& log, std::chrono::nanoseconds time) {
  const Trace trace(log);
  co_await SleepStep{loop, time};
  ++log.ended;
}

Task<> sleep_twice(Loop& loop, Log& log, std::chrono::nanoseconds first, std::chrono::nanoseconds second) {
  const Trace trace(log);
  co_await Both(sleep(loop, log, first), sleep(loop, log, second));
  ++log.ended;
  loop.stop();
}

Task<> run_thrice(Loop& loop, Log& log, Background& life) {
  for (int i = 0; i < 3; ++i) {
    life.run(sleep(loop, log, 1ms));
    while (log.ended == i) co_await SleepStep{loop, 5ms};
  }
  loop.stop();
}

Task<> stop_after(Loop& loop, std::chrono::nanoseconds time) {
  co_await SleepStep{loop, time};
  loop.stop();
}

}  // namespace

TEST_CASE("both tasks end before who awaits them goes on, whichever is first") {
  for (const auto& [first, second] : {std::pair{1ms, 20ms}, {20ms, 1ms}, {1ms, 1ms}}) {
    Loop loop;
    Log log;
    spawn(sleep_twice(loop, log, first, second));
    loop.run();
    CHECK(log.ended == 3);
    CHECK(log.destroyed == 3);
  }
}

TEST_CASE("a background task ends with its owner, and all that it waits for with it") {
  Loop loop;
  Log log;
  auto life = std::make_unique<Background>();
  life->run(sleep_twice(loop, log, 1ms, 1h));
  spawn(stop_after(loop, 50ms));
  loop.run();
  CHECK(log.begun == 3);
  CHECK(log.ended == 1);
  life.reset();
  CHECK(log.destroyed == 3);
}

TEST_CASE("a background task that has ended makes room for the next") {
  Loop loop;
  Log log;
  Background life;
  spawn(run_thrice(loop, log, life));
  loop.run();
  CHECK(log.ended == 3);
}
