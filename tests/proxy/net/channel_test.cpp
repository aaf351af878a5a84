// Channels over a socket pair: back-pressure, end, cancellation, and who owns the bytes.
#include "proxy/net/channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "proxy/net/inlet.h"
#include "proxy/net/task.h"
#include "proxy/net/turn.h"

using namespace signalbox::proxy;
using namespace std::chrono_literals;

namespace {

struct Pair {
  Pair() {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    a = std::make_unique<Channel>(loop, Fd(fds[0]));
    b = std::make_unique<Channel>(loop, Fd(fds[1]));
  }
  Loop loop;
  std::unique_ptr<Channel> a;
  std::unique_ptr<Channel> b;
};

Task<> send_all(Channel& channel, std::string bytes, Io& status) {
  status = co_await channel.write(bytes);
  channel.shutdown_write();
}

Task<> receive_all(Channel& channel, std::string& got, bool slowly) {
  Inlet inlet(channel);
  while (co_await inlet.more() == Io::Ok) {
    got += inlet.bytes();
    inlet.consume(inlet.bytes().size());
    if (slowly) co_await SleepStep{channel.loop(), 1ms};
  }
  channel.loop().stop();
}

Task<> leave_some(Channel& channel, std::string& got) {
  Inlet inlet(channel);
  // Takes four bytes at a time, so that what is left over must survive every wait.
  for (;;) {
    while (inlet.bytes().size() >= 4) {
      got += inlet.bytes().substr(0, 4);
      inlet.consume(4);
    }
    if (co_await inlet.more() != Io::Ok) break;
  }
  got += inlet.bytes();
  channel.loop().stop();
}

Task<> dribble(Channel& channel, std::string bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    co_await channel.write(std::string_view(bytes).substr(at, 3));
    co_await yield_to(channel.loop());
  }
  channel.shutdown_write();
}

Task<> wait_for_bytes(Channel& channel, Io& status) {
  Inlet inlet(channel);
  status = co_await inlet.more();
  channel.loop().stop();
}

std::string some_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

}  // namespace

TEST_CASE("a slow reader slows the writer down, and every byte arrives in order") {
  Pair pair;
  const std::string bytes = some_bytes(3 << 20);
  Io status = Io::Broken;
  std::string got;
  spawn(send_all(*pair.a, bytes, status));
  spawn(receive_all(*pair.b, got, true));
  pair.loop.run();
  CHECK(status == Io::Ok);
  CHECK(got == bytes);
}

TEST_CASE("what is not consumed survives the wait for more") {
  Pair pair;
  const std::string bytes = some_bytes(1000);
  std::string got;
  spawn(dribble(*pair.a, bytes));
  spawn(leave_some(*pair.b, got));
  pair.loop.run();
  CHECK(got == bytes);
}

namespace {

/// Takes the first byte, waits without keeping the rest, and takes it then.
Task<> take_later(Channel& channel, std::string& got) {
  Inlet inlet(channel);
  co_await inlet.more();
  got += inlet.bytes().substr(0, 1);
  inlet.consume(1);
  co_await SleepStep{channel.loop(), 30ms};
  got += inlet.bytes();
  channel.loop().stop();
}

Task<> read_once(Channel& channel, std::string& got) {
  Inlet inlet(channel);
  co_await SleepStep{channel.loop(), 10ms};
  co_await inlet.more();
  got += inlet.bytes();
}

}  // namespace

TEST_CASE("bytes left in the buffer that all share are not another session's later") {
  Pair mine;
  int fds[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
  Channel theirs(mine.loop, Fd(fds[0]));
  REQUIRE(::send(mine.a->fd(), "mine", 4, 0) == 4);
  REQUIRE(::send(fds[1], "THEIRS", 6, 0) == 6);
  std::string got, other;
  spawn(take_later(*mine.b, got));
  spawn(read_once(theirs, other));
  mine.loop.run();
  CHECK(got == "mine");
  CHECK(other == "THEIRS");
  ::close(fds[1]);
}

TEST_CASE("a deadline ends a wait, and every later one") {
  Pair pair;
  Io status = Io::Ok;
  Timer deadline([&] { pair.b->cancel(Io::Timeout); });
  deadline.arm(pair.loop.timers(), 20ms);
  spawn(wait_for_bytes(*pair.b, status));
  pair.loop.run();
  CHECK(status == Io::Timeout);
}

TEST_CASE("a peer that vanishes is the end, not an error of ours") {
  Pair pair;
  Io status = Io::Ok;
  pair.a.reset();
  spawn(wait_for_bytes(*pair.b, status));
  pair.loop.run();
  CHECK(status == Io::Eof);
}

namespace {

Task<> take_turn(Turn& turn, Loop& loop, std::string& order, char name) {
  co_await turn.acquire();
  order += name;
  co_await yield_to(loop);
  order += name;
  turn.release();
  if (order.size() == 6) loop.stop();
}

}  // namespace

TEST_CASE("turns are taken in order and never mixed") {
  Loop loop;
  Turn turn(loop);
  std::string order;
  for (const char name : {'a', 'b', 'c'}) spawn(take_turn(turn, loop, order, name));
  loop.run();
  CHECK(order == "aabbcc");
}
