// http.send against a server of our own: answers, caches, redirects, hosts that are not allowed, errors.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "policy/builtins/builtin.h"
#include "policy/value/builder.h"
#include "policy/value/json.h"

namespace signalbox::policy {
namespace {

/// Answers one request a connection, by path, and closes it. Remembers the last request.
class Server {
 public:
  explicit Server(std::map<std::string, std::string> answers) : answers_(std::move(answers)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof(at)) == 0);
    REQUIRE(::listen(fd_, 8) == 0);
    socklen_t size = sizeof(at);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  int requests() const { return requests_; }
  std::string last() const {
    const std::lock_guard hold(lock_);
    return last_;
  }

 private:
  /// Head and body; they may come apart.
  static bool is_whole(const std::string& request) {
    constexpr std::string_view kLength = "Content-Length: ";
    const auto head = request.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const auto length = request.find(kLength);
    const std::size_t body =
        length < head ? std::strtoul(request.c_str() + length + kLength.size(), nullptr, 10) : 0;
    return request.size() >= head + 4 + body;
  }

  void serve() {
    for (int client; (client = ::accept(fd_, nullptr, nullptr)) >= 0; ::close(client)) {
      std::string request;
      char bytes[4096];
      while (!is_whole(request)) {
        const auto got = ::recv(client, bytes, sizeof(bytes), 0);
        if (got <= 0) break;
        request.append(bytes, static_cast<std::size_t>(got));
      }
      const auto from = request.find(' ') + 1;
      const std::string path = request.substr(from, request.find(' ', from) - from);
      {
        const std::lock_guard hold(lock_);
        last_ = request;
      }
      ++requests_;
      const auto found = answers_.find(path);
      const std::string answer =
          found == answers_.end() ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" : found->second;
      (void)!::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }

  std::map<std::string, std::string> answers_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> requests_{0};
  mutable std::mutex lock_;
  std::string last_;
  std::thread thread_;
};

std::string answer(const std::string& headers, const std::string& body) {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

/// One evaluator: calls share what is kept between evaluations.
class Caller {
 public:
  Caller() { host_.http = true; }
  BuiltinHost& host() { return host_; }
  std::int64_t now_ns = 1'700'000'000'000'000'000;

  void next_evaluation() { evaluation_.clear(); }
  BuiltinResult send(const std::string& request) {
    auto value = parse_json(arena_, request);
    REQUIRE(value);
    meter_.start(Limits{}, arena_);
    BuiltinContext context{arena_, meter_,  kept_, evaluation_, host_,
                           now_ns, random_, true,  nullptr,     "p.rego:3"};
    const Value args[] = {*value};
    return find_builtin("http.send")->fn(context, args);
  }
  Value ok(const std::string& request) {
    auto result = send(request);
    INFO((result ? "" : result.error().message));
    REQUIRE(result);
    return *result;
  }

 private:
  Arena arena_;
  Meter meter_;
  BuiltinStore kept_, evaluation_;
  BuiltinHost host_;
  std::mt19937_64 random_{1};
};

std::string get(const std::string& url, const std::string& more = "") {
  return R"({"method": "get", "url": ")" + url + "\"" + more + "}";
}

}  // namespace

TEST_CASE("http.send gives status, headers and body", "[builtins][http]") {
  Server server(
      {{"/a?b=c", answer("Content-Type: application/json\r\nX-Y: 1\r\nX-Y: 2\r\n", R"({"k": [1, 2.50]})")},
       {"/text", answer("Content-Type: text/plain\r\n", "hello")}});
  Caller caller;
  const Value json = caller.ok(get(server.url("/a?b=c")));
  CHECK(to_json(json.at("body")) == R"({"k":[1,2.50]})");
  CHECK(to_json(json.at("status")) == "\"200 OK\"");
  CHECK(to_json(json.at("status_code")) == "200");
  CHECK(to_json(json.at("headers").at("x-y")) == R"(["1","2"])");
  const Value text = caller.ok(get(server.url("/text")));
  CHECK(text.at("body").is_null());
  CHECK(text.at("raw_body").as_string() == "hello");
  CHECK(to_json(caller.ok(get(server.url("/text"), R"(, "force_json_decode": true)")).at("body")) == "null");
  CHECK(to_json(caller.ok(get(server.url("/none"))).at("status_code")) == "404");
}

TEST_CASE("http.send sends method, headers and body", "[builtins][http]") {
  Server server({{"/", answer("", "")}});
  Caller caller;
  caller.ok(R"({"method": "post", "url": ")" + server.url("/") +
            R"(", "headers": {"x-token": "t"}, "body": {"a": "<"}})");
  CHECK(server.last().starts_with("POST / HTTP/1.1\r\n"));
  CHECK(server.last().find("X-Token: t\r\n") != std::string::npos);
  CHECK(server.last().find(R"({"a":"\u003c"})") != std::string::npos);
}

TEST_CASE("the same request is sent once in an evaluation", "[builtins][http]") {
  Server server({{"/", answer("Cache-Control: max-age=60\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n", "x")}});
  Caller caller;
  caller.ok(get(server.url("/")));
  caller.ok(get(server.url("/")));
  CHECK(server.requests() == 1);
  caller.next_evaluation();
  caller.ok(get(server.url("/")));
  CHECK(server.requests() == 2);
}

TEST_CASE("answers are kept between evaluations as their headers say", "[builtins][http]") {
  Server server({{"/", answer("Cache-Control: max-age=60\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n", "x")},
                 {"/no", answer("Cache-Control: no-store\r\n", "x")}});
  Caller caller;
  const std::string cached = R"(, "cache": true)";
  caller.ok(get(server.url("/"), cached));
  caller.next_evaluation();
  caller.now_ns += 59'000'000'000;
  caller.ok(get(server.url("/"), cached));
  CHECK(server.requests() == 1);
  caller.next_evaluation();
  caller.now_ns += 2'000'000'000;
  caller.ok(get(server.url("/"), cached));
  CHECK(server.requests() == 2);
  caller.ok(get(server.url("/no"), cached));
  caller.next_evaluation();
  caller.ok(get(server.url("/no"), cached));
  CHECK(server.requests() == 4);
}

TEST_CASE("redirects are followed when asked to", "[builtins][http]") {
  Server server({{"/from", "HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n"},
                 {"/to", answer("", "there")}});
  Caller caller;
  CHECK(to_json(caller.ok(get(server.url("/from"))).at("status_code")) == "302");
  CHECK(caller.ok(get(server.url("/from"), R"(, "enable_redirect": true)")).at("raw_body").as_string() ==
        "there");
}

TEST_CASE("http.send reaches allowed hosts only", "[builtins][http]") {
  Server server({{"/", answer("", "")}});
  Caller caller;
  caller.host().http_hosts = {"example.com"};
  auto refused = caller.send(get(server.url("/")));
  REQUIRE(!refused);
  CHECK(refused.error().message == "disallowed host: 127.0.0.1");
  caller.host() = {};
  CHECK(!caller.send(get(server.url("/"))));
  CHECK(server.requests() == 0);
}

// Messages are those of opa eval.
TEST_CASE("http.send says what went wrong as OPA does", "[builtins][http]") {
  Caller caller;
  const auto message = [&](const std::string& request) {
    auto result = caller.send(request);
    REQUIRE(!result);
    return result.error().message;
  };
  CHECK(message(get("http://127.0.0.1:1/")) ==
        "Get \"http://127.0.0.1:1/\": dial tcp 127.0.0.1:1: connect: connection refused");
  CHECK(message(get("foo://x/")) == "Get \"foo://x/\": unsupported protocol scheme \"foo\"");
  CHECK(message(get("http://x", R"(, "headers": [])")) == "invalid type for headers key");
  CHECK(message(R"({"method": 1, "url": "http://x"})") == "\"method\" must be a string");
  CHECK(message(get("http://x", R"(, "force_cache": true)")) ==
        "'force_cache' set but 'force_cache_duration_seconds' parameter is missing");
  const Value quiet = caller.ok(get("http://127.0.0.1:1/", R"(, "raise_error": false)"));
  CHECK(to_json(quiet.at("error").at("code")) == "\"eval_http_send_network_error\"");
  CHECK(to_json(quiet.at("status_code")) == "0");
  const Value wrong = caller.ok(R"({"method": "get", "raise_error": false})");
  CHECK(
      to_json(wrong.at("error").at("message")) ==
      R"("p.rego:3: eval_type_error: http.send: operand 1 missing required request parameters(s): {\"url\"}")");
}

}  // namespace signalbox::policy
