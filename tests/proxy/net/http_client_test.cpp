// The HTTP client against a scripted server: reuse of connections, what it gives up on, and URLs (RFC 3986).
#include "proxy/net/http_client.h"

#include <catch2/catch.hpp>
#include <optional>

#include "proxy/net/resolver.h"
#include "proxy/support/scripted_http.h"

using namespace signalbox;
using namespace signalbox::proxy;
using namespace std::chrono_literals;
using test::ok;
using test::ScriptedHttp;

namespace {

Task<> ask_each(HttpClient& client, Loop& loop, std::vector<std::string> bodies,
                std::vector<Result<HttpAnswer>>& answers, std::chrono::milliseconds deadline) {
  for (const std::string& body : bodies) {
    answers.push_back(co_await client.post("/v1/data", body, deadline));
    co_await SleepStep{loop, 20ms};  // what the server does behind its answer is seen
  }
  loop.stop();
}

std::vector<Result<HttpAnswer>> ask(const std::string& url, std::vector<std::string> bodies,
                                    std::size_t max_answer = 1 << 16,
                                    std::chrono::milliseconds deadline = 2s) {
  Loop loop;
  Resolver resolver;
  HttpClient::Options options;
  options.address = HttpAddress::parse(url).value();
  options.bearer_token = "t";
  options.max_answer = max_answer;
  HttpClient client(loop, resolver, std::move(options));
  std::vector<Result<HttpAnswer>> answers;
  spawn(ask_each(client, loop, std::move(bodies), answers, deadline));
  loop.run();
  return answers;
}

}  // namespace

TEST_CASE("URLs: scheme, host, port, path") {
  const auto plain = HttpAddress::parse("http://opa.example:8181/a/b/").value();
  CHECK_FALSE(plain.tls);
  CHECK(plain.host == "opa.example");
  CHECK(plain.port == 8181);
  CHECK(plain.prefix == "/a/b");
  CHECK(HttpAddress::parse("http://h").value().port == 80);
  CHECK(HttpAddress::parse("https://h").value().port == 443);
  CHECK(HttpAddress::parse("https://h").value().tls);
  CHECK(HttpAddress::parse("http://[::1]:81/x").value().host == "::1");
  CHECK(HttpAddress::parse("http://[::1]:81/x").value().port == 81);
  CHECK(HttpAddress::parse("http://[::1]").value().port == 80);
  CHECK(HttpAddress::parse("unix:/run/opa").value().host == "/run/opa");
  CHECK(HttpAddress::parse("unix:///run/opa").value().host == "/run/opa");
  for (const char* bad : {"", "opa:8181", "ftp://h", "http://", "http://:80", "http://h:", "http://h:x",
                          "http://h:70000", "unix:opa", "http:///path"}) {
    INFO(bad);
    CHECK_FALSE(HttpAddress::parse(bad));
  }
}

TEST_CASE("a connection is used again, and the request says what it must") {
  ScriptedHttp server({{ok("one"), ok("two"), ok("three")}});
  const auto answers = ask(server.url(), {"a", "bb", "ccc"});
  REQUIRE(answers.size() == 3);
  CHECK(answers[2]->body == "three");
  CHECK(answers[0]->status == 200);
  CHECK(server.connections() == 1);
  const std::string request = server.requests()[1];
  CHECK(request.starts_with("POST /v1/data HTTP/1.1\r\nHost: 127.0.0.1:"));
  CHECK(request.find("\r\nContent-Length: 2\r\n") != std::string::npos);
  CHECK(request.find("\r\nAuthorization: Bearer t\r\n") != std::string::npos);
  CHECK(request.ends_with("\r\n\r\nbb"));
}

TEST_CASE("a connection that was closed, or said something unasked, is not used again") {
  ScriptedHttp closing({{ok("one")}, {ok("two")}, {ok("three")}});
  CHECK(ask(closing.url(), {"a", "b", "c"})[2]->body == "three");
  ScriptedHttp saying_so({{ok("one", "Connection: close\r\n"), ok("never")}, {ok("two")}});
  CHECK(ask(saying_so.url(), {"a", "b"})[1]->body == "two");
  ScriptedHttp talkative({{ok("one") + ok("forged"), ok("never")}, {ok("two")}});
  CHECK(ask(talkative.url(), {"a", "b"})[1]->body == "two");
}

TEST_CASE("what is no answer is an error of its kind") {
  const auto error = [](std::vector<std::string> script, std::size_t max_answer = 1 << 16) {
    ScriptedHttp server({std::move(script)});
    const auto answers = ask(server.url(), {"a"}, max_answer, 300ms);
    return answers[0] ? std::optional<ErrorCode>() : answers[0].error().code;
  };
  CHECK(error({"nonsense\r\n\r\n"}) == ErrorCode::Corrupt);
  CHECK(error({ok(std::string(5000, 'x'))}, 4096) == ErrorCode::LimitExceeded);
  CHECK(error({"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n"}) == ErrorCode::LimitExceeded);
  CHECK(error({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"}) == ErrorCode::Unavailable);
  CHECK(error({"HTTP/1.1 200 OK\r\nContent-Le"}) == ErrorCode::Unavailable);
  CHECK(error({}) == ErrorCode::Unavailable);
  CHECK(error({"HTTP/1.1 200 OK\r\n" + std::string(100'000, 'x') + ": y\r\n\r\n"}) == ErrorCode::Corrupt);
  CHECK_FALSE(error({ok("fine")}));
  CHECK_FALSE(ask("http://127.0.0.1:1", {"a"})[0]);
}

TEST_CASE("a deadline holds while connecting, sending and waiting") {
  ScriptedHttp server({{"", "never"}});  // reads the request and says nothing, until it is asked again
  const auto began = std::chrono::steady_clock::now();
  const auto answers = ask(server.url(), {"a"}, 1 << 16, 200ms);
  CHECK(answers[0].error().code == ErrorCode::Timeout);
  CHECK(std::chrono::steady_clock::now() - began < 2s);
}

TEST_CASE("answers without a length and in chunks are read to their end") {
  ScriptedHttp server(
      {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"},
       {"HTTP/1.0 200 OK\r\n\r\nuntil the end"}});
  const auto answers = ask(server.url(), {"a", "b"});
  CHECK(answers[0]->body == "abcde");
  CHECK(answers[1]->body == "until the end");
}
