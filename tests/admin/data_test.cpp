#include <catch2/catch.hpp>
#include <map>

#include "admin/support/stage.h"

using namespace signalbox;
using namespace signalbox::admin;
using nlohmann::json;

namespace {
json body(const Response& response) {
  return json::parse(response.body);
}
}  // namespace

// Expected answers are those of OPA 1.20.2 run with the same files (tests/admin/opa_test.cpp asks it again
// where it is).
TEST_CASE("the data API answers as OPA does") {
  const Stage stage;
  CHECK(stage.get("/v1/data/app/limit") == json{{"result", 3}});
  CHECK(stage.get("/v1/data/list/1") == json{{"result", 2}});
  CHECK(stage.get("/v1/data/app/nothing") == json::object());
  CHECK(stage.get("/v1/data/app/allow?input=%7B%22user%22%3A%22ann%22%7D") == json{{"result", true}});
  CHECK(body(stage.post("/v1/data/app/allow", R"({"input": {"user": "ann"}})")) == json{{"result", true}});
  CHECK(body(stage.post("/v1/data/app/allow", R"({"input": {"user": "bob"}})")) == json::object());
  CHECK(body(stage.post("/v1/data/gateway/actions", R"({"input": {"query": {"kind": "delete"}}})")) ==
        json{{"result", {{{"action", "deny"}, {"message", "no"}}}}});
}

TEST_CASE("a missing input is answered with OPA's warning") {
  const Stage stage;
  const json answer = body(stage.post("/v1/data/app/limit", "{}"));
  CHECK(answer["result"] == 3);
  CHECK(answer["warning"] ==
        json{{"code", "api_usage_warning"}, {"message", "'input' key missing from the request"}});
  CHECK(body(stage.post("/v1/data/app/limit", R"({"input": null})")).contains("warning"));
  CHECK_FALSE(body(stage.post("/v1/data/app/limit", R"({"input": {}})")).contains("warning"));
}

TEST_CASE("errors have OPA's form") {
  const Stage stage;
  const Response malformed = stage.post("/v1/data/app/allow", "{");
  CHECK(malformed.status == 400);
  CHECK(body(malformed)["code"] == "invalid_parameter");
  const Response conflict = stage.post("/v1/data/app/conflict", R"({"input": {"user": "ann"}})");
  CHECK(conflict.status == 500);
  CHECK(body(conflict)["code"] == "internal_error");
  CHECK(body(conflict)["errors"][0]["code"] == "eval_conflict_error");
}

TEST_CASE("options of the data API") {
  const Stage stage;
  CHECK(stage.get("/v1/data/app/limit?metrics")["metrics"]["timer_rego_query_eval_ns"].is_number());
  CHECK(stage.get("/v1/data/app/limit?provenance=true")["provenance"]["bundles"]["/etc/rules"]["revision"] ==
        std::string(stage.policies.set->revision()));
  const auto pretty = answer(stage.context, {}, stage.request(Method::Get, "/v1/data/list?pretty")).body;
  CHECK(pretty.find('\n') < pretty.size() - 1);
  CHECK(json::parse(pretty) == json{{"result", {1, 2}}});
}

TEST_CASE("the webhook form: the body is the input") {
  const Stage stage;
  CHECK(body(stage.post("/v0/data/app/allow", R"({"user": "ann"})")) == true);
  CHECK(stage.post("/v0/data/app/allow", R"({"user": "bob"})").status == 404);
}

TEST_CASE("plan: what would happen to a statement, and why") {
  const Stage stage;
  const json refused = body(stage.post(
      "/gateway/v1/plan", R"({"statement": "DELETE FROM t", "session": {"user": "ann", "database": "d"}})"));
  CHECK(refused["decision"]["plan"]["verdict"] == "deny");
  CHECK(refused["decision"]["requests"][0]["policy"] == "deletes");
  CHECK(refused["decision"]["requests"][0]["file"] == "deletes.rego");
  CHECK(refused["input"]["query"]["kind"] == "delete");
  CHECK(refused["input"]["session"]["user"] == "ann");
  const json permitted = body(stage.post("/gateway/v1/plan", R"({"statement": "SELECT 1"})"));
  CHECK(permitted["decision"]["plan"]["verdict"] == "allow");
}

TEST_CASE("plan: what became of each rule, and what was read") {
  const Stage stage;
  const json refused = body(stage.post("/gateway/v1/plan", R"({"statement": "DELETE FROM t"})"));
  CHECK(refused["rules"][0]["outcome"] == "fired");
  CHECK(refused["read"]["query.kind"] == "delete");
  const json permitted = body(stage.post("/gateway/v1/plan", R"({"statement": "SELECT 1"})"));
  CHECK(permitted["rules"][0]["outcome"] == "failed");
  CHECK(permitted["rules"][0]["failed_at"]["file"] == "deletes.rego");
  CHECK(permitted["rules"][0]["failed_at"]["row"] == 3);
  CHECK(permitted["rules"][0]["failed_at"]["text"] ==
        R"(actions contains {"action": "deny", "message": "no"} if input.query.kind == "delete")");
  CHECK(permitted["rules"][0]["compared"] == R"("select", "delete")");
}

TEST_CASE("plan: the line that did not hold is quoted from the file as it was written, also from YAML") {
  const Stage stage(
      {{"y.policy.yaml",
        "policy: y\nrules:\n  - name: r\n    match:\n      query.kind: delete\r\n    then: [deny]\n"},
       {"r.rego",
        "package policies.r\n\nactions contains {\"action\": \"deny\"} if {\n"
        "\tinput.query.kind == \"select\"\n\tinput.session.user == \"\u00fc\"  \n}\n"}});
  const json answer = body(stage.post("/gateway/v1/plan", R"({"statement": "SELECT 1"})"));
  std::map<std::string, std::string> quoted;
  for (const json& rule : answer["rules"]) quoted[rule["file"]] = rule["failed_at"]["text"];
  CHECK(quoted == std::map<std::string, std::string>{{"y.policy.yaml", "query.kind: delete"},
                                                     {"r.rego", "input.session.user == \"\u00fc\""}});
}

TEST_CASE("bodies that nest without end, or ask for an answer without end, are refused") {
  Stage stage({{"deletes.rego", std::string(kDenyDeletes)}});
  const auto nested = [](std::string before, const char* open) {
    for (int i = 0; i < 500'000; ++i) before += open;
    return before;
  };
  const auto closed = [&](const std::string& before, const char* after) {
    return nested(before, "[") + nested("", "]") + after;
  };
  for (const std::string& body :
       {closed(R"({"event": )", "}"), closed(R"({"event": {"hook": "tick", "x": )", "}}"), nested("", "["),
        closed(R"({"signals": {"x": )", "}}"),
        nested(R"({"event": {"hook": "tick", "facts": {"a)", ".a") + R"(": 1}}})",
        R"({"statement": ")" + nested("", "select 1;").substr(0, 90'000) + "\"}"}) {
    INFO(body.substr(0, 60));
    CHECK(stage.post("/gateway/v1/plan", body).status == 400);
  }
}

TEST_CASE("plan: a recorded event is decided as it is") {
  const Stage stage;
  const json refused = body(stage.post("/gateway/v1/plan", R"({"statement": "DELETE FROM t"})"));
  const json again = body(stage.post("/gateway/v1/plan", json{{"event", refused}}.dump()));
  CHECK(again["decision"]["plan"]["verdict"] == "deny");
  const json record = {
      {"hook", "traffic_from_client"}, {"user", "ann"}, {"facts", {{"query.kind", "delete"}}}};
  const json recorded = body(stage.post("/gateway/v1/plan", json{{"event", record}}.dump()));
  CHECK(recorded["decision"]["plan"]["verdict"] == "deny");
  CHECK(recorded["input"]["session"]["user"] == "ann");
  CHECK(stage.post("/gateway/v1/plan", R"({"event": {"a": 1}})").status == 400);
  CHECK(stage.post("/gateway/v1/plan", R"({"event": {"hook": "later"}})").status == 400);
}

TEST_CASE("plan: signals as plugins raise them, and those of detectors") {
  const Stage stage;
  const json plan = body(
      stage.post("/gateway/v1/plan", R"({"statement": "DROP TABLE t", "signals": {"terminate": true}})"));
  CHECK(plan["input"]["signals"]["plugin"]["terminate"] == json{{"value", true}, {"source", "rehearsal"}});
  CHECK(plan["input"]["signals"]["dangerous"]["value"] == json{"drop"});
}

TEST_CASE("plan: a misspelled description is refused, not ignored") {
  const Stage stage;
  const auto message = [&](const std::string& request) {
    const Response response = stage.post("/gateway/v1/plan", request);
    CHECK(response.status == 400);
    return body(response)["message"].get<std::string>();
  };
  CHECK(message(R"({"statment": "x"})") == "the request has no member \"statment\"");
  CHECK(message(R"({"statement": 1})") == "statement is a string");
  CHECK(message(R"({"session": {"usr": "x"}})") == "session has no member \"usr\"");
  CHECK(message(R"({"hook": "later"})") == "there is no hook \"later\"");
  CHECK(message("[") == "the body is not JSON");
}

TEST_CASE("policies: what is loaded, and a failed reload") {
  Stage stage;
  const json shown = stage.get("/gateway/v1/policies");
  CHECK(shown["revision"] == std::string(stage.policies.set->revision()));
  CHECK(shown["rules"][0]["reads"] == json{"query.kind"});
  stage.policies.outcome = std::unexpected(
      Diagnostics{{Severity::Error, "rego_parse_error", "unexpected eof", {"p.rego", 3, 1}, {}, {}}});
  const Response failed = stage.operate("/gateway/v1/policies/reload");
  CHECK(failed.status == 400);
  CHECK(body(failed)["errors"][0] == json{{"code", "rego_parse_error"},
                                          {"message", "unexpected eof"},
                                          {"location", {{"file", "p.rego"}, {"row", 3}, {"col", 1}}}});
}
