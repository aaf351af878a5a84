// From a statement's facts to what becomes of the search_path. Only what surely happens is told as it is: a
// SET, and SELECT set_config(...) that is nothing but that. The surprise: any other statement with a setting
// in it may set it or not, and then nobody knows the path, though both are known.
#include "proxy/hooks/path_change.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace signalbox::proxy {
namespace {

using What = PathChange::What;

/// Code may run that its text does not show. The body of a function is kept for later, what is not named is
/// no setting.
bool hides_code(const sql::StatementFacts& statement, bool followed) {
  const bool defines = statement.kind == "create_function" || statement.kind == "create_procedure";
  return std::ranges::any_of(statement.opaque, [&](std::string_view reason) {
    return reason != "unnamed" && !(defines && (reason == "body" || reason == "unread")) &&
           !(followed && reason == "execute");
  });
}

/// A temporary table stands before all others of its name.
bool makes_temporary(const sql::StatementFacts& statement) {
  return std::ranges::any_of(statement.tables,
                             [](const sql::TableUse& use) { return use.schema.starts_with("pg_temp"); });
}

bool is_of_session(const sql::Setting& setting) {
  return setting.scope == "session" || setting.scope == "local";
}

void append_setting(std::vector<PathChange>& changes, const sql::Setting& setting, bool surely) {
  PathChange change;
  if (setting.name == "search_path" || (setting.name == "all" && surely)) {
    change.what = What::Path;
  } else if (setting.name == "role" || setting.name == "session_authorization") {
    change.what = What::Role;
  } else if (!setting.name.empty()) {
    return;
  }
  if (setting.name.empty()) {
    changes.push_back({.what = What::Path});
    changes.push_back({.what = What::Role});
    return;
  }
  change.local = surely && setting.scope == "local";
  if (surely && setting.name != "session_authorization") {
    change.reset = setting.value.kind == sql::Literal::Kind::Null;
    if (setting.value.kind == sql::Literal::Kind::String) change.value = setting.value.text;
  }
  changes.push_back(std::move(change));
}

std::optional<PathChange> course_of(const sql::StatementFacts& statement) {
  static constexpr auto kCourses = std::to_array<std::pair<std::string_view, What>>({
      {"begin", What::Begin},
      {"start_transaction", What::Begin},
      {"commit", What::Commit},
      {"prepare_transaction", What::Commit},
      {"rollback", What::Rollback},
      {"savepoint", What::Savepoint},
      {"release", What::Release},
      {"discard_all", What::DiscardAll},
  });
  const auto at = std::ranges::find(kCourses, statement.kind, &std::pair<std::string_view, What>::first);
  if (at == kCourses.end()) return std::nullopt;
  PathChange change{.what = at->second, .savepoint = statement.subject};
  if (change.what == What::Rollback && !statement.subject.empty()) change.what = What::RollbackTo;
  if (change.what == What::Commit) change.savepoint.clear();
  return change;
}

}  // namespace

void append_path_changes(std::vector<PathChange>& changes, const sql::StatementFacts& statement,
                         bool followed) {
  if (auto course = course_of(statement)) changes.push_back(std::move(*course));
  if (hides_code(statement, followed) || makes_temporary(statement))
    changes.push_back({.what = What::Hidden});
  const bool only = statement.kind == "set" || statement.kind == "reset" ||
                    (statement.kind == "select" && statement.sets.size() == 1);
  for (const sql::Setting& setting : statement.sets)
    if (is_of_session(setting)) append_setting(changes, setting, only && setting.surely);
}

bool moves(const PathChange& change) {
  return change.what == What::Path || change.what == What::Role || change.what == What::DiscardAll ||
         change.what == What::Hidden;
}

}  // namespace signalbox::proxy
