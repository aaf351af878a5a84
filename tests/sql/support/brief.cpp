#include "sql/support/brief.h"

#include <catch2/catch.hpp>

#include "sql/analyze.h"

namespace signalbox::sql::test {
namespace {

void append(std::string& out, const std::string& item) {
  out += (out.empty() ? "" : ", ") + item;
}

std::string dotted(const std::string& schema, const std::string& name) {
  return schema.empty() ? name : schema + "." + name;
}

}  // namespace

std::string tables(const StatementFacts& facts) {
  std::string out;
  for (const TableUse& use : facts.tables)
    append(out, std::string(to_string(use.access)) + " " + dotted(use.schema, use.name));
  return out;
}

std::string verbs(const StatementFacts& facts) {
  std::string out;
  for (const TableUse& use : facts.tables)
    append(out, std::string(use.verb) + " " + dotted(use.schema, use.name));
  return out;
}

std::string columns(const StatementFacts& facts) {
  std::string out;
  for (const ColumnUse& use : facts.columns) {
    const std::string sign = use.access == Access::Write    ? "="
                             : use.access == Access::Define ? "!"
                             : use.certain                  ? ""
                                                            : "~";
    append(out, sign + (use.table.empty() ? "?" : use.table) + "." + use.name);
  }
  return out;
}

std::string literal(const Literal& value) {
  switch (value.kind) {
    case Literal::Kind::Unknown: return "unknown";
    case Literal::Kind::Null: return "null";
    case Literal::Kind::Boolean: return value.boolean ? "true" : "false";
    case Literal::Kind::Integer: return std::to_string(value.integer);
    case Literal::Kind::Decimal: return value.text;
    case Literal::Kind::String: return "'" + value.text + "'";
    case Literal::Kind::Parameter: return "$" + std::to_string(value.integer);
  }
  return "?";
}

std::string where(const std::vector<Equality>& where) {
  std::string out;
  for (const Equality& equality : where) append(out, equality.column + "=" + literal(equality.value));
  return out;
}

std::string sets(const StatementFacts& facts) {
  std::string out;
  for (const Setting& setting : facts.sets)
    append(out, std::string(setting.scope) + " " + setting.name + "=" + literal(setting.value));
  return out;
}

std::string objects(const StatementFacts& facts) {
  std::string out;
  for (const ObjectUse& use : facts.objects)
    append(out, std::string(use.type) + " " + dotted(use.schema, use.name));
  return out;
}

StatementFacts facts_of(std::string_view sql) {
  QueryFacts facts = analyze(sql);
  INFO(sql);
  INFO((facts.parse_error ? facts.parse_error->message : ""));
  REQUIRE_FALSE(facts.parse_error);
  return std::move(facts.whole);
}

}  // namespace signalbox::sql::test
