#include "policy/opa/exchange.h"

#include <catch2/catch.hpp>

#include "policy/value/json.h"

using namespace signalbox::policy;
using namespace signalbox::policy::opa;

namespace {

std::string request(const Exchange& exchange, std::span<const InputPath> paths, std::string_view document) {
  Arena arena;
  const auto parsed = parse_json(arena, document);
  REQUIRE(parsed);
  std::string body;
  exchange.append_request(JsonInput(*parsed, paths), arena, body);
  return body;
}

std::string learned(std::vector<InputPath> paths, std::string_view document) {
  return request(Exchange::learned(paths), paths, document);
}

constexpr std::string_view kDocument =
    R"({"query": {"kind": "delete", "text": "s", "tables": [{"name": "t"}]}, "session": {"user": "ann"}, "hook": "h"})";

std::string error_of(int status, std::string_view body) {
  const Decision decision = parse_decision(status, body);
  CHECK(decision.actions.empty());
  return decision.error ? decision.error->message : "no error";
}

}  // namespace

TEST_CASE("only the facts that policies read are sent, each at its place") {
  CHECK(learned({{"query", "kind"}, {"session", "user"}}, kDocument) ==
        R"({"input":{"query":{"kind":"delete"},"session":{"user":"ann"}}})");
  CHECK(learned({{"query", "tables"}, {"hook"}, {"query", "kind"}}, kDocument) ==
        R"({"input":{"query":{"tables":[{"name":"t"}],"kind":"delete"},"hook":"h"}})");
}

TEST_CASE("facts that are undefined are left out, also when that empties their object") {
  CHECK(learned({{"query", "limit"}, {"session", "user"}}, kDocument) ==
        R"({"input":{"session":{"user":"ann"}}})");
  CHECK(learned({{"response", "rows"}}, kDocument) == R"({"input":{}})");
  CHECK(learned({}, kDocument) == R"({"input":{}})");
}

TEST_CASE("a path brings the paths below it along") {
  const std::string whole = R"({"input":{"session":{"user":"ann"}}})";
  CHECK(learned({{"session"}, {"session", "user"}}, kDocument) == whole);
  CHECK(learned({{"session", "user"}, {"session"}}, kDocument) == whole);
  CHECK(learned({{}}, R"({"a":1})") == R"({"input":{"a":1}})");
}

TEST_CASE("declared facts are found by name") {
  const std::vector<std::string> names{"query.kind", "hook", "nothing.here"};
  CHECK(request(Exchange::declared(names), {}, kDocument) ==
        R"({"input":{"query":{"kind":"delete"},"hook":"h"}})");
}

TEST_CASE("keys are escaped") {
  CHECK(learned({{"a\"b"}}, R"({"a\"b": "x\n"})") == R"({"input":{"a\"b":"x\n"}})");
}

TEST_CASE("the answer's set of actions becomes a decision") {
  const Decision decision = parse_decision(
      200,
      R"({"result": [{"action": "deny", "message": "no", "priority": 5, "final": true}, {"action": "log", "shadow": true}]})");
  REQUIRE_FALSE(decision.error);
  CHECK_FALSE(decision.deterministic);
  REQUIRE(decision.actions.size() == 2);
  CHECK(decision.actions[0].action == "deny");
  CHECK(decision.actions[0].priority == 5);
  CHECK(decision.actions[0].final);
  CHECK(to_json(decision.actions[0].parameters) == R"({"message":"no"})");
  CHECK(decision.actions[1].shadow);
  CHECK(decision.actions[1].policy == "opa");
  CHECK(parse_decision(200, R"({"result": []})").actions.empty());
  CHECK_FALSE(parse_decision(200, R"({"result": []})").error);
}

TEST_CASE("an answer that is no set of actions is an error, never an empty decision") {
  CHECK(error_of(200, "{}").starts_with("data.gateway.actions is undefined in OPA"));
  CHECK(error_of(200, R"({"result": true})").ends_with("is not a set of actions"));
  CHECK(error_of(200, R"({"result": {"action": "allow"}})").ends_with("is not a set of actions"));
  CHECK(error_of(200, R"({"result": ["allow"]})").ends_with("no action: \"allow\""));
  CHECK(error_of(200, R"({"result": [{"action": 1}]})").find("no action") != std::string::npos);
  CHECK(error_of(200, R"({"result": [{"action": "deny", "priority": "high"}]})").find("no action") !=
        std::string::npos);
  CHECK(error_of(200, R"({"result": [{"action": "deny", "priority": 99999999999}]})").find("no action") !=
        std::string::npos);
  CHECK(error_of(200, R"({"result": [{"action": "allow", "final": 1}]})").find("no action") !=
        std::string::npos);
  CHECK(error_of(200, "<html>").starts_with("OPA's answer is not JSON"));
  CHECK(error_of(200, "[]").starts_with("data.gateway.actions is undefined"));
  CHECK(error_of(500, R"({"code": "internal_error", "message": "boom"})") ==
        "OPA answered 500: internal_error: boom");
  CHECK(error_of(502, "<html>") == "OPA answered 502");
  CHECK(error_of(200, std::string(kMaxAnswer + 1, ' ')) == "OPA's answer is larger than 1 MiB");
}
