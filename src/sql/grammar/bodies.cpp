// Bodies in strings: what DO runs, and what a function will run when it is called, is parsed and walked like
// any other statement inside a statement. What cannot be read is said: opaque "sql" of a DO, "unread" of a
// function.
//
// Surprise: a name in a body may mean a variable where SQL has a column, so WHERE flag = true may hold for
// every row. Such a name neither limits a WHERE nor makes an equality.
#include <string>

#include "sql/cost.h"
#include "sql/grammar/parse.h"
#include "sql/grammar/walker.h"
#include "sql/plpgsql.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

std::string_view source_in(const List* options) {
  const DefElem* source = option(options, "as");
  if (source == nullptr || source->arg == nullptr) return {};
  if (!IsA(source->arg, List)) return string_in(source->arg);
  const auto* parts = as<List>(source->arg);
  return size_of(parts) == 1 ? string_in(nth(parts, 0)) : std::string_view{};  // two: a library and a symbol
}

std::string_view language_in(const List* options) {
  const DefElem* language = option(options, "language");
  return language == nullptr ? "plpgsql" : string_in(language->arg);
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f\v;") == std::string_view::npos;
}

}  // namespace

void Walker::bodies(const Node* node, const Place& place) {
  const bool runs = IsA(node, DoStmt);
  if (!runs && !IsA(node, CreateFunctionStmt)) return;
  const List* options = runs ? as<DoStmt>(node)->args : as<CreateFunctionStmt>(node)->options;
  const std::string_view source = source_in(options), language = language_in(options);
  ProceduralBody body;
  if (language == "plpgsql") {
    body = read_plpgsql(source, options_.standard_conforming_strings);
  } else if (language == "sql" && !runs) {
    body.statements.emplace_back(source);
  } else {
    body.opaque = true;
  }
  if (!runs) {
    body.variables.emplace_back(name_in(as<CreateFunctionStmt>(node)->funcname).name);  // name.parameter
    for (const ListCell& cell : Cells(as<CreateFunctionStmt>(node)->parameters))
      body.variables.emplace_back(text_of(in<FunctionParameter>(cell)->name));
  }
  if (!walk_body(body, runs && place.executes, place)) out_.opaque(runs ? "sql" : "unread");
}

/// False when not all of it could be read.
bool Walker::walk_body(const ProceduralBody& body, bool executes, const Place& place) {
  Place inside{.scope = new_scope(nullptr), .executes = executes, .of = place.of};
  inside.variables = kept(body.variables);
  bool read = !body.opaque;
  for (const std::string& text : body.statements) {
    if (is_blank(text)) continue;
    if (!charge(text.size() / 8) || is_too_costly(text, options_)) return false;
    const List* statements = tree_ == nullptr ? nullptr : tree_->parse(text);
    read = read && statements != nullptr;
    for (const ListCell& cell : Cells(statements)) push(in<RawStmt>(cell)->stmt, inside);
  }
  return read;
}

/// A copy of names in the walker's pool.
const Columns* Walker::kept(std::span<const std::string> names) {
  std::pmr::vector<std::string_view> views(&pool_);
  for (const std::string& name : names) {
    if (name.empty()) continue;
    auto* copy = static_cast<char*>(pool_.allocate(name.size(), 1));
    name.copy(copy, name.size());
    views.emplace_back(copy, name.size());
  }
  return make_columns(views);
}

/// A name that a body may have given another meaning.
bool Walker::is_variable(const Node* column) const {
  if (variables_ == nullptr || !IsA(column, ColumnRef)) return false;
  const List* fields = as<ColumnRef>(column)->fields;
  return size_of(fields) > 0 && variables_->has(string_in(nth(fields, 0)));
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
