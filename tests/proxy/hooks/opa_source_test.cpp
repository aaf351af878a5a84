// Decisions by an external engine: what is sent, what an answer means, and when it is left alone.
#include "proxy/hooks/opa_source.h"

#include <catch2/catch.hpp>

#include "proxy/net/resolver.h"
#include "proxy/support/scripted_http.h"

using namespace signalbox;
using namespace signalbox::proxy;
using namespace std::chrono_literals;
using test::ok;
using test::ScriptedHttp;

namespace {

struct Asking {
  explicit Asking(const std::string& url, unsigned failures = 100) {
    options.url = url;
    options.inputs = {"session.user", "session.database", "hook", "no.such.fact"};
    options.deadline = 1s;
    options.breaker_failures = failures;
    options.breaker_pause = 150ms;
    source = OpaSource::make(options, loop, resolver).value();
    session.user = "ann";
    session.database = "db";
  }

  static Task<> put(Asking& self, int times, std::chrono::milliseconds pause) {
    for (int i = 0; i < times; ++i) {
      Event event;
      event.hook = actions::Hook::Startup;
      event.session = &self.session;
      const EventView view(event);
      self.decisions.push_back(co_await self.source->decide(view, self.policies));
      if (pause.count() > 0) co_await SleepStep{self.loop, pause};
    }
    self.loop.stop();
  }
  void ask(int times, std::chrono::milliseconds pause = 0ms) {
    spawn(put(*this, times, pause));
    loop.run();
  }

  Loop loop;
  Resolver resolver;
  ExternalEngineOptions options;
  SessionFacts session;
  std::shared_ptr<const Policies> policies = std::make_shared<const Policies>(nullptr, 0);
  std::unique_ptr<DecisionSource> source;
  std::vector<policy::Decision> decisions;
};

}  // namespace

TEST_CASE("the declared facts are asked about, and the actions come back") {
  ScriptedHttp server({{ok(R"({"result": [{"action": "deny", "message": "no"}]})")}});
  Asking asking(server.url());
  asking.ask(1);
  REQUIRE_FALSE(asking.decisions[0].error);
  CHECK(asking.decisions[0].actions.at(0).action == "deny");
  CHECK_FALSE(asking.decisions[0].deterministic);
  CHECK(server.requests()[0].ends_with(
      R"({"input":{"session":{"user":"ann","database":"db"},"hook":"startup"}})"));
}

TEST_CASE("every failure is a decision with an error") {
  ScriptedHttp server({{ok("{}")}, {"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"}, {ok("{")}, {}});
  Asking asking(server.url());
  asking.ask(4, 20ms);
  for (const policy::Decision& decision : asking.decisions) {
    CHECK(decision.error);
    CHECK(decision.actions.empty());
  }
}

TEST_CASE("an engine that keeps failing is left alone for a while") {
  Asking asking("http://127.0.0.1:1", 2);
  asking.ask(4);
  CHECK(asking.decisions[1].error->message.find("circuit") == std::string::npos);
  CHECK(asking.decisions[2].error->message == "circuit breaker is open");
  CHECK(asking.decisions[3].error->message == "circuit breaker is open");
}

TEST_CASE("what is wrong with the configuration is told before anybody asks") {
  ExternalEngineOptions options;
  options.url = "opa:8181";
  CHECK_FALSE(OpaSource::check(options));
  options.url = "https://opa";
  options.ca_file = "/no/such/file";
  CHECK_FALSE(OpaSource::check(options));
  options.url = "http://127.0.0.1:8181/opa";
  CHECK(OpaSource::check(options));
}
