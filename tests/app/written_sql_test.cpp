// SQL in policies is read when they load. What is right and wrong is PostgreSQL's grammar's to say.
#include <catch2/catch.hpp>

#include "app/policies/library.h"
#include "policy/engine.h"

using namespace signalbox;

namespace {

struct Found {
  std::string code;
  std::uint32_t row = 0, col = 0;
  std::string message;
};

/// The first diagnostic of a policy whose only action is this `request`.
std::optional<Found> found(const std::string& request) {
  const std::string text = "policy: p\nrules:\n  - name: r\n    then:\n      - request: " + request + "\n";
  const auto set = policy::PolicySet::load({{"p.policy.yaml", text}}, app::host_vocabulary());
  if (set) return std::nullopt;
  const Diagnostic& first = set.error().front();
  return Found{first.code, first.at.row, first.at.col, first.message};
}

}  // namespace

TEST_CASE("conditions that PostgreSQL can read are accepted") {
  const std::string request =
      GENERATE(as<std::string>(), "{where: {orders: tenant_id = 5}}",
               "{where: {public.orders: \"a = $1 and b = $2\"}, values: [x, y]}",
               "{where: {orders: \"a in (select b from c where d = 'x')\"}}",
               "{where: {orders: \"note = '$9'\"}}",  // a literal, and no place
               "{tables: {orders: archive.orders}}", "{schema: app}", "{timeout: 5s}");
  INFO(request);
  CHECK_FALSE(found(request));
}

TEST_CASE("conditions that it cannot read are found where they are written") {
  const auto [request, says] = GENERATE(table<std::string, std::string>({
      {"{where: {orders: \"tenant_id = = 5\"}}", "syntax error at or near \"=\""},
      {"{where: {orders: \"tenant_id = 'x\"}}", "unterminated quoted string at or near \"'x\""},
      {"{where: {orders: \"\"}}", "syntax error at end of input"},
      {"{where: {orders: \"true; drop table orders\"}}", "is no expression"},
      {"{where: {orders: \"true order by a\"}}", "is no expression"},
      {"{where: {orders: \"true union select 1\"}}", "is no expression"},
      {"{where: {orders: \"a = $1\"}}", "a condition has a parameter without a value"},
      {"{where: {orders: \"a = $2\"}, values: [x]}", "a condition has a parameter without a value"},
      {"{where: {a.b.c: \"true\"}}", "\"a.b.c\" is no name of a table"},
      {"{where: {\"\": \"true\"}}", "\"\" is no name of a table"},
      {"{tables: {orders: a.b.c}}", "\"a.b.c\" is no name of a table"},
      {"{tables: {orders: \".x\"}}", "\".x\" is no name of a table"},
  }));
  INFO(request);
  const auto one = found(request);
  REQUIRE(one);
  CHECK(one->code == "policy_bad_sql");
  CHECK(one->row == 5);
  CHECK(one->col > 9);
  CHECK_THAT(one->message, Catch::Contains(says));
}

TEST_CASE("what is not known before the rule is evaluated is not judged") {
  const std::string text =
      "package policies.p\nimport rego.v1\n"
      "actions contains {\"action\": \"request\", \"where\": {\"orders\": input.session.user}} if true\n";
  const auto set = policy::PolicySet::load({{"p.rego", text}}, app::host_vocabulary());
  INFO((set ? std::string() : set.error().front().message));
  CHECK(set.has_value());
}
