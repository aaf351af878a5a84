// The loop's wait: whether it sleeps at once or looks again for a while, nothing is missed.
#include "proxy/net/loop.h"

#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "proxy/net/channel.h"
#include "proxy/net/inlet.h"
#include "proxy/net/task.h"

using namespace signalbox::proxy;
using namespace std::chrono_literals;

namespace {

constexpr int kRounds = 300;

Task<> echo(Channel& channel) {
  Inlet inlet(channel);
  while (co_await inlet.more() == Io::Ok) {
    const std::string heard(inlet.bytes());
    inlet.consume(heard.size());
    co_await channel.write(heard);
  }
}

/// Some answers come at once, some only after a pause in which the loop falls asleep.
Task<> call(Channel& channel, int& answers) {
  Inlet inlet(channel);
  for (int i = 0; i < kRounds; ++i) {
    co_await channel.write("?");
    if (co_await inlet.more() != Io::Ok) break;
    inlet.consume(1);
    ++answers;
    if (i % 50 == 0) co_await SleepStep{channel.loop(), 5ms};
  }
  channel.loop().stop();
}

}  // namespace

TEST_CASE("whether a loop polls busily or sleeps at once, it misses nothing") {
  for (const std::chrono::nanoseconds longest : {0ns, 1ns, 50'000ns, 1'000'000ns}) {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    Loop here, there;
    here.busy_poll(longest);
    there.busy_poll(longest);
    Channel near(here, Fd(fds[0])), far(there, Fd(fds[1]));
    int answers = 0;
    Background calling, echoing;
    echoing.run(echo(far));
    std::thread other([&] { there.run(); });
    calling.run(call(near, answers));
    here.run();
    there.stop();
    other.join();
    CHECK(answers == kRounds);
  }
}
