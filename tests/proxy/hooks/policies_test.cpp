// What a policy set reads decides how long a decision holds: for the text, for its constants, for bound
// values.
#include "proxy/hooks/policies.h"

#include <catch2/catch.hpp>

using namespace signalbox;
using namespace signalbox::proxy;

namespace {

HookReads reads_of(const std::string& body) {
  policy::Vocabulary vocabulary;
  vocabulary.default_hook = "traffic_from_client";
  auto set = policy::PolicySet::load(
      {{"p.rego", "package policies.p\nactions contains {\"action\": \"deny\"} if {\n" + body + "\n}\n"}},
      vocabulary);
  if (!set) FAIL(to_text(set.error()));
  return Policies(*set, 1).reads(actions::Hook::TrafficFromClient);
}

}  // namespace

TEST_CASE("a rule on tables waits for bound values only when it reads the tables' conditions") {
  const HookReads names =
      reads_of(R"(some t in input.query.tables; t.name == "salaries"; t.access == "read")");
  CHECK_FALSE(names.parameters);
  CHECK_FALSE(names.text);
  CHECK(names.memo);
  const HookReads conditions =
      reads_of(R"(some t in input.query.tables; t.name == "salaries"; not t.where.tenant)");
  CHECK(conditions.parameters);
  CHECK(conditions.text);
  CHECK(reads_of("count(input.query.tables) > 3").parameters);
}

TEST_CASE("the exact text matters only to rules that read what a constant can change") {
  CHECK_FALSE(reads_of(R"(input.query.kind == "delete"; not input.query.has_where)").text);
  CHECK(reads_of(R"(contains(input.query.text, "x"))").text);
  CHECK(reads_of("input.query.limit > 100").text);
  CHECK(reads_of("input.query.where.id == 1").parameters);
}

namespace {

AnswerNeeds needs_of(const std::string& rules, const std::string& gateway = {}) {
  policy::Vocabulary vocabulary;
  vocabulary.default_hook = "traffic_from_client";
  std::vector<policy::SourceFile> files = {{"p.rego", "package policies.p\n" + rules + "\n"}};
  if (!gateway.empty()) files.push_back({"gateway.rego", "package gateway\n" + gateway + "\n"});
  auto set = policy::PolicySet::load(files, vocabulary);
  if (!set) FAIL(to_text(set.error()));
  return Policies(*set, 1).answer_needs();
}

std::string at_answers(const std::string& head, const std::string& body = "true") {
  return "actions contains " + head + " if {\ninput.hook == \"traffic_from_server\"\n" + body + "\n}\n";
}

}  // namespace

TEST_CASE("rules that only take note of answers need nothing before an answer is over") {
  const std::string log =
      R"({"action": "log", "message": sprintf("slow: %d", [input.response.duration_ns])})";
  CHECK_FALSE(needs_of(at_answers(log, "input.response.rows > 10")).rows);
  CHECK_FALSE(needs_of(at_answers(log, "input.response.rows > 10")).columns);
  CHECK_FALSE(
      needs_of(at_answers(R"({"action": "log", "message": "the response of {{ session.user }}"})")).columns);
  // A rule about requests needs nothing of answers.
  CHECK_FALSE(
      needs_of(at_answers(log) + "actions contains {\"action\": \"deny\"} if input.query.kind == \"drop\"")
          .rows);
}

TEST_CASE("who may edit or withhold an answer is asked when it begins") {
  CHECK(needs_of(at_answers(R"({"action": "response", "columns": ["a.b"]})")).rows);
  CHECK(needs_of(at_answers(R"({"action": "deny"})")).rows);
  CHECK(needs_of(at_answers(R"({"action": "log"})") +
                 at_answers(R"({"action": "deny"})", "input.response.rows > 1"))
            .rows);
  // What the head does not say may be any action.
  CHECK(needs_of(at_answers(R"({"action": data.answers.action})")).rows);
  CHECK(needs_of(at_answers("action", "some action in data.answers.actions")).rows);
  CHECK(needs_of(at_answers(R"({"action": "log", input.query.kind: "deny"})")).rows);
  CHECK(needs_of(at_answers(R"({"action": "no such action"})")).rows);
}

TEST_CASE("what rows are described as is needed where it is read, or goes into an action") {
  CHECK(needs_of(at_answers(R"({"action": "log"})", "count(input.response.columns) > 3")).columns);
  CHECK(needs_of(at_answers(R"({"action": "log", "fields": ["response.columns"]})")).columns);
  CHECK(needs_of(at_answers(R"({"action": "log", "fields": ["response"]})")).columns);
  CHECK(needs_of(at_answers(R"({"action": "log", "message": "{{ response.columns }}"})")).columns);
  CHECK(
      needs_of(at_answers(R"({"action": "log", "message": m})", "m := \"{{ response.columns }}\"")).columns);
  CHECK(needs_of(at_answers(R"({"action": "log", "message": sprintf("%v", [input.response])})")).columns);
}

TEST_CASE("an entry of the site's own may ask for any action, unless it hands on what rules ask for") {
  const std::string log = at_answers(R"({"action": "log"})");
  CHECK_FALSE(needs_of(log, "actions contains a if some a in data.policies[_].actions").rows);
  CHECK_FALSE(
      needs_of(log,
               "actions contains a if { some p; some a in data.policies[p].actions; a.action != \"deny\" }")
          .rows);
  CHECK(needs_of(
            log,
            "actions contains object.union(a, {\"action\": \"deny\"}) if some a in data.policies[_].actions")
            .rows);
  CHECK(needs_of(log,
                 "actions contains a if some a in data.policies[_].actions\nactions contains {\"action\": "
                 "\"deny\"} if input.response")
            .rows);
  CHECK(needs_of(log,
                 "actions contains b if { some a in data.policies[_].actions; b := object.union(a, "
                 "{\"action\": \"deny\"}) }")
            .rows);
  CHECK(needs_of(log,
                 "actions contains a if some a in data.policies[_].actions with input as {\"hook\": "
                 "\"traffic_from_client\"}")
            .rows);
}
