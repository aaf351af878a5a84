// Executable documents: operations, selection sets, fragments.
#include "policy/builtins/graphql/reader.h"

namespace signalbox::policy::graphql {
namespace {

class QueryParser : public Reader {
 public:
  using Reader::Reader;
  Value document();

 private:
  Value operation();
  Value fragment();
  Value variable_definitions();
  Value selection_set(bool required);
  Value selection();
  Value field();
  Value spread();
  std::string fragment_name();
};

Value QueryParser::document() {
  ArrayBuilder operations(arena_), fragments(arena_);
  Position start = position();
  while (!failed() && !at(Kind::End)) {
    const Token& token = peek();
    if (token.kind == Kind::BraceL)
      operations.add(operation());
    else if (token.kind != Kind::Name)
      unexpected();
    else if (token.value == "fragment")
      fragments.add(fragment());
    else if (token.value == "query" || token.value == "mutation" || token.value == "subscription")
      operations.add(operation());
    else
      unexpected();
  }
  return Node(arena_, start)
      .put("Operations", operations.finish())
      .put("Fragments", fragments.finish())
      .finish();
}

Value QueryParser::operation() {
  Node node(arena_, position());
  if (at(Kind::BraceL)) {
    // OPA's parser reads the comment of a query without a name only when it is past it.
    const Value selections = selection_set(true);
    node.put("Comment", comment()).text("Operation", "query").text("Name", "");
    return node.put("SelectionSet", selections).finish();
  }
  node.put("Comment", comment());
  node.text("Operation", operation_type());
  node.text("Name", at(Kind::Name) ? next().value : std::string());
  node.put("VariableDefinitions", variable_definitions());
  node.put("Directives", directives(false));
  return node.put("SelectionSet", selection_set(true)).finish();
}

Value QueryParser::variable_definitions() {
  return some(Kind::ParenL, Kind::ParenR, [&] {
    Node node(arena_, position());
    node.put("Comment", comment());
    node.text("Variable", variable());
    expect(Kind::Colon);
    node.put("Type", type_reference());
    if (skip(Kind::Equals)) node.put("DefaultValue", value_literal(true));
    return node.put("Directives", directives(false)).put("Used", kFalse).finish();
  });
}

Value QueryParser::selection_set(bool required) {
  if (required && !at(Kind::BraceL)) {
    complain(peek(), "Expected {, found " + std::string(text_of(peek().kind)));
    return {};
  }
  return some(Kind::BraceL, Kind::BraceR, [&] { return selection(); });
}

Value QueryParser::selection() {
  return at(Kind::Spread) ? spread() : field();
}

Value QueryParser::field() {
  Node node(arena_, position());
  node.put("Comment", comment());
  std::string alias = name();
  node.text("Alias", alias).text("Name", skip(Kind::Colon) ? name() : alias);
  node.put("Arguments", arguments(false));
  node.put("Directives", directives(false));
  if (at(Kind::BraceL)) node.put("SelectionSet", selection_set(false));
  return node.finish();
}

Value QueryParser::spread() {
  Value before = comment();
  peek();
  before = comment();
  expect(Kind::Spread);
  Node node(arena_, position());
  node.put("Comment", before);
  if (at(Kind::Name) && peek().value != "on") {
    node.text("Name", fragment_name());
    return node.put("Directives", directives(false)).finish();
  }
  std::string condition;
  if (peek().value == "on") {
    next();
    condition = name();
  }
  node.text("TypeCondition", condition);
  node.put("Directives", directives(false));
  return node.put("SelectionSet", selection_set(true)).finish();
}

Value QueryParser::fragment() {
  Node node(arena_, position());
  node.put("Comment", comment());
  expect_keyword("fragment");
  node.text("Name", fragment_name());
  node.put("VariableDefinition", variable_definitions());
  expect_keyword("on");
  node.text("TypeCondition", name());
  node.put("Directives", directives(false));
  return node.put("SelectionSet", selection_set(true)).finish();
}

std::string QueryParser::fragment_name() {
  if (peek().value != "on") return name();
  unexpected();
  return {};
}

}  // namespace

std::expected<Value, Complaint> parse_query(Arena& arena, std::string_view text) {
  QueryParser parser(arena, text);
  Value document = parser.document();
  if (parser.complaint()) return std::unexpected(*parser.complaint());
  return document;
}

}  // namespace signalbox::policy::graphql
