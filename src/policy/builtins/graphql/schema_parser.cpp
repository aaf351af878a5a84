// Type system documents: definitions, extensions, directives.
// The surprise: an extension must add something, and its description is refused at the description, not at
// the word.
#include <algorithm>
#include <array>

#include "policy/builtins/graphql/reader.h"

namespace signalbox::policy::graphql {
namespace {

struct Description {
  std::string text;
  Value comment;
  Token token;
};

class SchemaParser : public Reader {
 public:
  using Reader::Reader;
  Value document();

 private:
  enum class Form { Definition, Extension };
  Description description();
  Value definition(const Description& before, Form form);
  bool definition_body(Node& node, std::string_view word, Value& end_comment);
  Value schema_definition(const Description& before, Form form);
  Value directive_definition(const Description& before);
  Value interfaces();
  Value union_types();
  Value enum_values(Value& end_comment);
  Value fields(bool input, Value& end_comment);
  Value input_value();
  Value output_field();
  Value argument_definitions();
  Value directive_location();
  void extension(ArrayBuilder& extensions, ArrayBuilder& schema_extensions, Value before);
  Node described(std::string_view text, Value before, Value after, Position at);
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kDefinitionKinds = {
    {{"scalar", "SCALAR"},
     {"type", "OBJECT"},
     {"interface", "INTERFACE"},
     {"union", "UNION"},
     {"enum", "ENUM"},
     {"input", "INPUT_OBJECT"}}};

std::string_view kind_of(std::string_view word) {
  for (auto [keyword, kind] : kDefinitionKinds)
    if (keyword == word) return kind;
  return {};
}

Description SchemaParser::description() {
  if (!at(Kind::String) && !at(Kind::BlockString)) return {};
  Value before = comment();
  Token token = next();
  return {token.value, before, token};
}

Node SchemaParser::described(std::string_view text, Value before, Value after, Position at) {
  Node node(arena_, at);
  node.text("Description", text)
      .put("BeforeDescriptionComment", before)
      .put("AfterDescriptionComment", after);
  return node;
}

Value SchemaParser::document() {
  ArrayBuilder definitions(arena_), schemas(arena_), directive_list(arena_), extensions(arena_),
      schema_extensions(arena_);
  Position start = position();
  while (!failed() && !at(Kind::End)) {
    Description before = description();
    if (!at(Kind::Name)) {
      unexpected();
      break;
    }
    std::string word = peek().value;
    if (!kind_of(word).empty()) {
      definitions.add(definition(before, Form::Definition));
    } else if (word == "schema") {
      schemas.add(schema_definition(before, Form::Definition));
    } else if (word == "directive") {
      directive_list.add(directive_definition(before));
    } else if (word == "extend") {
      if (!before.text.empty()) unexpected(before.token);
      extension(extensions, schema_extensions, comment());
    } else {
      unexpected();
    }
  }
  return Node(arena_, start)
      .put("Schema", schemas.finish())
      .put("SchemaExtension", schema_extensions.finish())
      .put("Directives", directive_list.finish())
      .put("Definitions", definitions.finish())
      .put("Extensions", extensions.finish())
      .put("Comment", comment())
      .finish();
}

void SchemaParser::extension(ArrayBuilder& extensions, ArrayBuilder& schema_extensions, Value before) {
  expect_keyword("extend");
  Description none{{}, before, {}};
  if (peek().value == "schema")
    schema_extensions.add(schema_definition(none, Form::Extension));
  else if (!kind_of(peek().value).empty())
    extensions.add(definition(none, Form::Extension));
  else
    unexpected();
}

Value SchemaParser::definition(const Description& before, Form form) {
  std::string word = peek().value;
  Value after = form == Form::Extension ? before.comment : comment();
  expect_keyword(word);
  Node node = described(before.text, form == Form::Extension ? Value() : before.comment, after, position());
  node.text("Kind", kind_of(word)).text("Name", name()).put("BuiltIn", kFalse);
  Value end_comment;
  bool adds = definition_body(node, word, end_comment);
  if (form == Form::Extension && !adds && !failed()) unexpected();
  return node.put("EndOfDefinitionComment", end_comment).finish();
}

/// What follows a definition's name; true when there is anything.
bool SchemaParser::definition_body(Node& node, std::string_view word, Value& end_comment) {
  Value implemented = word == "type" || word == "interface" ? interfaces() : Value();
  Value directive_list = directives(true);
  Value body;
  node.put("Interfaces", implemented).put("Directives", directive_list);
  if (word == "union") node.put("Types", body = union_types());
  if (word == "enum") node.put("EnumValues", body = enum_values(end_comment));
  if (word == "type" || word == "interface" || word == "input")
    node.put("Fields", body = fields(word == "input", end_comment));
  return implemented.size() + directive_list.size() + body.size() > 0;
}

Value SchemaParser::schema_definition(const Description& before, Form form) {
  Value after = form == Form::Extension ? before.comment : comment();
  expect_keyword("schema");
  Node node = described(before.text, form == Form::Extension ? Value() : before.comment, after, position());
  Value directive_list = directives(true), end_comment;
  Value operations = some(
      Kind::BraceL, Kind::BraceR,
      [&] {
        Node operation(arena_, position());
        operation.put("Comment", comment());
        operation.text("Operation", operation_type());
        expect(Kind::Colon);
        return operation.text("Type", name()).finish();
      },
      &end_comment);
  if (form == Form::Extension && directive_list.size() + operations.size() == 0 && !failed()) unexpected();
  return node.put("Directives", directive_list)
      .put("OperationTypes", operations)
      .put("EndOfDefinitionComment", end_comment)
      .finish();
}

Value SchemaParser::interfaces() {
  ArrayBuilder names(arena_);
  if (peek().value != "implements") return {};
  next();
  skip(Kind::Amp);
  do names.add(copy_string(arena_, name()));
  while (!failed() && skip(Kind::Amp));
  return names.finish();
}

Value SchemaParser::union_types() {
  if (!skip(Kind::Equals)) return {};
  ArrayBuilder names(arena_);
  skip(Kind::Pipe);
  do names.add(copy_string(arena_, name()));
  while (!failed() && skip(Kind::Pipe));
  return names.finish();
}

Value SchemaParser::enum_values(Value& end_comment) {
  return some(
      Kind::BraceL, Kind::BraceR,
      [&] {
        Description before = description();
        peek();
        Node node = described(before.text, before.comment, comment(), position());
        node.text("Name", name());
        return node.put("Directives", directives(true)).finish();
      },
      &end_comment);
}

Value SchemaParser::fields(bool input, Value& end_comment) {
  return some(
      Kind::BraceL, Kind::BraceR, [&] { return input ? input_value() : output_field(); }, &end_comment);
}

Value SchemaParser::input_value() {
  Description before = description();
  peek();
  Node node = described(before.text, before.comment, comment(), position());
  node.text("Name", name());
  expect(Kind::Colon);
  node.put("Type", type_reference());
  if (skip(Kind::Equals)) node.put("DefaultValue", value_literal(true));
  return node.put("Directives", directives(true)).finish();
}

Value SchemaParser::output_field() {
  Description before = description();
  peek();
  Node node = described(before.text, before.comment, comment(), position());
  node.text("Name", name()).put("Arguments", argument_definitions());
  expect(Kind::Colon);
  node.put("Type", type_reference());
  return node.put("Directives", directives(true)).finish();
}

Value SchemaParser::argument_definitions() {
  return some(Kind::ParenL, Kind::ParenR, [&] { return input_value(); });
}

Value SchemaParser::directive_definition(const Description& before) {
  Value after = comment();
  expect_keyword("directive");
  expect(Kind::At);
  Node node = described(before.text, before.comment, after, position());
  node.text("Name", name()).put("Arguments", argument_definitions());
  bool repeatable = at(Kind::Name) && peek().value == "repeatable";
  if (repeatable) next();
  node.put("IsRepeatable", Value::boolean(repeatable));
  expect_keyword("on");
  ArrayBuilder locations(arena_);
  skip(Kind::Pipe);
  do locations.add(directive_location());
  while (!failed() && skip(Kind::Pipe));
  return node.put("Locations", locations.finish()).finish();
}

Value SchemaParser::directive_location() {
  static constexpr std::string_view kLocations[] = {"QUERY",
                                                    "MUTATION",
                                                    "SUBSCRIPTION",
                                                    "FIELD",
                                                    "FRAGMENT_DEFINITION",
                                                    "FRAGMENT_SPREAD",
                                                    "INLINE_FRAGMENT",
                                                    "VARIABLE_DEFINITION",
                                                    "SCHEMA",
                                                    "SCALAR",
                                                    "OBJECT",
                                                    "FIELD_DEFINITION",
                                                    "ARGUMENT_DEFINITION",
                                                    "INTERFACE",
                                                    "UNION",
                                                    "ENUM",
                                                    "ENUM_VALUE",
                                                    "INPUT_OBJECT",
                                                    "INPUT_FIELD_DEFINITION"};
  Token token = expect(Kind::Name);
  if (std::ranges::find(kLocations, token.value) == std::end(kLocations)) unexpected(token);
  return copy_string(arena_, token.value);
}

}  // namespace

std::expected<Value, Complaint> parse_schema(Arena& arena, std::string_view text) {
  SchemaParser parser(arena, text);
  Value document = parser.document();
  if (parser.complaint()) return std::unexpected(*parser.complaint());
  return document;
}

}  // namespace signalbox::policy::graphql
