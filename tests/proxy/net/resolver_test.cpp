// Names: who waits for one may give up, or be gone, before the system's resolver answers.
#include "proxy/net/resolver.h"

#include <catch2/catch.hpp>
#include <memory>

#include "proxy/net/task.h"

using namespace signalbox;
using namespace signalbox::proxy;
using namespace std::chrono_literals;

namespace {

Task<> ask(Resolver& resolver, Loop& loop, std::string host, std::optional<Resolver::Answer>& answer) {
  answer = co_await resolver.resolve(loop, std::move(host), 5432);
  loop.stop();
}

Task<> ask_for(Resolver& resolver, Loop& loop, std::string host, std::chrono::nanoseconds patience,
               Resolver::Answer& answer) {
  answer = co_await resolver.resolve(loop, std::move(host), 5432, patience);
  loop.stop();
}

}  // namespace

TEST_CASE("a name is found on the loop that asked") {
  Resolver resolver;
  Loop loop;
  std::optional<Resolver::Answer> answer;
  Background life;
  life.run(ask(resolver, loop, "localhost", answer));
  loop.run();
  REQUIRE(answer);
  REQUIRE(*answer);
  CHECK_FALSE((*answer)->empty());
}

TEST_CASE("patience that ends first is a timeout, and the late answer is nobody's") {
  Resolver resolver;
  int late = 0;
  for (int i = 0; i < 50; ++i) {
    Loop loop;
    Resolver::Answer answer;
    Background life;
    life.run(ask_for(resolver, loop, "signalbox-test-" + std::to_string(i) + ".invalid", 1ns, answer));
    loop.run();
    REQUIRE_FALSE(answer);
    late += answer.error().code == ErrorCode::Timeout;
    if (answer.error().code == ErrorCode::Timeout)
      CHECK(answer.error().message.ends_with(".invalid\": its address was not found in time"));
  }
  CHECK(late > 0);
}

TEST_CASE("who asked may be gone before the answer") {
  Resolver resolver;
  for (int i = 0; i < 200; ++i) {
    Loop loop;
    std::optional<Resolver::Answer> answer;
    Background life;
    life.run(ask(resolver, loop, "signalbox-test-" + std::to_string(i) + ".invalid", answer));
  }
  Loop loop;
  std::optional<Resolver::Answer> answer;
  Background life;
  life.run(ask(resolver, loop, "localhost", answer));
  if (!answer) loop.run();
  CHECK(answer->has_value());
}
