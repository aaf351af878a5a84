// glob.match and glob.quote_meta.
#include "policy/builtins/declare.h"
#include "policy/builtins/glob_pattern.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/list.h"
#include "policy/builtins/pattern_cache.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

/// null: nothing delimits; []: a dot does; otherwise one rune each.
Operand<std::u32string> delimiters_operand(const Value& value) {
  static constexpr std::string_view kWanted[] = {"array", "null"};
  if (value.is_null()) return std::u32string();
  if (!value.is_array()) return operand_error(2, kWanted, value);
  std::u32string out;
  for (const Value& element : value.as_array()) {
    if (!element.is_string()) return element_error(2, value, "string", element);
    go::Rune rune = go::decode_rune(element.as_string());
    if (rune.width == 0 || rune.width != element.size()) return element_error(2, value, "rune", element);
    out += rune.value;
  }
  return out.empty() ? std::u32string(U".") : out;
}

BuiltinResult match(BuiltinContext& context, std::span<const Value> args) {
  auto pattern = operand<std::string_view>(args[0], 1);
  if (!pattern) return std::unexpected(pattern.error());
  auto delimiters = delimiters_operand(args[1]);
  if (!delimiters) return std::unexpected(delimiters.error());
  auto text = operand<std::string_view>(args[2], 3);
  if (!text) return std::unexpected(text.error());
  if (!context.meter.charge(1 + pattern->size() / kBytesPerStep)) return limit_failure();
  auto glob = cached_glob(context, *pattern, *delimiters);
  if (!glob) return builtin_failure(glob.error());
  if (!charge_search(context, **glob, *text)) return limit_failure();
  return Value::boolean(matches(**glob, *text));
}

BuiltinResult quote_meta(BuiltinContext& context, std::string_view text) {
  return owned_string(context, quote_glob(text));
}

constexpr Builtin kTable[] = {
    declare("glob", "glob.match", "(string, any<null, array[string]>, string) => boolean", match),
    declare("glob", "glob.quote_meta", "(string) => string", typed<quote_meta>),
};

}  // namespace

std::span<const Builtin> glob() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
