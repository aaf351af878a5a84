// json.match_schema and json.verify_schema. Compiled schemas are kept: a policy asks with the same one again
// and again. A document is used as it is; only what JSON cannot hold goes through its JSON form first.
#include "policy/schema/json_schema.h"

#include <memory>
#include <unordered_map>

#include "policy/builtins/declare.h"
#include "policy/builtins/json_shape.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"
#include "policy/value/json.h"

namespace signalbox::policy::builtins {
namespace {

using Text = std::string_view;
constexpr std::size_t kMaxSchemas = 64;
constexpr Text kInvalidJson = "invalid JSON string", kWrongType = "wrong type, expected string or object";

struct KeptSchema {
  Arena arena;
  Value source;
  std::unique_ptr<schema::Schema> schema;
};

struct SchemaCache {
  std::unordered_map<std::uint64_t, std::unique_ptr<KeptSchema>> by_hash;

  const schema::Schema* find(const Value& source) const {
    const auto at = by_hash.find(hash(source));
    return at != by_hash.end() && at->second->source == source ? at->second->schema.get() : nullptr;
  }
  const schema::Schema* keep(const Value& source, std::unique_ptr<schema::Schema> schema) {
    if (by_hash.size() >= kMaxSchemas) by_hash.clear();
    auto kept = std::make_unique<KeptSchema>();
    kept->source = copy(kept->arena, source);
    kept->schema = std::move(schema);
    return (by_hash[hash(source)] = std::move(kept))->schema.get();
  }
};

bool is_json(const Value& value) {
  if (value.is_set()) return false;
  if (value.is_array()) return std::ranges::all_of(value.as_array(), is_json);
  if (!value.is_object()) return true;
  return std::ranges::all_of(value.as_object(),
                             [](const Pair& pair) { return pair.key.is_string() && is_json(pair.value); });
}

/// The JSON document that a string spells out or a collection is.
std::expected<Value, Text> document_of(BuiltinContext& context, const Value& value) {
  if (value.is_string()) {
    auto parsed = parse_json(context.arena, value.as_string());
    return parsed ? std::expected<Value, Text>(*parsed) : std::unexpected(kInvalidJson);
  }
  if (!value.is_object() && !value.is_array()) return std::unexpected(kWrongType);
  if (is_json(value)) return value;
  auto parsed = parse_json(context.arena, to_json(value));
  return parsed ? std::expected<Value, Text>(*parsed) : std::unexpected(kInvalidJson);
}

BuiltinResult verify(BuiltinContext& context, Value source) {
  const auto answer = [&](bool valid, Value text) { return pair_of(context, Value::boolean(valid), text); };
  const auto invalid = [&](Text why) -> BuiltinResult {
    auto text = owned_string(context, "jsonschema: " + std::string(why));
    return text ? answer(false, *text) : text;
  };
  if (!context.meter.charge(1 + source.size() / kBytesPerStep) || !charge_value(context, source))
    return limit_failure();
  auto document = document_of(context, source);
  if (!document) return invalid(document.error());
  auto compiled = schema::compile(*document);
  if (!compiled) return invalid(compiled.error());
  return answer(true, Value::null());
}

std::expected<const schema::Schema*, std::string> schema_of(BuiltinContext& context, const Value& source) {
  auto& cache = context.kept.of<SchemaCache>();
  if (const auto* found = cache.find(source)) return found;
  auto document = document_of(context, source);
  if (!document) return std::unexpected(std::string(document.error()));
  auto compiled = schema::compile(*document);
  if (!compiled) return std::unexpected(compiled.error());
  return cache.keep(source, std::move(*compiled));
}

BuiltinResult match(BuiltinContext& context, Value value, Value source) {
  if (!context.meter.charge(1 + (value.size() + source.size()) / kBytesPerStep) ||
      !charge_value(context, value) || !charge_value(context, source))
    return limit_failure();
  auto document = document_of(context, value);
  if (!document) return builtin_failure(std::string(document.error()));
  auto schema = schema_of(context, source);
  if (!schema) return builtin_failure(schema.error());
  auto problems = schema::validate(**schema, *document, context.meter);
  if (!problems) return limit_failure();
  ArrayBuilder out(context.arena);
  for (const schema::Problem& problem : *problems) {
    ObjectBuilder one(context.arena);
    const auto add = [&](Text name, Text text) { one.add(name, copy_string(context.arena, text)); };
    add("desc", problem.description);
    add("error", problem.text());
    add("field", problem.field);
    add("type", problem.type);
    out.add(one.finish());
  }
  return pair_of(context, Value::boolean(problems->empty()), out.finish());
}

constexpr Builtin kTable[] = {
    declare("object", "json.match_schema",
            "(any<string, object[any: any]>, any<string, object[any: any]>) => "
            "array<boolean, array[object<desc: string, error: string, field: string, type: string>]>",
            typed<match>),
    declare("object", "json.verify_schema",
            "(any<string, object[any: any]>) => array<boolean, any<null, string>>", typed<verify>),
};

}  // namespace

std::span<const Builtin> json_schema() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
