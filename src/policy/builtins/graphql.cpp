// graphql.*: parsing and validating GraphQL queries and schemas.
// Documents come as text or as the syntax tree that the parse functions give.
#include "policy/builtins/declare.h"
#include "policy/builtins/graphql/schema.h"
#include "policy/builtins/json_shape.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

using graphql::Complaint;

/// OPA's rendering: the message without its final period, and the place when it is known.
std::string rendered(const std::vector<Complaint>& complaints) {
  std::string message, prefix;
  const Complaint& first = complaints.front();
  for (const Complaint& complaint : complaints) {
    if (!message.empty())
      message += "\ninput:" + (complaint.at.line > 0 ? std::to_string(complaint.at.line) + ":" +
                                                           std::to_string(complaint.at.column) + ": "
                                                     : " ");
    message += complaint.message;
  }
  if (first.at.line == 0) return "GraphQL parse error: input: " + message;
  return message + " in GraphQL string at location " + std::to_string(first.at.line) + ":" +
         std::to_string(first.at.column);
}

std::string syntax_error(const Complaint& complaint) {
  return rendered({complaint});
}

std::string rule_errors(std::vector<Complaint> complaints) {
  std::string& last = complaints.back().message;
  // OPA takes ".\n" off the end: what ends otherwise keeps its line break.
  last.ends_with('.') ? last.pop_back() : last.push_back('\n');
  return rendered(complaints);
}

using Parse = std::expected<Value, Complaint> (*)(Arena&, std::string_view);

/// A document from text or tree. The operand of another type is refused with OPA's position for it.
std::expected<Value, BuiltinError> document_of(BuiltinContext& context, const Value& value, Parse parse,
                                               int position) {
  static constexpr std::string_view kWanted[] = {"string", "object"};
  if (value.is_object()) {
    if (!charge_value(context, value)) return limit_failure();
    return value;
  }
  if (!value.is_string()) return operand_error(position, kWanted, value);
  if (!charge_bytes(context, value.size() * 16)) return limit_failure();
  auto document = parse(context.arena, value.as_string());
  if (!document) return builtin_failure(syntax_error(document.error()));
  return *document;
}

std::expected<graphql::Schema, BuiltinError> schema_of(BuiltinContext& context, const Value& document) {
  auto schema = graphql::build_schema(context.arena, document);
  if (schema) return std::move(*schema);
  const Complaint& complaint = schema.error();
  std::string place = complaint.at.line > 0 ? ":" + std::to_string(complaint.at.line) + ":" +
                                                  std::to_string(complaint.at.column)
                                            : "";
  return builtin_failure("Error in gqlparser SchemaDocument to Schema conversion: input" + place + ": " +
                         complaint.message);
}

struct Checked {
  Value query, schema;
};

/// Both documents, the query valid for the schema.
std::expected<Checked, BuiltinError> check(BuiltinContext& context, const Value& query, const Value& schema) {
  auto query_document = document_of(context, query, graphql::parse_query, 0);
  if (!query_document) return std::unexpected(query_document.error());
  auto schema_document = document_of(context, schema, graphql::parse_schema, 1);
  if (!schema_document) return std::unexpected(schema_document.error());
  auto built = schema_of(context, *schema_document);
  if (!built) return std::unexpected(built.error());
  auto complaints = graphql::validate_query(context.arena, *built, *query_document);
  if (!complaints.empty()) return builtin_failure(rule_errors(std::move(complaints)));
  return Checked{*query_document, *schema_document};
}

bool halted(const BuiltinError& error) {
  return error.kind == BuiltinError::Kind::Halt;
}

BuiltinResult parse(BuiltinContext& context, Value query, Value schema) {
  auto checked = check(context, query, schema);
  if (!checked) return std::unexpected(checked.error());
  return pair_of(context, graphql::without_positions(context.arena, checked->query),
                 graphql::without_positions(context.arena, checked->schema));
}

BuiltinResult parse_and_verify(BuiltinContext& context, Value query, Value schema) {
  auto checked = check(context, query, schema);
  if (!checked && halted(checked.error())) return std::unexpected(checked.error());
  Value parts[] = {Value::boolean(checked.has_value()), kEmptyObject, kEmptyObject};
  if (checked) {
    parts[1] = graphql::without_positions(context.arena, checked->query);
    parts[2] = graphql::without_positions(context.arena, checked->schema);
  }
  return array_of(context, parts);
}

BuiltinResult is_valid(BuiltinContext& context, Value query, Value schema) {
  auto checked = check(context, query, schema);
  if (!checked && halted(checked.error())) return std::unexpected(checked.error());
  return Value::boolean(checked.has_value());
}

BuiltinResult schema_is_valid(BuiltinContext& context, Value schema) {
  auto document = document_of(context, schema, graphql::parse_schema, 1);
  if (!document && halted(document.error())) return std::unexpected(document.error());
  return Value::boolean(document && schema_of(context, *document));
}

template <Parse P>
BuiltinResult parse_text(BuiltinContext& context, std::string_view text) {
  auto document = document_of(context, Value::string(text), P, 1);
  if (!document) return std::unexpected(document.error());
  return graphql::without_positions(context.arena, *document);
}

constexpr Builtin row(std::string_view name, std::string_view signature, BuiltinFn fn) {
  return declare("graphql", name, signature, fn);
}

constexpr Builtin kTable[] = {
    row("graphql.is_valid", "(any<string, object[any: any]>, any<string, object[any: any]>) => boolean",
        typed<is_valid>),
    row("graphql.parse",
        "(any<string, object[any: any]>, any<string, object[any: any]>) => array<object[any: any], "
        "object[any: any]>",
        typed<parse>),
    row("graphql.parse_and_verify",
        "(any<string, object[any: any]>, any<string, object[any: any]>) => "
        "array<boolean, object[any: any], object[any: any]>",
        typed<parse_and_verify>),
    row("graphql.parse_query", "(string) => object[any: any]", typed<parse_text<graphql::parse_query>>),
    row("graphql.parse_schema", "(string) => object[any: any]", typed<parse_text<graphql::parse_schema>>),
    row("graphql.schema_is_valid", "(any<string, object[any: any]>) => boolean", typed<schema_is_valid>),
};

}  // namespace

std::span<const Builtin> graphql_calls() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
