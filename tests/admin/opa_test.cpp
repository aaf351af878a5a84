// Our data API beside the real OPA's, over the same files and requests; and the exchange with an external
// engine.
#include <httplib.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "admin/support/opa_process.h"
#include "admin/support/stage.h"
#include "policy/opa/exchange.h"
#include "policy/value/json.h"

using namespace signalbox;
using namespace signalbox::admin;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kEntry = R"(package gateway
import rego.v1
actions contains action if some action in data.policies[_].actions
)";

struct Files {
  fs::path path = [] {
    std::string pattern = (fs::temp_directory_path() / "sb-opa-XXXXXX").string();
    return fs::path(::mkdtemp(pattern.data()));
  }();
  Files() {
    write("app.rego", kExample), write("deletes.rego", kDenyDeletes), write("gateway.rego", kEntry);
    write("data.json", R"({"list": [1, 2]})");
  }
  ~Files() { fs::remove_all(path); }
  void write(const std::string& name, std::string_view text) const { std::ofstream(path / name) << text; }
};

// Locations and texts of errors differ in wording; code and status must not.
json comparable(int status, const std::string& body) {
  json out = body.empty() ? json() : json::parse(body);
  if (status != 200 && out.contains("code")) out = json{{"code", out["code"]}};
  return {{"status", status}, {"body", out}};
}

}  // namespace

TEST_CASE("the data API beside OPA's") {
  if (opa_program().empty()) return std::puts("skipped: the program opa is absent"), void();
  const Files files;
  const auto opa = OpaProcess::start({files.path.string()});
  REQUIRE(opa);
  httplib::Client http("127.0.0.1", opa->port());
  const Stage stage;
  for (const char* target : {"/v1/data/app/limit", "/v1/data/list", "/v1/data/list/1", "/v1/data/app/nothing",
                             "/v1/data/app/allow?input=%7B%22user%22%3A%22ann%22%7D", "/v1/data/list/7"}) {
    INFO(target);
    const auto theirs = http.Get(target);
    const auto ours = answer(stage.context, {}, stage.request(Method::Get, target));
    REQUIRE(theirs);
    CHECK(comparable(ours.status, ours.body) == comparable(theirs->status, theirs->body));
  }
  const std::pair<const char*, const char*> posts[] = {
      {"/v1/data/app/allow", R"({"input": {"user": "ann"}})"},
      {"/v1/data/app/allow", R"({"input": {"user": "bob"}})"},
      {"/v1/data/app/limit", "{}"},
      {"/v1/data/app/limit", R"({"input": null})"},
      {"/v1/data/app/allow", "{"},
      {"/v1/data/app/conflict", R"({"input": {"user": 1}})"},
      {"/v0/data/app/allow", R"({"user": "ann"})"},
      {"/v0/data/app/allow", R"({"user": "bob"})"},
      {"/v1/data/gateway/actions", R"({"input": {"query": {"kind": "delete"}}})"},
  };
  for (const auto& [target, body] : posts) {
    INFO(target << " " << body);
    const auto theirs = http.Post(target, body, "application/json");
    const auto ours = stage.post(target, body);
    REQUIRE(theirs);
    CHECK(comparable(ours.status, ours.body) == comparable(theirs->status, theirs->body));
  }
}

TEST_CASE("a decision asked of the real OPA is the embedded engine's") {
  if (opa_program().empty()) return std::puts("skipped: the program opa is absent"), void();
  const Files files;
  const auto opa = OpaProcess::start({files.path.string()});
  REQUIRE(opa);
  httplib::Client http("127.0.0.1", opa->port());
  const Stage stage;
  const auto& set = *stage.policies.set;
  const auto exchange = policy::opa::Exchange::learned(set.input_paths());
  policy::Evaluator evaluator;
  for (const char* document :
       {R"({"query": {"kind": "delete"}})", R"({"query": {"kind": "select"}})", "{}"}) {
    INFO(document);
    policy::Arena arena;
    const policy::JsonInput input(*policy::parse_json(arena, document), set.input_paths());
    std::string body;
    exchange.append_request(input, arena, body);
    const auto response =
        http.Post(std::string(policy::opa::kDecisionPath).c_str(), body, "application/json");
    REQUIRE(response);
    const auto theirs = policy::opa::parse_decision(response->status, response->body);
    const auto ours = evaluator.decide(set, input, {});
    REQUIRE_FALSE(theirs.error);
    REQUIRE(theirs.actions.size() == ours.actions.size());
    for (std::size_t i = 0; i < ours.actions.size(); ++i) {
      CHECK(theirs.actions[i].action == ours.actions[i].action);
      CHECK(theirs.actions[i].parameters == ours.actions[i].parameters);
    }
  }
}
