#include "admin/router.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "admin/parameters.h"
#include "admin/route.h"
#include "admin/support/stage.h"

using namespace signalbox;
using namespace signalbox::admin;
using nlohmann::json;

namespace {

const Tokens kTokens{Secret("read-me"), Secret("operate-me"), Secret("debug-me")};

int status(const Tokens& tokens, Method method, const std::string& target,
           const std::string& authorization = "") {
  Stage stage;
  Request request = stage.request(method, target);
  request.authorization = authorization;
  return answer(stage.context, tokens, request).status;
}

constexpr auto kSessions = "/gateway/v1/sessions";
constexpr auto kKill = "/gateway/v1/sessions/7/kill";

}  // namespace

TEST_CASE("what a token may do") {
  CHECK(status(kTokens, Method::Get, "/health") == 200);
  CHECK(status(kTokens, Method::Get, kSessions) == 401);
  CHECK(status(kTokens, Method::Get, kSessions, "Bearer read-me") == 200);
  CHECK(status(kTokens, Method::Get, kSessions, "bearer read-me") == 200);
  for (const char* bad : {"Bearer read-me2", "Bearer read-m", "Bearer ", "Basic read-me", "read-me"}) {
    INFO(bad);
    CHECK(status(kTokens, Method::Get, kSessions, bad) == 401);
  }
  CHECK(status(kTokens, Method::Post, kKill, "Bearer read-me") == 403);
  CHECK(status(kTokens, Method::Post, kKill, "Bearer operate-me") == 200);
  CHECK(status(kTokens, Method::Post, kKill, "Bearer debug-me") == 200);
}

TEST_CASE("without tokens this machine may read, nobody may change, and web pages may do nothing") {
  CHECK(status({}, Method::Get, kSessions) == 200);
  CHECK(status({}, Method::Post, kKill) == 403);
  Stage stage;
  Request named = stage.request(Method::Get, kSessions);
  for (const char* own :
       {"", "localhost", "localhost:8090", "127.0.0.1:8090", "127.1.2.3", "[::1]", "[::1]:8090"}) {
    INFO(own);
    named.host = own;
    CHECK(answer(stage.context, {}, named).status == 200);
  }
  for (const char* rebound :
       {"evil.example:8090", "127.0.0.1.evil.example:8090", "127.evil.example", "127.0.0.1@evil.example",
        "localhost.evil.example", "128.0.0.1", "[::2]", "127.0.0.1 evil.example"}) {
    INFO(rebound);
    named.host = rebound;
    CHECK(answer(stage.context, {}, named).status == 401);
  }
  Request cross = stage.request(Method::Get, kSessions);
  cross.origin = "http://evil.example";
  CHECK(answer(stage.context, {}, cross).status == 401);
}

TEST_CASE("what is not a GET is a POST, and a GET needs no role to change") {
  for (const Route& route : routes()) {
    INFO(name_of(route.method) << " " << route.pattern);
    CHECK((route.method == Method::Get ? route.role <= Role::Read : route.method == Method::Post));
    CHECK_FALSE(route.summary.empty());
  }
}

TEST_CASE("unknown resources, wrong methods and malformed escapes") {
  CHECK(status({}, Method::Get, "/nothing") == 404);
  CHECK(status({}, Method::Get, "/gateway/v1/sessions/") == 200);
  CHECK(status({}, Method::Get, "/gateway/v1/decisions/%zz") == 400);
  CHECK(status({}, Method::Get, "/gateway/v1/sessions?user=%f") == 400);
  Stage stage;
  const Response wrong = answer(stage.context, {}, stage.request(Method::Post, kSessions));
  CHECK(wrong.status == 405);
  CHECK(wrong.headers.front() == std::pair<std::string, std::string>("Allow", "GET"));
  CHECK(json::parse(wrong.body)["code"] == "invalid_operation");
}

TEST_CASE("sessions: listed, filtered, ended") {
  Stage stage;
  CHECK(stage.get(kSessions)["sessions"].size() == 2);
  CHECK(stage.get("/gateway/v1/sessions?user=ann")["sessions"][0]["id"] == 7);
  CHECK(stage.get("/gateway/v1/sessions?user=no%20one")["sessions"].empty());
  CHECK(stage.operate(kKill).status == 200);
  CHECK(stage.ended == std::vector<std::uint64_t>{7});
  CHECK(stage.operate("/gateway/v1/sessions/9/kill").status == 404);
  CHECK(stage.operate("/gateway/v1/sessions/x/kill").status == 400);
}

TEST_CASE("health in OPA's form") {
  Stage stage;
  CHECK(stage.get("/health") == json::object());
  CHECK(stage.get("/health/ready") == json::object());
  stage.accepting = false;
  CHECK(stage.get("/health") == json::object());
  CHECK(stage.get("/health/ready").contains("error"));
  CHECK(stage.get("/health?plugins").contains("error"));
  stage.accepting = true;
  stage.policies.state.last_failure = PolicyFailure{};
  CHECK(stage.get("/health/ready").contains("warning"));
  stage.policies.set = nullptr;
  CHECK(stage.get("/health?bundles").contains("error"));
  CHECK(stage.get("/health/live") == json::object());
}

TEST_CASE("metrics: every row of the registry once, families together, buckets cumulative") {
  Stage stage;
  auto& shard = stage.metrics.new_shard();
  shard.add(Counter::Statements, 3);
  for (const std::uint64_t ns : {500u, 1500u, 1'000'000u}) shard.observe(Histogram::DecisionDuration, ns);
  const std::string text = answer(stage.context, {}, stage.request(Method::Get, "/metrics")).body;
  const auto holds = [&](const std::string& line) { return text.find(line) != std::string::npos; };
  CHECK(holds(std::string(counter_rows()[static_cast<std::size_t>(Counter::Statements)].name) + " 3\n"));
  const std::string name(histogram_rows()[static_cast<std::size_t>(Histogram::DecisionDuration)].name);
  INFO(text.substr(text.find(name), 600));
  CHECK(holds(name + "_bucket{le=\"1.024e-06\"} 1\n"));
  CHECK(holds(name + "_bucket{le=\"2.048e-06\"} 2\n"));
  CHECK(holds(name + "_bucket{le=\"+Inf\"} 3\n"));
  CHECK(holds(name + "_count 3\n"));
  for (const auto& row : counter_rows()) {
    const std::string type = "# TYPE " + std::string(row.name) + " counter\n";
    INFO(type);
    const auto at = text.find(type);
    REQUIRE(at != std::string::npos);
    CHECK(text.find(type, at + 1) == std::string::npos);
  }
}

TEST_CASE("the OpenAPI document says exactly what the routes are") {
  Stage stage;
  const json document = stage.get("/openapi.json");
  CHECK(document["openapi"] == "3.1.0");
  std::size_t operations = 0;
  for (const auto& [path, item] : document["paths"].items()) operations += item.size();
  CHECK(operations == routes().size());
  const auto& kill = document["paths"]["/gateway/v1/sessions/{id}/kill"]["post"];
  CHECK(kill["x-role"] == "operate");
  CHECK(kill["parameters"][0]["name"] == "id");
  const auto& data = document["paths"]["/v1/data/{path}"]["post"];
  CHECK(data["requestBody"]["content"]["application/json"]["schema"]["properties"].contains("input"));
  CHECK(document["paths"]["/health"]["get"]["security"].empty());
}

TEST_CASE("times are RFC 3339") {
  CHECK(parse_time_ms("2024-11-22T12:00:02Z") == 1'732'276'802'000);
  CHECK(parse_time_ms("2024-11-22T14:00:02.125+02:00") == 1'732'276'802'125);
  CHECK(parse_time_ms("2024-11-22T14:00:02 02:00") == 1'732'276'802'000);
  for (const char* bad :
       {"2024-11-22", "2024-13-22T12:00:02Z", "2024-11-22T12:00:02", "2024-11-22T12:00:02Zjunk", ""}) {
    INFO(bad);
    CHECK_FALSE(parse_time_ms(bad));
  }
}
