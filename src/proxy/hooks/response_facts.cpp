// input.response and input.result: what came back, from the server or from an async action.
#include "policy/value/builder.h"
#include "policy/value/json.h"
#include "proxy/hooks/fact.h"

namespace signalbox::proxy {
namespace {

using policy::Arena;
using policy::ArrayBuilder;
using policy::ObjectBuilder;
using policy::Value;
using View = const EventView&;
using enum DependsOn;

Value number(std::uint64_t value) {
  return Value::integer(static_cast<std::int64_t>(value));
}

template <auto Make>
Value response(View view, Arena& arena) {
  const ResponseFacts* facts = view.event().response;
  return facts == nullptr ? Value::undefined() : Make(*facts, arena);
}

/// What is known when the answer is over.
template <auto Make>
Value at_end(View view, Arena& arena) {
  const ResponseFacts* facts = view.event().response;
  return facts == nullptr || !facts->ended ? Value::undefined() : Make(*facts, arena);
}

template <auto Make>
Value result(View view, Arena& arena) {
  const ResultFacts* facts = view.event().result;
  return facts == nullptr ? Value::undefined() : Make(*facts, arena);
}

Value columns(const ResponseFacts& facts, Arena& arena) {
  if (facts.columns == nullptr) return Value::undefined();
  ArrayBuilder array(arena);
  for (const ColumnFact& column : *facts.columns) {
    ObjectBuilder object(arena);
    object.add("name", Value::string(column.name));
    object.add("type", Value::integer(column.type));
    object.add("table", Value::integer(column.table));
    array.add(object.finish());
  }
  return array.finish();
}

Value error(const ResponseFacts& facts, Arena& arena) {
  if (facts.sqlstate.empty()) return Value::undefined();
  ObjectBuilder object(arena);
  object.add("sqlstate", Value::string(facts.sqlstate));
  object.add("message", Value::string(facts.error));
  return object.finish();
}

Value json(std::string_view text, Arena& arena) {
  const auto parsed = policy::parse_json(arena, text);
  return parsed ? *parsed : Value::undefined();
}

using R = const ResponseFacts&;
using A = const ResultFacts&;

constexpr Fact kFacts[] = {
    {"response.command_tag", Moment, at_end<[](R r, Arena&) { return Value::string(r.command_tag); }>},
    {"response.rows", Moment, at_end<[](R r, Arena&) { return number(r.rows); }>},
    {"response.bytes", Moment, at_end<[](R r, Arena&) { return number(r.bytes); }>},
    {"response.columns", Moment, response<columns>},
    {"response.error", Moment, at_end<error>},
    {"response.duration_ns", Moment, at_end<[](R r, Arena&) { return Value::integer(r.duration_ns); }>},
    {"result.job", Moment, result<[](A r, Arena&) { return Value::string(r.job); }>},
    {"result.action", Moment, result<[](A r, Arena&) { return Value::string(r.action); }>},
    {"result.ok", Moment, result<[](A r, Arena&) { return Value::boolean(r.ok); }>},
    {"result.value", Moment, result<[](A r, Arena& a) { return json(r.value_json, a); }>},
    {"result.error", Moment, result<[](A r, Arena&) { return Value::string(r.error); }>},
    {"result.attempts", Moment, result<[](A r, Arena&) { return number(r.attempts); }>},
};

}  // namespace

std::span<const Fact> response_facts() {
  return kFacts;
}

}  // namespace signalbox::proxy
