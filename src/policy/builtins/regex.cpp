// regex.*: Go's regexp on RE2, the same engine family: linear time, same syntax, leftmost-first.
// The surprise: Go reads an invalid byte as U+FFFD and matches it with '.', RE2 does not; such texts are
// repaired first.
#include <re2/re2.h>

#include <iterator>
#include <span>
#include <vector>

#include "policy/builtins/declare.h"
#include "policy/builtins/globs_intersect.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/list.h"
#include "policy/builtins/pattern_cache.h"
#include "policy/builtins/results.h"
#include "policy/builtins/scratch.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

using re2::RE2;
using re2::StringPiece;
using Text = std::string_view;

StringPiece piece(Text text) {
  return {text.data(), text.size()};
}
Text view(const StringPiece& piece) {
  return {piece.data(), piece.size()};
}

/// `text`, or a repaired copy in the arena.
Text readable(BuiltinContext& context, Text text) {
  if (go::is_ascii(text) || go::is_valid_utf8(text)) return text;
  return context.arena.copy(go::to_valid_utf8(text));
}

struct Prepared {
  const RE2* regex;
  Text text;
};

Operand<Prepared> prepare(BuiltinContext& context, Text pattern, Text text) {
  if (!context.meter.charge(1 + pattern.size() / kBytesPerStep)) return limit_failure();
  auto regex = cached_regex(context, pattern);
  if (!regex) return builtin_failure(regex.error());
  if (!charge_search(context, **regex, text)) return limit_failure();
  return Prepared{*regex, readable(context, text)};
}

using Groups = std::span<const StringPiece>;
enum class Captures : std::uint8_t { No, Yes };

/// A match reads on as far as it may have to, and what is behind it is read again for the next.
constexpr std::size_t kReadAgain = 2048;

/// Calls `each` for every match as Go's FindAll does: an empty match right after another one does not count.
/// Stops after `limit` matches (negative: none). False when a limit of the evaluation is hit.
template <class Each>
bool for_each_match(BuiltinContext& context, const Prepared& in, std::int64_t limit, Captures captures,
                    const Each& each) {
  const int captured = captures == Captures::Yes ? in.regex->NumberOfCapturingGroups() : 0;
  StringPiece few[16];
  std::vector<StringPiece> many;
  if (captured >= std::ssize(few)) many.resize(static_cast<std::size_t>(captured) + 1);
  StringPiece* groups = many.empty() ? few : many.data();
  Text text = in.text;
  // Finding groups takes RE2 an order of magnitude longer than finding matches.
  if (captured > 0 && !context.meter.charge(text.size() / 4)) return false;
  std::size_t at = 0;
  std::ptrdiff_t last_end = -1;
  for (std::int64_t found = 0; (limit < 0 || found < limit) && at <= text.size();) {
    if (!context.meter.charge(1 + std::min(text.size() - at, kReadAgain) / kBytesPerStep)) return false;
    if (!in.regex->Match(piece(text), at, text.size(), RE2::UNANCHORED, groups, captured + 1)) break;
    auto start = static_cast<std::size_t>(groups[0].data() - text.data());
    std::size_t end = start + groups[0].size();
    bool counts = true;
    if (end == at) {
      counts = static_cast<std::ptrdiff_t>(start) != last_end;
      at += std::max<std::size_t>(go::decode_rune(text.substr(at)).width, 1);
    } else {
      at = end;
    }
    last_end = static_cast<std::ptrdiff_t>(end);
    if (!counts) continue;
    ++found;
    each(Groups(groups, static_cast<std::size_t>(captured) + 1));
  }
  return true;
}

BuiltinResult match(BuiltinContext& context, Text pattern, Text text) {
  auto in = prepare(context, pattern, text);
  if (!in) return std::unexpected(in.error());
  return Value::boolean(RE2::PartialMatch(piece(in->text), *in->regex));
}

BuiltinResult is_valid(BuiltinContext& context, Value pattern) {
  if (!pattern.is_string()) return kFalse;
  if (!charge_bytes(context, pattern.size())) return limit_failure();
  return Value::boolean(cached_regex(context, pattern.as_string()).has_value());
}

BuiltinResult find_n(BuiltinContext& context, Text pattern, Text text, Int n) {
  auto in = prepare(context, pattern, text);
  if (!in) return std::unexpected(in.error());
  ArrayBuilder found(context.arena);
  if (!for_each_match(context, *in, n.value, Captures::No,
                      [&](Groups g) { found.add(Value::string(view(g[0]))); }))
    return limit_failure();
  return found.finish();
}

BuiltinResult find_all_submatch(BuiltinContext& context, Text pattern, Text text, Int n) {
  auto in = prepare(context, pattern, text);
  if (!in) return std::unexpected(in.error());
  ArrayBuilder found(context.arena);
  auto add = [&](Groups groups) {
    ArrayBuilder parts(context.arena);
    for (const StringPiece& group : groups) parts.add(Value::string(view(group)));
    found.add(parts.finish());
  };
  if (!for_each_match(context, *in, n.value, Captures::Yes, add)) return limit_failure();
  return found.finish();
}

BuiltinResult split(BuiltinContext& context, Text pattern, Text text) {
  auto in = prepare(context, pattern, text);
  if (!in) return std::unexpected(in.error());
  text = in->text;
  ArrayBuilder parts(context.arena);
  if (!pattern.empty() && text.empty()) {
    parts.add(Value::string(""));
    return parts.finish();
  }
  std::size_t begin = 0, last = 0;
  auto cut = [&](Groups groups) {
    last = static_cast<std::size_t>(groups[0].data() - text.data());
    std::size_t end = last + groups[0].size();
    if (end != 0) parts.add(Value::string(text.substr(begin, last - begin)));
    begin = end;
  };
  if (!for_each_match(context, *in, -1, Captures::No, cut)) return limit_failure();
  if (last != text.size()) parts.add(Value::string(text.substr(begin)));
  return parts.finish();
}

/// How many bytes of `text` are letters, digits and underscores of any script.
std::size_t name_length(Text text) {
  std::size_t length = 0;
  while (length < text.size()) {
    const go::Rune rune = go::decode_rune(text.substr(length));
    if (rune.value != '_' && !go::is_alphanumeric(rune.value)) break;
    length += rune.width;
  }
  return length;
}

/// The text of the group a template names by number or name; empty when there is none.
Text group_named(const RE2& regex, Groups groups, Text name) {
  if (name.find_first_not_of("0123456789") == Text::npos && !(name.size() > 1 && name[0] == '0')) {
    std::size_t index =
        name.size() > 4 ? groups.size() : static_cast<std::size_t>(std::stoul(std::string(name)));
    return index < groups.size() ? view(groups[index]) : Text();
  }
  const auto& named = regex.NamedCapturingGroups();
  auto at = named.find(std::string(name));
  return at == named.end() ? Text() : view(groups[static_cast<std::size_t>(at->second)]);
}

/// Regexp.Expand: $1, ${1}, $name, ${name}, $$; a malformed reference stands for itself.
void expand(std::string& out, Text replacement, const RE2& regex, Groups groups) {
  while (!replacement.empty()) {
    std::size_t dollar = replacement.find('$');
    out += replacement.substr(0, dollar);
    if (dollar == Text::npos) return;
    replacement.remove_prefix(dollar + 1);
    if (replacement.starts_with('$')) {
      out += '$';
      replacement.remove_prefix(1);
      continue;
    }
    bool braced = replacement.starts_with('{');
    const std::size_t begin = braced ? 1 : 0, end = begin + name_length(replacement.substr(begin));
    bool closed = !braced || (end < replacement.size() && replacement[end] == '}');
    if (end == begin || !closed) {
      out += '$';
      continue;
    }
    out += group_named(regex, groups, replacement.substr(begin, end - begin));
    replacement.remove_prefix(end + (braced ? 1 : 0));
  }
}

BuiltinResult replace(BuiltinContext& context, Text text, Text pattern, Text replacement) {
  auto in = prepare(context, pattern, text);
  if (!in) return std::unexpected(in.error());
  Scratch scratch;
  std::string& out = scratch.text;
  std::size_t last = 0;
  bool fits = true;
  auto add = [&](Groups groups) {
    auto start = static_cast<std::size_t>(groups[0].data() - in->text.data());
    if (!fits) return;
    out.append(in->text, last, start - last);
    expand(out, replacement, *in->regex, groups);
    last = start + groups[0].size();
    fits = context.meter.fits(out.size());
  };
  if (!for_each_match(context, *in, -1, Captures::Yes, add) || !fits) return limit_failure();
  if (last == 0 && out.empty()) return Value::string(in->text);
  out.append(in->text.substr(last));
  return owned_string(context, out);
}

std::string unbalanced(Text pattern) {
  return "unbalanced braces in " + go::quote(pattern);
}

/// The regular expression of a template "foo:<[0-9]+>": what is between the delimiters is regex, the rest
/// literal.
std::expected<std::string, std::string> template_regex(Text pattern, char open, char close) {
  std::string out = "^";
  int level = 0;
  std::size_t begin = 0, end = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == open) {
      if (++level == 1) begin = i;
    } else if (pattern[i] == close) {
      if (--level < 0) return std::unexpected(unbalanced(pattern));
      if (level > 0) continue;
      std::string part(pattern.substr(begin + 1, i - begin - 1));
      if (auto valid = compile_regex("^" + part + "$"); !valid) return std::unexpected(valid.error());
      out += RE2::QuoteMeta(piece(pattern.substr(end, begin - end))) + "(" + part + ")";
      end = i + 1;
    }
  }
  if (level != 0) return std::unexpected(unbalanced(pattern));
  return out + RE2::QuoteMeta(piece(pattern.substr(end))) + "$";
}

BuiltinResult template_match(BuiltinContext& context, Text pattern, Text text, Text open, Text close) {
  auto length_error = [](Text which, std::size_t length) {
    return builtin_failure(std::string(which) + " delimiter has to be exactly one character long but is " +
                           std::to_string(length) + " long");
  };
  if (open.size() != 1) return length_error("start", open.size());
  if (close.size() != 1) return length_error("end", open.size());  // OPA prints the start's length here too
  auto regex = template_regex(pattern, open[0], close[0]);
  if (!regex) return builtin_failure(regex.error());
  return match(context, *regex, text);
}

BuiltinResult globs_match(BuiltinContext& context, Text left, Text right) {
  if (!charge_bytes(context, (left.size() + right.size()) * 8)) return limit_failure();
  auto result = globs_intersect(left, right, context.meter);
  if (context.meter.hit() != LimitHit::None) return limit_failure();
  if (!result) return builtin_failure(result.error());
  return Value::boolean(*result);
}

constexpr Builtin row(Text name, Text signature, BuiltinFn fn, Traits traits = {}) {
  return declare("regex", name, signature, fn, traits);
}

constexpr Text kTest = "(string, string) => boolean";

constexpr Builtin kTable[] = {
    row("re_match", kTest, typed<match>, {.deprecated = true}),
    row("regex.find_all_string_submatch_n", "(string, string, number) => array[array[string]]",
        typed<find_all_submatch>),
    row("regex.find_n", "(string, string, number) => array[string]", typed<find_n>),
    row("regex.globs_match", kTest, typed<globs_match>),
    row("regex.is_valid", "(string) => boolean", typed<is_valid>),
    row("regex.match", kTest, typed<match>),
    row("regex.replace", "(string, string, string) => string", typed<replace>),
    row("regex.split", "(string, string) => array[string]", typed<split>),
    row("regex.template_match", "(string, string, string, string) => boolean", typed<template_match>),
};

}  // namespace

std::span<const Builtin> regex() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
