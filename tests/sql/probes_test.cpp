// The bypass probes (conformance data, not part of this repository): every statement that reaches a guarded
// table, or reaches beyond tables, must show a policy a reason to refuse it; every harmless one must show
// none.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sql/analyze.h"
#include "sql/support/brief.h"

namespace signalbox::sql::test {
namespace {

struct Probe {
  int id = 0;
  std::string category;
  std::string sql;
};

std::filesystem::path probes_file() {
  const char* root = std::getenv("SIGNALBOX_CONFORMANCE");
  const std::filesystem::path folder =
      root != nullptr ? root : std::filesystem::path(SIGNALBOX_SOURCE_DIR) / "../shared/conformance";
  return folder / "bypass-probes.tsv";
}

std::vector<Probe> read_probes() {
  std::vector<Probe> probes;
  std::ifstream file(probes_file());
  std::string line;
  std::getline(file, line);  // the header
  while (std::getline(file, line)) {
    std::vector<std::string> fields;
    for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1) {
      end = line.find('\t', begin);
      fields.push_back(line.substr(begin, end - begin));
    }
    if (fields.size() < 5) continue;
    std::string sql = fields[4];
    for (std::size_t at = 0; (at = sql.find("\\n", at)) != std::string::npos;) sql.replace(at, 2, "\n");
    probes.push_back({std::stoi(fields[0]), fields[1], sql});
  }
  return probes;
}

bool touches(const StatementFacts& facts, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(
      facts.tables, [&](const TableUse& use) { return std::ranges::find(names, use.name) != names.end(); });
}

/// What a policy can see that makes this statement other than a plain read of ordinary tables.
std::string reasons(const StatementFacts& facts) {
  std::string out;
  if (touches(facts, {"t_secret", "t_victim", "v_secret", "pg_stat_activity", "pg_settings"}))
    out += "table ";
  if (!facts.read_only) out += "changes ";
  if (!facts.opaque.empty()) out += "opaque:" + words(facts.opaque) + " ";
  if (!facts.effects.empty()) out += "effects:" + words(facts.effects) + " ";
  if (!facts.types.empty()) out += "types ";
  if (!facts.sets.empty()) out += "sets ";
  if (std::ranges::any_of(facts.ctes, &CommonTable::recursive)) out += "recursive ";
  return out;
}

}  // namespace

TEST_CASE("every bypass probe shows what it does") {
  if (!std::filesystem::exists(probes_file())) {
    WARN("skipped: " << probes_file().string() << " absent");
    return;
  }
  const std::vector<Probe> probes = read_probes();
  REQUIRE(probes.size() >= 59);
  constexpr auto kHarmless = std::to_array({5, 17});  // a dollar quote and a continued literal: data only
  for (const Probe& probe : probes) {
    INFO(probe.id << ": " << probe.sql);
    const QueryFacts facts = analyze(probe.sql);
    REQUIRE_FALSE(facts.parse_error);
    const bool harmless = std::ranges::find(kHarmless, probe.id) != kHarmless.end();
    CHECK(reasons(facts.whole).empty() == harmless);
    if (probe.category == "write" || probe.category == "server")
      CHECK((!facts.whole.read_only || !facts.whole.effects.empty() || !facts.whole.types.empty() ||
             !facts.whole.ctes.empty()));
    if (probe.category == "state") CHECK_FALSE(facts.whole.read_only);
    const bool names_secret =
        probe.sql.find("t_secret") != std::string::npos && probe.id != 31;  // 31: within a string
    if (names_secret) CHECK(touches(facts.whole, {"t_secret"}));
    if (probe.category == "mask" && names_secret)
      CHECK(std::ranges::any_of(facts.whole.columns, [](const ColumnUse& use) {
        return use.table == "t_secret" && (use.name == "secret" || use.name == "*");
      }));
  }
}

TEST_CASE("the two readings of a backslash both show the table or neither") {
  const char* sql = "SELECT '\\', secret FROM t_secret --'";
  CHECK(touches(analyze(sql).whole, {"t_secret"}));
  CHECK_FALSE(touches(analyze(sql, {.standard_conforming_strings = false}).whole, {"t_secret"}));
}

}  // namespace signalbox::sql::test
