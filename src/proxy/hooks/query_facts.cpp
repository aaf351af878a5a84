// input.query: the text of the statement that is decided, and what PostgreSQL's grammar says of it. A field
// is converted when it is read. Before a query has been taken apart only its text and protocol are there.
#include "policy/value/builder.h"
#include "policy/value/json.h"
#include "proxy/hooks/fact.h"
#include "proxy/hooks/query_statements.h"
#include "sql/analyze.h"
#include "sql/digest.h"

namespace signalbox::proxy {
namespace {

using policy::Arena;
using policy::ArrayBuilder;
using policy::ObjectBuilder;
using policy::Value;
using sql::Literal;
using sql::StatementFacts;
using View = const EventView&;

Value text(std::string_view value) {
  return Value::string(value);
}

/// Facts are views into the event's QueryStatements, which outlive the evaluation; undefined = not known.
Value value_of(const Literal& literal, Arena& arena) {
  switch (literal.kind) {
    case Literal::Kind::Null: return Value::null();
    case Literal::Kind::Boolean: return Value::boolean(literal.boolean);
    case Literal::Kind::Integer: return Value::integer(literal.integer);
    case Literal::Kind::String: return text(literal.text);
    case Literal::Kind::Decimal: {
      const auto parsed = policy::parse_json(arena, literal.text);
      return parsed ? *parsed : Value::undefined();
    }
    case Literal::Kind::Unknown:
    case Literal::Kind::Parameter: break;
  }
  return Value::undefined();
}

void add_known(ObjectBuilder& object, std::string_view name, Value value) {
  if (value) object.add(name, value);
}

template <class Items, class Make>
Value list(const Items& items, Arena& arena, Make make) {
  ArrayBuilder array(arena);
  for (const auto& item : items) array.add(make(item, arena));
  return array.finish();
}

template <class Items>
Value texts(const Items& items, Arena& arena) {
  return list(items, arena, [](const auto& item, Arena&) { return text(item); });
}

Value equalities(const std::vector<sql::Equality>& where, Arena& arena) {
  ObjectBuilder object(arena);
  for (const sql::Equality& one : where) add_known(object, one.column, value_of(one.value, arena));
  return object.finish();
}

Value table(const sql::TableUse& use, Arena& arena) {
  ObjectBuilder object(arena);
  object.add("schema", text(use.schema));
  object.add("name", text(use.name));
  object.add("access", text(sql::to_string(use.access)));
  object.add("verb", text(use.verb));
  object.add("where", equalities(use.where, arena));
  return object.finish();
}

Value column(const sql::ColumnUse& use, Arena& arena) {
  ObjectBuilder object(arena);
  object.add("table", text(use.table));
  object.add("name", text(use.name));
  object.add("access", text(sql::to_string(use.access)));
  object.add("certain", Value::boolean(use.certain));
  return object.finish();
}

Value join(const sql::Join& one, Arena& arena) {
  ObjectBuilder object(arena);
  object.add("type", text(one.type));
  object.add("has_condition", Value::boolean(one.has_condition));
  return object.finish();
}

Value cte(const sql::CommonTable& one, Arena& arena) {
  ObjectBuilder object(arena);
  object.add("name", text(one.name));
  object.add("kind", text(one.kind));
  object.add("recursive", Value::boolean(one.recursive));
  return object.finish();
}

Value setting(const sql::Setting& one, Arena& arena) {
  ObjectBuilder object(arena);
  object.add("name", text(one.name));
  object.add("scope", text(one.scope));
  add_known(object, "value", value_of(one.value, arena));
  return object.finish();
}

Value lock(const sql::LockUse& one, Arena& arena) {
  ObjectBuilder object(arena);
  object.add("mode", text(one.mode));
  object.add("wait", text(one.wait));
  return object.finish();
}

Value routine(const sql::RoutineUse& one, Arena& arena) {
  ObjectBuilder object(arena);
  object.add("schema", text(one.schema));
  object.add("name", text(one.name));
  object.add("volatility", text(sql::volatility_word(one.volatility)));
  object.add("security_definer", Value::boolean(one.security_definer));
  object.add("language", text(one.language));
  return object.finish();
}

Value object_use(const sql::ObjectUse& one, Arena& arena) {
  ObjectBuilder object(arena);
  object.add("type", text(one.type));
  object.add("schema", text(one.schema));
  object.add("name", text(one.name));
  return object.finish();
}

Value option(const sql::ClauseOption& one, Arena& arena) {
  ObjectBuilder object(arena);
  object.add("name", text(one.name));
  add_known(object, "value", value_of(one.value, arena));
  return object.finish();
}

/// The fields that every statement has: of the whole query they are rows of their own, of one of several
/// statements members of an element of input.query.statements.
struct Field {
  std::string_view name;
  Value (*make)(const StatementFacts&, Arena&);
};
using F = const StatementFacts&;
constexpr Field kFields[] = {
    {"kind", [](F f, Arena&) { return text(f.kind); }},
    {"kinds", [](F f, Arena& a) { return texts(f.kinds, a); }},
    {"categories", [](F f, Arena& a) { return texts(f.categories, a); }},
    {"read_only", [](F f, Arena&) { return Value::boolean(f.read_only); }},
    {"opaque", [](F f, Arena& a) { return texts(f.opaque, a); }},
    {"effects", [](F f, Arena& a) { return texts(f.effects, a); }},
    {"tables", [](F f, Arena& a) { return list(f.tables, a, table); }},
    {"columns", [](F f, Arena& a) { return list(f.columns, a, column); }},
    {"functions", [](F f, Arena& a) { return texts(f.functions, a); }},
    {"types", [](F f, Arena& a) { return texts(f.types, a); }},
    {"objects", [](F f, Arena& a) { return list(f.objects, a, object_use); }},
    {"subject", [](F f, Arena&) { return text(f.subject); }},
    {"where", [](F f, Arena& a) { return equalities(f.where, a); }},
    {"has_where", [](F f, Arena&) { return Value::boolean(f.has_where); }},
    {"has_limit", [](F f, Arena&) { return Value::boolean(f.has_limit); }},
    {"limit", [](F f, Arena& a) { return value_of(f.limit, a); }},
    {"joins", [](F f, Arena& a) { return list(f.joins, a, join); }},
    {"ctes", [](F f, Arena& a) { return list(f.ctes, a, cte); }},
    {"sets", [](F f, Arena& a) { return list(f.sets, a, setting); }},
    {"locks", [](F f, Arena& a) { return list(f.locks, a, lock); }},
    {"routines", [](F f, Arena& a) { return list(f.routines, a, routine); }},
    {"options", [](F f, Arena& a) { return list(f.options, a, option); }},
};

Value statement(const StatementFacts& facts, std::string_view all, Arena& arena) {
  ObjectBuilder object(arena);
  object.add("text", text(sql::text_of(facts, all)));
  for (const Field& field : kFields) add_known(object, field.name, field.make(facts, arena));
  return object.finish();
}

/// Null before the query has been taken apart, and for a FunctionCall.
const StatementFacts* facts_in(View view) {
  const QueryStatement* statement = view.event().statement;
  return statement == nullptr ? nullptr : statement->facts;
}

template <std::size_t I>
Value field(View view, Arena& arena) {
  const StatementFacts* facts = facts_in(view);
  return facts == nullptr ? Value::undefined() : kFields[I].make(*facts, arena);
}

bool is_function_call(const Query* query) {
  return query != nullptr && query->protocol == QueryProtocol::FunctionCall;
}

/// A query whose text is SQL.
bool has_text(View view) {
  return view.event().query != nullptr && !is_function_call(view.event().query);
}

/// The statement's own; the whole text while nobody has looked into it.
std::string_view own_text(View view) {
  const QueryStatement* statement = view.event().statement;
  return statement == nullptr ? view.event().query->text : statement->text;
}

Value kind(View view, Arena& arena) {
  return is_function_call(view.event().query) ? text("function_call") : field<0>(view, arena);
}

Value protocol(View view, Arena&) {
  constexpr std::string_view kNames[] = {"simple", "extended", "function_call"};
  const Query* query = view.event().query;
  return query == nullptr ? Value::undefined() : text(kNames[static_cast<std::size_t>(query->protocol)]);
}

Value within(View view, Arena& arena) {
  const StatementFacts* facts = facts_in(view);
  return facts == nullptr ? Value::undefined() : texts(facts->within, arena);
}

Value index(View view, Arena&) {
  const StatementFacts* facts = facts_in(view);
  return facts == nullptr ? Value::undefined() : Value::integer(facts->index);
}

Value count(View view, Arena&) {
  const QueryStatement* statement = view.event().statement;
  return statement == nullptr ? Value::undefined() : Value::integer(statement->count);
}

Value catalog(View view, Arena&) {
  const CatalogFacts* facts = view.event().catalog;
  if (facts == nullptr || !has_text(view)) return Value::undefined();
  return text(facts->catalog == nullptr ? "unknown" : facts->stale ? "stale" : "known");
}

Value parse_error(View view, Arena& arena) {
  if (facts_in(view) == nullptr || !view.event().statement->query->parse_error) return Value::undefined();
  const sql::ParseError& error = *view.event().statement->query->parse_error;
  ObjectBuilder object(arena);
  object.add("message", text(error.message));
  object.add("position", Value::integer(error.position));
  object.add("sqlstate", text(error.sqlstate));
  return object.finish();
}

Value statements(View view, Arena& arena) {
  if (facts_in(view) == nullptr) return Value::undefined();
  const QueryStatement& here = *view.event().statement;
  const bool named = here.arguments != nullptr;  // an EXECUTE runs it: its text is its own
  const std::string_view all = named ? here.text : view.event().query->text;
  return list(here.query->statements(), arena,
              [&](const StatementFacts& one, Arena& a) { return statement(one, all, a); });
}

Value arguments(const std::vector<Literal>& values, Arena& arena) {
  return list(values, arena, [](const Literal& one, Arena& a) {
    ObjectBuilder object(a);
    object.add("type", Value::integer(0));
    add_known(object, "value", value_of(one, a));
    return object.finish();
  });
}

Value parameters(View view, Arena& arena) {
  const Query* query = view.event().query;
  if (query == nullptr) return Value::undefined();
  if (view.event().statement != nullptr && view.event().statement->arguments != nullptr)
    return arguments(*view.event().statement->arguments, arena);
  if (query->parameters == nullptr) return Value::undefined();
  return list(*query->parameters, arena, [](const ParameterFact& one, Arena& a) {
    ObjectBuilder object(a);
    object.add("type", Value::integer(one.type));
    // decode() owns its text; the event's arena must.
    const Literal literal =
        sql::decode({.type = one.type, .binary = one.binary, .null = one.null, .bytes = one.value});
    add_known(
        object, "value",
        literal.kind == Literal::Kind::String ? policy::copy_string(a, literal.text) : value_of(literal, a));
    return object.finish();
  });
}

Value comment(View view, Arena& arena) {
  if (facts_in(view) == nullptr) return Value::undefined();
  ObjectBuilder object(arena);
  for (const sql::CommentTag& tag : view.event().statement->query->comment)
    object.add(tag.key, text(tag.value));
  return object.finish();
}

using enum DependsOn;

// where, limit, sets and tables[].where hold constants of the text, and bound values when there are any.
constexpr Fact kFacts[] = {
    {"query.text", Text,
     [](View view, Arena&) { return has_text(view) ? text(own_text(view)) : Value::undefined(); }},
    {"query.source", Text,
     [](View view, Arena&) { return has_text(view) ? text(view.event().query->text) : Value::undefined(); }},
    {"query.protocol", Shape, protocol},
    {"query.within", Shape, within},
    {"query.index", Shape, index},
    {"query.count", Shape, count},
    {"query.fingerprint", Text,
     [](View view, Arena& a) {
       return has_text(view) ? policy::copy_string(a, sql::fingerprint(own_text(view))) : Value::undefined();
     }},
    {"query.normalized", Text,
     [](View view, Arena& a) {
       return has_text(view) ? policy::copy_string(a, sql::normalize(own_text(view))) : Value::undefined();
     }},
    {"query.parse_error", Shape, parse_error},
    {"query.kind", Shape, kind},
    {"query.kinds", Shape, field<1>},
    {"query.categories", Shape, field<2>},
    {"query.read_only", Shape, field<3>},
    {"query.opaque", Shape, field<4>},
    {"query.effects", Shape, field<5>},
    {"query.tables", Shape, field<6>, "where"},
    {"query.columns", Shape, field<7>},
    {"query.functions", Shape, field<8>},
    {"query.types", Shape, field<9>},
    {"query.objects", Shape, field<10>},
    {"query.subject", Shape, field<11>},
    {"query.where", Parameters, field<12>},
    {"query.has_where", Shape, field<13>},
    {"query.has_limit", Shape, field<14>},
    {"query.limit", Parameters, field<15>},
    {"query.joins", Shape, field<16>},
    {"query.ctes", Shape, field<17>},
    {"query.sets", Parameters, field<18>},
    {"query.locks", Shape, field<19>},
    {"query.routines", Shape, field<20>},
    {"query.options", Shape, field<21>},
    {"query.catalog", Shape, catalog},
    {"query.statements", Parameters, statements},
    {"query.parameters", Parameters, parameters},
    {"query.comment", Text, comment},
};

}  // namespace

std::span<const Fact> query_facts() {
  return kFacts;
}

}  // namespace signalbox::proxy
