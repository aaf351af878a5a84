// base64, base64url, hex, json and urlquery. (yaml is in yaml.cpp.)
#include "policy/builtins/declare.h"
#include "policy/builtins/go/codec.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/go/url.h"
#include "policy/builtins/json_shape.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"
#include "policy/value/json.h"

namespace signalbox::policy::builtins {
namespace {

using Text = std::string_view;

BuiltinResult text_or_failure(BuiltinContext& context, const Result<std::string>& text) {
  if (!text) return builtin_failure(text.error().message);
  return owned_string(context, *text);
}

template <go::Base64 Alphabet>
BuiltinResult encode_base64(BuiltinContext& context, Text bytes) {
  if (!charge_bytes(context, bytes.size() * 2)) return limit_failure();
  return owned_string(context, go::base64_encode(bytes, Alphabet));
}

BuiltinResult decode_base64(BuiltinContext& context, Text text) {
  if (!charge_bytes(context, text.size())) return limit_failure();
  return text_or_failure(context, go::base64_decode(text));
}

BuiltinResult decode_base64url(BuiltinContext& context, Text text) {
  if (!charge_bytes(context, text.size())) return limit_failure();
  return text_or_failure(context, go::base64url_decode_lax(text));
}

BuiltinResult is_base64(BuiltinContext& context, Value text) {
  if (!text.is_string()) return kFalse;
  if (!charge_bytes(context, text.size())) return limit_failure();
  return Value::boolean(go::base64_decode(text.as_string()).has_value());
}

BuiltinResult encode_hex(BuiltinContext& context, Text bytes) {
  if (!charge_bytes(context, bytes.size() * 2)) return limit_failure();
  return owned_string(context, go::hex_encode(bytes));
}

BuiltinResult decode_hex(BuiltinContext& context, Text text) {
  if (!charge_bytes(context, text.size())) return limit_failure();
  return text_or_failure(context, go::hex_decode(text));
}

BuiltinResult marshal(BuiltinContext& context, Value value) {
  if (!charge_value(context, value)) return limit_failure();
  return owned_string(context, to_json(value, EscapeHtml::Yes));
}

struct MarshalOptions {
  Text prefix, indent = "\t";
  bool implied = false;
  std::optional<bool> pretty;
};

std::expected<MarshalOptions, BuiltinError> marshal_options(Object object) {
  MarshalOptions options;
  int index = 0;
  for (const Pair& pair : object.pairs()) {
    auto failed_cast = [&](Text key, Text to) {
      return operand_complaint(2, "key " + go::quote(key) + " failed cast to " + std::string(to));
    };
    if (!pair.key.is_string())
      return operand_complaint(2, "failed to stringify key " + to_rego(pair.key) + " at index " +
                                      std::to_string(index) + ": operand " + std::to_string(index) +
                                      " must be string but got " + std::string(kind_name(pair.key.kind())));
    Text key = pair.key.as_string();
    if (key == "pretty") {
      if (!pair.value.is_boolean()) return failed_cast(key, "bool");
      options.pretty = pair.value.as_boolean();
    } else if (key == "prefix" || key == "indent") {
      if (!pair.value.is_string())
        return failed_cast(key, "string: operand " + std::to_string(index) + " must be string but got " +
                                    std::string(kind_name(pair.value.kind())));
      (key == "prefix" ? options.prefix : options.indent) = pair.value.as_string();
      options.implied = true;
    } else {
      return operand_complaint(2, "object contained unknown key " + go::quote(key));
    }
    ++index;
  }
  return options;
}

/// No fewer bytes than `compact` takes with a line for every element: each has the prefix and its indents.
std::size_t indented_bytes(Text compact, Text prefix, Text indent) {
  std::size_t bytes = prefix.size(), depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < compact.size(); ++i) {
    const char c = compact[i];
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\') ++i;
    if (quoted) continue;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (Text("[]{},").find(c) != Text::npos) bytes += 1 + prefix.size() + depth * indent.size();
  }
  return bytes + 2 * compact.size();
}

BuiltinResult marshal_with_options(BuiltinContext& context, Value value, Object wanted) {
  if (!charge_value(context, value)) return limit_failure();
  auto options = marshal_options(wanted);
  if (!options) return std::unexpected(options.error());
  std::string compact = to_json(value, EscapeHtml::Yes);
  if (!options->pretty.value_or(options->implied)) return owned_string(context, compact);
  if (!charge_bytes(context, indented_bytes(compact, options->prefix, options->indent)))
    return limit_failure();
  return owned_string(context,
                      std::string(options->prefix) + indent_json(compact, options->prefix, options->indent));
}

BuiltinResult unmarshal(BuiltinContext& context, Text text) {
  if (!charge_bytes(context, text.size() * 4)) return limit_failure();
  auto value = parse_json(context.arena, text);
  if (!value) {
    const auto document = document_before_null(text);
    if (document) value = parse_json(context.arena, *document);
  }
  if (!value) return builtin_failure(json_complaint(text));
  return *value;
}

BuiltinResult is_json(BuiltinContext& context, Value text) {
  if (!text.is_string()) return kFalse;
  if (!charge_bytes(context, text.size() * 4)) return limit_failure();
  return Value::boolean(is_valid_json(text.as_string()));
}

BuiltinResult encode_query(BuiltinContext& context, Text text) {
  if (!charge_bytes(context, text.size() * 3)) return limit_failure();
  return owned_string(context, go::url_escape(text, go::UrlPart::QueryComponent));
}

BuiltinResult decode_query(BuiltinContext& context, Text text) {
  if (!charge_bytes(context, text.size())) return limit_failure();
  return text_or_failure(context, go::url_unescape(text, go::UrlPart::QueryComponent));
}

BuiltinResult encode_query_object(BuiltinContext& context, Value object) {
  if (!object.is_object()) return operand_error(1, "object", object);
  if (!charge_value(context, object)) return limit_failure();
  std::map<std::string, std::vector<std::string>> query;
  for (const Pair& pair : object.as_object()) {
    auto& values = query[pair.key.is_string() ? std::string(pair.key.as_string()) : to_json(pair.key)];
    auto all = pair.value.is_string() ? std::span(&pair.value, 1) : elements_of(pair.value);
    bool fits = pair.value.is_string() || pair.value.is_array() || pair.value.is_set();
    for (const Value& value : all) {
      fits = fits && value.is_string();
      if (fits) values.emplace_back(value.as_string());
    }
    if (!fits) return operand_complaint(1, "values must be string, array[string], or set[string]");
  }
  return owned_string(context, go::encode_query(query));
}

BuiltinResult decode_query_object(BuiltinContext& context, Text text) {
  if (!charge_bytes(context, text.size() * 2)) return limit_failure();
  auto query = go::parse_query(text);
  if (!query) return builtin_failure(query.error().message);
  ObjectBuilder out(context.arena);
  for (const auto& [key, values] : *query) {
    ArrayBuilder list(context.arena);
    for (const std::string& value : values) list.add(copy_string(context.arena, value));
    out.add(copy_string(context.arena, key), list.finish());
  }
  return out.finish();
}

constexpr Builtin row(Text name, Text signature, BuiltinFn fn) {
  return declare("encoding", name, signature, fn);
}

constexpr Text kText = "(string) => string";
constexpr Text kTest = "(string) => boolean";

constexpr Builtin kTable[] = {
    row("base64.decode", kText, typed<decode_base64>),
    row("base64.encode", kText, typed<encode_base64<go::Base64::Standard>>),
    row("base64.is_valid", kTest, typed<is_base64>),
    row("base64url.decode", kText, typed<decode_base64url>),
    row("base64url.encode", kText, typed<encode_base64<go::Base64::Url>>),
    row("base64url.encode_no_pad", kText, typed<encode_base64<go::Base64::RawUrl>>),
    row("hex.decode", kText, typed<decode_hex>),
    row("hex.encode", kText, typed<encode_hex>),
    row("json.is_valid", kTest, typed<is_json>),
    row("json.marshal", "(any) => string", typed<marshal>),
    row("json.marshal_with_options",
        "(any, object<indent: string, prefix: string, pretty: boolean>[string: any]) => string",
        typed<marshal_with_options>),
    row("json.unmarshal", "(string) => any", typed<unmarshal>),
    row("urlquery.decode", kText, typed<decode_query>),
    row("urlquery.decode_object", "(string) => object[string: array[string]]", typed<decode_query_object>),
    row("urlquery.encode", kText, typed<encode_query>),
    row("urlquery.encode_object", "(object[string: any<string, array[string], set[string]>]) => string",
        typed<encode_query_object>),
};

}  // namespace

std::span<const Builtin> encoding() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
