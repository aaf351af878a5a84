// Rewriting is the grammar's; here are the bounds, and what holds whatever the grammar.
#include "sql/rewrite.h"

#include <algorithm>

#include "sql/grammar.h"

namespace signalbox::sql {
namespace {

/// Longer texts are not rewritten: writing them out again costs ten times what reading them does.
constexpr std::size_t kLongestText = std::size_t{1} << 20;

bool has(const std::vector<std::string_view>& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

bool may_be(const TableUse& use, std::string_view schema, std::string_view table) {
  return use.name == table && (schema.empty() || use.schema.empty() || use.schema == schema);
}

bool is_about(const Rewrite& edits, const TableUse& use) {
  if (!edits.schema.empty() && use.schema.empty()) return true;
  const auto named = [&](std::string_view name) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos) return may_be(use, {}, name);
    return may_be(use, name.substr(0, dot), name.substr(dot + 1));
  };
  return std::ranges::any_of(edits.conditions,
                             [&](const RowCondition& one) { return may_be(use, one.schema, one.table); }) ||
         std::ranges::any_of(edits.tables, [&](const auto& one) { return named(one.first); });
}

/// Where the tables that the edits are about are, or may be, used in a string; "" when they are not.
std::string out_of_reach(const StatementFacts& facts, const Rewrite& edits) {
  if (edits.nothing || (edits.conditions.empty() && edits.tables.empty() && edits.schema.empty())) return {};
  if (has(facts.opaque, "sql") || has(facts.opaque, "unread")) return "it runs SQL from a string";
  if (!has(facts.opaque, "do") && !has(facts.opaque, "body")) return {};
  const auto use =
      std::ranges::find_if(facts.tables, [&](const TableUse& one) { return is_about(edits, one); });
  return use == facts.tables.end() ? std::string() : "its body uses " + use->name;
}

}  // namespace

std::expected<Rewritten, RewriteError> rewrite(std::string_view text, const Rewrite& edits,
                                               const AnalyzeOptions& options) {
  if (text.size() > kLongestText) return std::unexpected(RewriteError{"it is too long"});
  if (text.find('\0') != std::string_view::npos) return std::unexpected(RewriteError{"it has a NUL byte"});
  std::string beyond = out_of_reach(analyze(text, options).whole, edits);
  if (!beyond.empty()) return std::unexpected(RewriteError{std::move(beyond)});
  return grammar_for(options.server_version).rewrite(text, edits, options);
}

}  // namespace signalbox::sql
