// The schema of `input.query` and the facts' JSON name the same members and words; the example in
// docs/input.md is true.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sql/analyze.h"
#include "sql/facts_json.h"

namespace signalbox::sql::test {
namespace {

using nlohmann::json;

std::string file(const char* name) {
  std::ifstream stream(std::string(SIGNALBOX_SOURCE_DIR "/") + name);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// Every member of `value` stands in `schema`, and every word of an enum.
void check(const json& value, const json& schema, const std::string& path) {
  INFO(path << ": " << value.dump());
  if (schema.contains("enum") && value.is_string())
    CHECK(std::ranges::find(schema["enum"], value) != schema["enum"].end());
  if (value.is_array())
    for (const json& item : value) check(item, schema.at("items"), path + "[]");
  if (!value.is_object()) return;
  for (const auto& [name, member] : value.items()) {
    const bool named = schema.contains("properties") && schema["properties"].contains(name);
    const bool open = schema.contains("additionalProperties") && schema["additionalProperties"].is_object();
    CHECK((named || open));
    if (named) check(member, schema["properties"][name], path + "." + name);
  }
}

constexpr const char* kTexts[] = {
    "SELECT a, f(b)::d FROM s.t JOIN u ON true WHERE a = 1 AND b = 'x' AND c IS NULL AND d LIMIT 3 FOR "
    "UPDATE /* k='v' */",
    "WITH w AS (DELETE FROM t RETURNING *) SELECT * FROM w",
    "SET search_path = a; COPY t TO PROGRAM 'x'; DO 'x'; CREATE SCHEMA s; SELECT set_config('a', $1, true), "
    "pg_sleep(1)",
    "SELECT FROM WHERE",
    "",
    "SELECT dblink('x'), lo_export(1, 'f'), nextval('s'), pg_notify('a', 'b'), pg_terminate_backend(1), "
    "query_to_xml('x')",
    "LOCK t IN SHARE MODE NOWAIT; EXECUTE p; GRANT SELECT ON t TO r; VACUUM; FETCH c; LOAD 'x'; BEGIN READ "
    "ONLY",
};

}  // namespace

TEST_CASE("facts as JSON fit the input schema") {
  const json schema = json::parse(file("rules/schema/input.json"))["properties"]["query"];
  for (const char* text : kTexts) {
    INFO(text);
    check(json::parse(to_json(analyze(text), text)), schema, "query");
  }
  for (const std::string_view name : kind_names()) {
    const json kind = std::string(name);
    INFO(name);
    CHECK(std::ranges::find(schema["properties"]["kind"]["enum"], kind) !=
          schema["properties"]["kind"]["enum"].end());
    CHECK(std::ranges::find(schema["properties"]["kinds"]["items"]["enum"], kind) !=
          schema["properties"]["kinds"]["items"]["enum"].end());
  }
}

TEST_CASE("the members of a statement stand in the schema once for the query and once for each statement") {
  const json schema = json::parse(file("rules/schema/input.json"))["properties"]["query"]["properties"];
  const json one = json::parse(to_json(analyze("SELECT 1 LIMIT 1"), "SELECT 1 LIMIT 1"))["statements"][0];
  for (const auto& [name, member] : schema["statements"]["items"]["properties"].items()) {
    INFO(name);
    CHECK(one.contains(name));
    CHECK(schema.at(name) == member);
  }
}

TEST_CASE("the example of docs/input.md is what analyze() gives") {
  const std::string page = file("docs/input.md");
  const std::size_t example = page.find("## Example");
  const std::size_t sql_begin = page.find('`', example) + 1, sql_end = page.find('`', sql_begin);
  const std::string sql = page.substr(sql_begin, sql_end - sql_begin);
  const std::size_t json_begin = page.find("```json\n", sql_end) + 8, json_end = page.find("```", json_begin);
  const json documented = json::parse(page.substr(json_begin, json_end - json_begin));
  const json facts = json::parse(to_json(analyze(sql), sql))["statements"][0];
  for (const auto& [name, member] : documented.items()) {
    INFO(name);
    CHECK(facts.at(name) == member);
  }
}

TEST_CASE("JSON is well-formed whatever the bytes") {
  const std::string sql =
      "SELECT '\xFF\x01\"\\\xC3\xA4\xED\xA0\x80' AS \"a\nb\" FROM \"t\t\xF0\x9F\x98\x80\"";
  const json facts = json::parse(to_json(analyze(sql), sql));
  CHECK(facts["tables"][0]["name"] == "t\t\xF0\x9F\x98\x80");
}

}  // namespace signalbox::sql::test
