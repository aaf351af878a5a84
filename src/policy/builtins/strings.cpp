// String built-ins. Results that are parts of an operand borrow it; only new text is copied into the arena.
// Positions count runes (code points), not bytes.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "policy/builtins/big_float.h"
#include "policy/builtins/big_integer.h"
#include "policy/builtins/declare.h"
#include "policy/builtins/go/parts.h"
#include "policy/builtins/go/replacer.h"
#include "policy/builtins/go/search.h"
#include "policy/builtins/go/sprintf.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/scratch.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

using Text = std::string_view;

BuiltinResult contains(BuiltinContext& context, Text text, Text part) {
  if (!context.meter.charge(1 + text.size() / kBytesPerStep)) return limit_failure();
  return Value::boolean(go::find_text(text, part) != Text::npos);
}
BuiltinResult startswith(BuiltinContext&, Text text, Text prefix) {
  return Value::boolean(text.starts_with(prefix));
}
BuiltinResult endswith(BuiltinContext&, Text text, Text suffix) {
  return Value::boolean(text.ends_with(suffix));
}

// Already in the wanted case is the common case, and costs no memory.
BuiltinResult lower(BuiltinContext& context, Text text) {
  if (std::ranges::none_of(
          text, [](char c) { return (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80; }))
    return Value::string(text);
  return owned_string(context, go::to_lower(text));
}
BuiltinResult upper(BuiltinContext& context, Text text) {
  if (std::ranges::none_of(
          text, [](char c) { return (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80; }))
    return Value::string(text);
  return owned_string(context, go::to_upper(text));
}

BuiltinResult reverse(BuiltinContext& context, Text text) {
  return owned_string(context, go::reverse(text));
}

BuiltinResult trim(BuiltinContext&, Text text, Text cutset) {
  return Value::string(go::trim_right(go::trim_left(text, cutset), cutset));
}
BuiltinResult trim_left(BuiltinContext&, Text text, Text cutset) {
  return Value::string(go::trim_left(text, cutset));
}
BuiltinResult trim_right(BuiltinContext&, Text text, Text cutset) {
  return Value::string(go::trim_right(text, cutset));
}
BuiltinResult trim_space(BuiltinContext&, Text text) {
  return Value::string(go::trim_space(text));
}
BuiltinResult trim_prefix(BuiltinContext&, Text text, Text prefix) {
  return Value::string(text.starts_with(prefix) ? text.substr(prefix.size()) : text);
}
BuiltinResult trim_suffix(BuiltinContext&, Text text, Text suffix) {
  return Value::string(text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text);
}

BuiltinResult count(BuiltinContext& context, Text text, Text part) {
  if (!context.meter.charge(1 + text.size() / kBytesPerStep)) return limit_failure();
  if (part.empty()) return Value::integer(static_cast<std::int64_t>(go::rune_count(text)) + 1);
  std::int64_t found = 0;
  for (auto at = go::find_text(text, part); at != Text::npos;
       at = go::find_text(text, part, at + part.size()))
    ++found;
  return Value::integer(found);
}

BuiltinResult indexof(BuiltinContext& context, Text text, Text part) {
  if (part.empty()) return builtin_failure("empty search character");
  if (!context.meter.charge(1 + text.size() / kBytesPerStep)) return limit_failure();
  auto at = go::find_text(text, part);
  if (at == Text::npos) return Value::integer(-1);
  return Value::integer(static_cast<std::int64_t>(go::rune_count(text.substr(0, at))));
}

BuiltinResult indexof_n(BuiltinContext& context, Text text, Text part) {
  if (part.empty()) return builtin_failure("empty search character");
  if (!charge_bytes(context, text.size())) return limit_failure();
  ArrayBuilder found(context.arena);
  std::int64_t index = 0;
  for (auto at = go::find_text(text, part); at != Text::npos; at = go::find_text(text, part)) {
    if (!context.meter.charge(1 + part.size() / kBytesPerStep)) return limit_failure();
    std::size_t walked = 0;
    for (; walked < at; ++index) walked += go::decode_rune(text.substr(walked)).width;
    text.remove_prefix(walked);
    if (walked > at) continue;  // within bytes that are read as one
    found.add(Value::integer(index++));
    text.remove_prefix(go::decode_rune(text).width);
  }
  return found.finish();
}

BuiltinResult substring(BuiltinContext& context, Text text, Int start, Int length) {
  if (start.value < 0) return builtin_failure("negative offset");
  if (!context.meter.charge(1 + text.size() / kBytesPerStep)) return limit_failure();
  Text rest = text.substr(go::rune_offset(text, static_cast<std::size_t>(start.value)));
  if (length.value < 0) return Value::string(rest);
  return Value::string(rest.substr(0, go::rune_offset(rest, static_cast<std::size_t>(length.value))));
}

/// The parts, in the arena; nothing when a limit is hit.
std::optional<std::span<const Value>> parts_of(BuiltinContext& context, Text text, Text separator) {
  std::size_t count = 0;
  go::for_each_part(text, separator, [&](Text) { ++count; });
  if (!context.meter.charge(1 + count + text.size() / kBytesPerStep) ||
      !context.meter.fits(count * sizeof(Value)))
    return std::nullopt;
  Value* out = context.arena.allocate_array<Value>(count);
  Value* next = out;
  go::for_each_part(text, separator, [&](Text part) { *next++ = Value::string(part); });
  return std::span<const Value>(out, count);
}

BuiltinResult split(BuiltinContext& context, Text text, Text separator) {
  const auto parts = parts_of(context, text, separator);
  if (!parts) return limit_failure();
  return Value::array(*parts);
}

// n >= 0: the first n parts; n < 0: the last -n.
BuiltinResult split_n(BuiltinContext& context, Text text, Text separator, Int n) {
  const auto parts = parts_of(context, text, separator);
  if (!parts) return limit_failure();
  const auto all = static_cast<std::int64_t>(parts->size());
  if (n.value >= 0) return Value::array(parts->first(static_cast<std::size_t>(std::min(n.value, all))));
  const std::int64_t from = n.value < -all ? 0 : all + n.value;
  return Value::array(parts->subspan(static_cast<std::size_t>(from)));
}

BuiltinResult concat(BuiltinContext& context, Text separator, Value parts) {
  static constexpr Text kSetOrArray[] = {"set", "array"};
  if (!parts.is_array() && !parts.is_set()) return operand_error(2, kSetOrArray, parts);
  auto elements = elements_of(parts);
  std::size_t bytes = elements.empty() ? 0 : separator.size() * (elements.size() - 1);
  for (const Value& element : elements) {
    if (!element.is_string()) return element_error(2, parts, "string", element);
    bytes += element.size();
  }
  if (elements.size() == 1) return elements[0];
  if (!context.meter.charge(elements.size()) || !charge_bytes(context, bytes)) return limit_failure();
  char* out = context.arena.allocate_array<char>(bytes);
  char* at = out;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) at = std::ranges::copy(separator, at).out;
    at = std::ranges::copy(elements[i].as_string(), at).out;
  }
  return Value::string({out, bytes});
}

BuiltinResult replace_all(BuiltinContext& context, Text text, std::span<const go::Replacement> replacements) {
  Scratch scratch;
  std::string& out = scratch.text;
  if (!charge_bytes(context, text.size())) return limit_failure();
  const auto room = [&](std::size_t bytes, std::size_t comparisons) {
    return context.meter.charge(1 + comparisons / 4) && context.meter.fits(bytes);
  };
  if (!go::replace_into(out, text, replacements, room)) return limit_failure();
  return out == text ? BuiltinResult(Value::string(text)) : owned_string(context, out);
}

BuiltinResult replace(BuiltinContext& context, Text text, Text from, Text to) {
  if (!from.empty() && go::find_text(text, from) == Text::npos) return Value::string(text);
  const go::Replacement one[] = {{from, to}};
  return replace_all(context, text, one);
}

BuiltinResult replace_n(BuiltinContext& context, Object patterns, Text text) {
  std::vector<go::Replacement> replacements;
  for (const Pair& pair : patterns.pairs()) {
    if (!pair.key.is_string()) return operand_complaint(1, "non-string key found in pattern object");
    if (!pair.value.is_string()) return operand_complaint(1, "non-string value found in pattern object");
    replacements.push_back({pair.key.as_string(), pair.value.as_string()});
  }
  return replace_all(context, text, replacements);
}

BuiltinResult format_int(BuiltinContext& context, Number number, Number base) {
  static constexpr Text kBases[] = {"2", "8", "10", "16"};
  if (!base.value.is_integer() || std::ranges::find(kBases, number_text(base.value)) == std::end(kBases))
    return operand_complaint(2, "must be one of {2, 8, 10, 16}");
  // Only digits are exact; any other spelling goes through floating point, and its fraction is cut off.
  std::string digits = number_text(number.value);
  if (digits.find_first_of(".eE") != std::string::npos) digits = BigFloat(number.value).truncated().text();
  if (digits == "-0") digits = "0";
  if (base.value.as_integer() == 10) return owned_string(context, digits);
  return owned_string(context, BigInteger(digits).text(static_cast<int>(base.value.as_integer())));
}

Operand<std::vector<Text>> texts_operand(const Value& value, int position) {
  static constexpr Text kWanted[] = {"string", "set", "array"};
  if (value.is_string()) return std::vector{value.as_string()};
  if (!value.is_array() && !value.is_set()) return operand_error(position, kWanted, value);
  std::vector<Text> out;
  out.reserve(value.size());
  for (const Value& element : elements_of(value)) {
    if (!element.is_string()) return element_error(position, value, "string", element);
    out.push_back(element.as_string());
  }
  return out;
}

enum class Edge : std::uint8_t { Prefix, Suffix };

/// Sorted once, each searched text needs one look-up per length of affix: the cost is the sum, not the
/// product.
template <Edge E>
BuiltinResult any_affix_match(BuiltinContext& context, Value of, Value wanted) {
  auto texts = texts_operand(of, 1);
  if (!texts) return std::unexpected(texts.error());
  auto affixes = texts_operand(wanted, 2);
  if (!affixes) return std::unexpected(affixes.error());
  if (!context.meter.charge(1 + texts->size() + affixes->size())) return limit_failure();
  auto has = [](Text text, Text affix) {
    return E == Edge::Prefix ? text.starts_with(affix) : text.ends_with(affix);
  };
  if (texts->size() * affixes->size() <= 64)
    return Value::boolean(std::ranges::any_of(*texts, [&](Text text) {
      return std::ranges::any_of(*affixes, [&](Text affix) { return has(text, affix); });
    }));
  std::ranges::sort(*affixes);
  std::vector<std::size_t> lengths;
  for (Text affix : *affixes) lengths.push_back(affix.size());
  std::ranges::sort(lengths);
  lengths.erase(std::ranges::unique(lengths).begin(), lengths.end());
  for (Text text : *texts) {
    if (!context.meter.charge(1 + lengths.size())) return limit_failure();
    for (std::size_t length : lengths) {
      if (length > text.size()) break;
      Text edge = E == Edge::Prefix ? text.substr(0, length) : text.substr(text.size() - length);
      if (std::ranges::binary_search(*affixes, edge)) return kTrue;
    }
  }
  return kFalse;
}

BuiltinResult sprintf(BuiltinContext& context, Text format, Array arguments) {
  if (!charge_bytes(context, format.size())) return limit_failure();
  Scratch scratch;
  std::string& out = scratch.text;
  auto room = [&](std::size_t bytes) {
    return context.meter.charge(1 + bytes / kBytesPerStep) && context.meter.fits(bytes);
  };
  if (!go::sprintf(out, format, arguments.elements(), room)) return limit_failure();
  return owned_string(context, out);
}

constexpr Builtin row(Text name, Text signature, BuiltinFn fn) {
  return declare("strings", name, signature, fn);
}

constexpr Text kOne = "(string) => string";
constexpr Text kTwo = "(string, string) => string";
constexpr Text kTest = "(string, string) => boolean";
constexpr Text kAffixes =
    "(any<string, array[string], set[string]>, any<string, array[string], set[string]>) => boolean";

constexpr Builtin kTable[] = {
    row("concat", "(string, any<array[string], set[string]>) => string", typed<concat>),
    row("contains", kTest, typed<contains>),
    row("endswith", kTest, typed<endswith>),
    row("format_int", "(number, number) => string", typed<format_int>),
    row("indexof", "(string, string) => number", typed<indexof>),
    row("indexof_n", "(string, string) => array[number]", typed<indexof_n>),
    row("lower", kOne, typed<lower>),
    row("replace", "(string, string, string) => string", typed<replace>),
    row("split", "(string, string) => array[string]", typed<split>),
    row("sprintf", "(string, array[any]) => string", typed<sprintf>),
    row("startswith", kTest, typed<startswith>),
    row("strings.any_prefix_match", kAffixes, typed<any_affix_match<Edge::Prefix>>),
    row("strings.any_suffix_match", kAffixes, typed<any_affix_match<Edge::Suffix>>),
    row("strings.count", "(string, string) => number", typed<count>),
    row("strings.replace_n", "(object[string: string], string) => string", typed<replace_n>),
    row("strings.reverse", kOne, typed<reverse>),
    row("strings.split_n", "(string, string, number) => array[string]", typed<split_n>),
    row("substring", "(string, number, number) => string", typed<substring>),
    row("trim", kTwo, typed<trim>),
    row("trim_left", kTwo, typed<trim_left>),
    row("trim_prefix", kTwo, typed<trim_prefix>),
    row("trim_right", kTwo, typed<trim_right>),
    row("trim_space", kOne, typed<trim_space>),
    row("trim_suffix", kTwo, typed<trim_suffix>),
    row("upper", kOne, typed<upper>),
};

}  // namespace

std::span<const Builtin> strings() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
