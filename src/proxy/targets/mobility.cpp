// A list of what is known to leave nothing; everything else does.
#include "proxy/targets/mobility.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace signalbox::proxy {
namespace {

constexpr std::array<std::string_view, 40> kLeavingNothing = {"alter_index",
                                                              "alter_table",
                                                              "alter_view",
                                                              "analyze",
                                                              "begin",
                                                              "comment",
                                                              "commit",
                                                              "copy",
                                                              "create_index",
                                                              "create_role",
                                                              "create_schema",
                                                              "deallocate",
                                                              "deallocate_all",
                                                              "delete",
                                                              "drop_function",
                                                              "drop_index",
                                                              "drop_role",
                                                              "drop_schema",
                                                              "drop_table",
                                                              "drop_view",
                                                              "empty",
                                                              "explain",
                                                              "grant",
                                                              "grant_role",
                                                              "insert",
                                                              "lock_table",
                                                              "merge",
                                                              "notify",
                                                              "release",
                                                              "revoke",
                                                              "rollback",
                                                              "savepoint",
                                                              "select",
                                                              "set",
                                                              "set_constraints",
                                                              "show",
                                                              "start_transaction",
                                                              "truncate_table",
                                                              "update",
                                                              "vacuum"};
static_assert(std::ranges::is_sorted(kLeavingNothing));

/// Effects of functions that end with the statement.
constexpr std::array<std::string_view, 4> kPassing = {"file_read", "notify", "process", "wait"};

bool leaves_setting(const sql::Setting& setting) {
  return setting.scope == "session" || setting.scope.empty();
}

}  // namespace

bool leaves_state(const sql::StatementFacts& facts) {
  const auto passes = [&](std::string_view effect) {
    // What is set is looked at below, where it is known.
    return std::ranges::find(kPassing, effect) != kPassing.end() ||
           (effect == "setting" && !facts.sets.empty());
  };
  const auto known = [](std::string_view kind) { return std::ranges::binary_search(kLeavingNothing, kind); };
  const auto temporary = [](const sql::TableUse& table) { return table.schema.starts_with("pg_temp"); };
  const bool unclear = facts.kind == "set" && facts.sets.empty();
  return unclear || !facts.opaque.empty() || !known(facts.kind) || !std::ranges::all_of(facts.kinds, known) ||
         !std::ranges::all_of(facts.effects, passes) || std::ranges::any_of(facts.sets, leaves_setting) ||
         std::ranges::any_of(facts.tables, temporary);
}

}  // namespace signalbox::proxy
