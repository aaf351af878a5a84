// uri.parse and uri.is_valid.
#include "policy/builtins/declare.h"
#include "policy/builtins/go/url.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

BuiltinResult parse(BuiltinContext& context, std::string_view text) {
  if (!charge_bytes(context, text.size() * 2)) return limit_failure();
  auto url = go::parse_url(text);
  if (!url) return builtin_failure(url.error().message);
  ObjectBuilder out(context.arena);
  auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) out.add(key, copy_string(context.arena, value));
  };
  add("scheme", url->scheme);
  add("hostname", url->hostname());
  add("port", url->port());
  add("path", url->path);
  if (!url->path.empty()) add("raw_path", url->raw_path.empty() ? url->path : url->raw_path);
  add("raw_query", url->raw_query);
  add("fragment", url->fragment);
  return out.finish();
}

// The empty text is a valid reference, but OPA refuses it.
BuiltinResult is_valid(BuiltinContext& context, Value text) {
  if (!text.is_string() || text.size() == 0) return kFalse;
  if (!charge_bytes(context, text.size())) return limit_failure();
  return Value::boolean(go::parse_url(text.as_string()).has_value());
}

constexpr Builtin kTable[] = {
    declare("uri", "uri.is_valid", "(string) => boolean", typed<is_valid>),
    declare("uri", "uri.parse", "(string) => object[string: string]", typed<parse>),
};

}  // namespace

std::span<const Builtin> uri() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
