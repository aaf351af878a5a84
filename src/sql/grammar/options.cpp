// Clauses of DDL that are a word and a value, in the words of SQL: what a role may do, how a function runs,
// what an extension brings along.
//
// Surprise: the parser has its own names (isreplication, canlogin, security = true), and NOSUPERUSER is
// "superuser" with false. A password is never a fact.
#include <algorithm>
#include <array>
#include <utility>

#include "sql/grammar/walker.h"
#include "sql/known.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

using Word = std::pair<std::string_view, std::string_view>;

constexpr auto kRoleWords = std::to_array<Word>({
    {"bypassrls", "bypassrls"},
    {"canlogin", "login"},
    {"connectionlimit", "connection limit"},
    {"createdb", "createdb"},
    {"createrole", "createrole"},
    {"inherit", "inherit"},
    {"isreplication", "replication"},
    {"password", "password"},
    {"superuser", "superuser"},
    {"validUntil", "valid until"},
});

constexpr auto kFunctionWords = std::to_array<Word>({
    {"cost", "cost"},
    {"language", "language"},
    {"leakproof", "leakproof"},
    {"parallel", "parallel"},
    {"security", "security definer"},
    {"strict", "strict"},
    {"support", "support"},
    {"volatility", "volatility"},
});

template <std::size_t N>
std::string_view word_of(const std::array<Word, N>& words, std::string_view parsers) {
  const auto at = std::ranges::find(words, parsers, &Word::first);
  return at == words.end() ? std::string_view{} : at->second;
}

/// Of an option's argument, which is no expression: a bare node of its value.
Literal value_of(const Node* node) {
  if (node == nullptr) return Literal::of(true);  // CASCADE
  switch (nodeTag(node)) {
    case T_Boolean: return Literal::of(static_cast<bool>(as<Boolean>(node)->boolval));
    case T_Integer: return Literal::of(std::int64_t{as<Integer>(node)->ival});
    case T_Float: return Literal::number(text_of(as<Float>(node)->fval));
    case T_String: return Literal::string(std::string(string_in(node)));
    default: return Literal::unknown();
  }
}

/// An argument may be the row of a table: of a type that is not PostgreSQL's own, or of any type.
bool takes_rows(const List* parameters) {
  return std::ranges::any_of(Cells(parameters), [](const ListCell& cell) {
    const auto* parameter = in<FunctionParameter>(cell);
    if (parameter->mode == FUNC_PARAM_OUT || parameter->mode == FUNC_PARAM_TABLE) return false;
    if (parameter->argType->pct_type) return false;
    const Name type = system_name_in(parameter->argType->names);
    return !type.schema.empty() || !is_known_type(type.name) || type.name == "record" ||
           type.name.starts_with("any");
  });
}

/// (arguments, number of direct ones), or all of it in the definition.
bool takes_rows(const DefineStmt* define) {
  if (define->kind != OBJECT_AGGREGATE) return false;
  const auto* arguments = size_of(define->args) == 0 ? nullptr : nth<List>(define->args, 0);
  return define->oldstyle || takes_rows(arguments);
}

}  // namespace

void Walker::clause_option(std::string_view name, const Node* value) {
  if (name.empty()) return;
  out_.option(name, name == "password" ? Literal::unknown() : value_of(value));
}

void Walker::role_options(const List* options) {
  for (const ListCell& cell : Cells(options))
    clause_option(word_of(kRoleWords, text_of(in<DefElem>(cell)->defname)), in<DefElem>(cell)->arg);
}

void Walker::function_options(const List* options) {
  for (const ListCell& cell : Cells(options))
    clause_option(word_of(kFunctionWords, text_of(in<DefElem>(cell)->defname)), in<DefElem>(cell)->arg);
}

void Walker::clause_options(const Node* node) {
  switch (nodeTag(node)) {
    case T_CreateRoleStmt: return role_options(as<CreateRoleStmt>(node)->options);
    case T_AlterRoleStmt: return role_options(as<AlterRoleStmt>(node)->options);
    case T_CreateFunctionStmt:
      if (takes_rows(as<CreateFunctionStmt>(node)->parameters)) out_.option("takes rows", Literal::of(true));
      return function_options(as<CreateFunctionStmt>(node)->options);
    case T_DefineStmt:
      if (takes_rows(as<DefineStmt>(node))) out_.option("takes rows", Literal::of(true));
      return;
    case T_AlterFunctionStmt: return function_options(as<AlterFunctionStmt>(node)->actions);
    case T_DoStmt: return function_options(as<DoStmt>(node)->args);
    case T_CreatePLangStmt: return out_.option("trusted", Literal::of(as<CreatePLangStmt>(node)->pltrusted));
    case T_CreateExtensionStmt:
      for (const ListCell& cell : Cells(as<CreateExtensionStmt>(node)->options))
        clause_option(text_of(in<DefElem>(cell)->defname), in<DefElem>(cell)->arg);
      return;
    default: return;
  }
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
