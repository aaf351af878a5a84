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
