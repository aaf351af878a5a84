// text/template's built-in functions over Datum.
// The surprise: numbers of the data are json.Number, a kind of string, so `eq .n 1` is an error in Go, and is
// one here.
#include "policy/builtins/go/template/functions.h"

#include <algorithm>

#include "policy/builtins/go/sprintf.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/go/url.h"

namespace signalbox::policy::go::tmpl {
namespace {

using Args = std::span<const Datum>;
using Answer = std::expected<Datum, std::string>;
using Kind = Datum::Kind;

std::unexpected<std::string> complain(std::string text) {
  return std::unexpected(std::move(text));
}

Answer kept(BuiltinContext& context, std::string_view text) {
  if (!fits(context, text.size())) return complain(std::string(kLimitHit));
  return Datum::string(context.arena.copy(text));
}

std::string printed(const Datum& datum) {
  std::string out;
  datum.print(out);
  return out;
}

/// fmt.Sprint: a space between operands of which neither is a string.
std::string sprint(Args args) {
  std::string out;
  bool text_before = false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (i > 0 && !text_before && !args[i].is_textual()) out += ' ';
    text_before = args[i].is_textual();
    args[i].print(out);
  }
  return out;
}

/// What html, js and urlquery work on: sprint, where what is missing says so.
std::string argument_text(Args args) {
  std::string out;
  bool text_before = false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    // An absent value is the text "<no value>" here, and a string to Sprint.
    const bool absent = args[i].kind == Kind::Invalid || args[i].kind == Kind::Nil;
    const bool textual = absent || args[i].is_textual();
    if (i > 0 && !text_before && !textual) out += ' ';
    text_before = textual;
    absent ? out.append("<no value>") : out.append(printed(args[i]));
  }
  return out;
}

// Printing.

Answer print(BuiltinContext& context, Args args) {
  return kept(context, sprint(args));
}

Answer println(BuiltinContext& context, Args args) {
  std::string out;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (i != 0) out += ' ';
    args[i].print(out);
  }
  return kept(context, out + "\n");
}

FormatArgument format_argument(const Datum& datum) {
  FormatArgument out;
  switch (datum.kind) {
    case Kind::Bool:
      out.kind = FormatArgument::Kind::Boolean;
      out.integer = datum.flag ? 1 : 0;
      break;
    case Kind::Int:
    case Kind::Byte:
      out.kind = FormatArgument::Kind::Integer;
      out.integer = datum.integer;
      break;
    case Kind::Float:
      out.kind = FormatArgument::Kind::Float;
      out.real = datum.real;
      break;
    case Kind::Invalid:
    case Kind::Missing:
    case Kind::Nil: out.kind = FormatArgument::Kind::Nil; return out;
    default: out.text = printed(datum); break;
  }
  out.type = datum.type_name();
  return out;
}

Answer printf(BuiltinContext& context, Args args) {
  std::vector<FormatArgument> values;
  for (const Datum& arg : args.subspan(1)) values.push_back(format_argument(arg));
  std::string out;
  const auto room = [&](std::size_t bytes) { return fits(context, bytes); };
  if (!go::sprintf(out, args[0].text, std::move(values), room)) return complain(std::string(kLimitHit));
  return kept(context, out);
}

// Escaping.

Answer html(BuiltinContext& context, Args args) {
  std::string out;
  for (char c : argument_text(args)) {
    switch (c) {
      case '\0': out += "\uFFFD"; break;
      case '"': out += "&#34;"; break;
      case '\'': out += "&#39;"; break;
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return kept(context, out);
}

void append_js(std::string& out, const Rune& rune, std::string_view bytes) {
  constexpr std::string_view kEscaped = "\\'\"", kCoded = "<>&=";
  static constexpr char kHex[] = "0123456789ABCDEF";
  const char32_t c = rune.value;
  if (c < 0x80 && kEscaped.contains(static_cast<char>(c))) {
    out.append("\\").append(bytes);
  } else if (c < ' ' || (c < 0x80 && kCoded.contains(static_cast<char>(c)))) {
    out.append("\\u00").append(1, kHex[c >> 4]).append(1, kHex[c & 15]);
  } else if (c < 0x80 || (is_printable(c) && !rune.invalid())) {
    out += bytes;
  } else if (rune.invalid()) {
    out += bytes;
  } else {
    out += "\\u";
    std::string digits;
    for (char32_t rest = c; rest != 0; rest >>= 4) digits.insert(digits.begin(), kHex[rest & 15]);
    out += std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
  }
}

Answer js(BuiltinContext& context, Args args) {
  const std::string text = argument_text(args);
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const Rune rune = decode_rune(rest);
    append_js(out, rune, rest.substr(0, rune.width));
    rest.remove_prefix(rune.width);
  }
  return kept(context, out);
}

Answer urlquery(BuiltinContext& context, Args args) {
  return kept(context, url_escape(argument_text(args), UrlPart::QueryComponent));
}

// Collections.

std::expected<std::size_t, std::string> position(const Datum& index, std::size_t capacity) {
  switch (index.kind) {
    case Kind::Int:
    case Kind::Byte: break;
    case Kind::Invalid:
    case Kind::Nil: return complain("cannot index slice/array with nil");
    default: return complain("cannot index slice/array with type " + std::string(index.type_name()));
  }
  if (index.integer < 0 || static_cast<std::size_t>(index.integer) > capacity)
    return complain("index out of range: " + std::to_string(index.integer));
  return static_cast<std::size_t>(index.integer);
}

Answer index_one(const Datum& item, const Datum& index) {
  if (item.kind == Kind::Nil || item.kind == Kind::Invalid) return complain("index of nil pointer");
  if (item.kind == Kind::Map) {
    if (index.kind == Kind::Invalid || index.kind == Kind::Nil)
      return complain("value is nil; should be of type string");
    if (index.kind != Kind::String)
      return complain("value has type " + std::string(index.type_name()) + "; should be string");
    const Value found = item.value.at(index.text);
    return found ? Datum::of(found, true) : Datum::nil(true);
  }
  if (item.kind != Kind::List && !item.is_textual())
    return complain("can't index item of type " + std::string(item.type_name()));
  const std::string text = item.is_textual() ? printed(item) : "";
  const std::size_t size = item.is_textual() ? text.size() : item.size();
  auto at = position(index, size);
  if (!at) return complain(at.error());
  if (*at == size)
    return complain(item.is_textual() ? "reflect: string index out of range"
                                      : "reflect: slice index out of range");
  if (item.kind == Kind::List) return Datum::of(item.value.as_array()[*at], true);
  return Datum{.kind = Kind::Byte, .integer = static_cast<unsigned char>(text[*at])};
}

Answer index(BuiltinContext&, Args args) {
  Datum item = args[0].unboxed();
  if (!item.is_valid()) return complain("index of untyped nil");
  for (const Datum& arg : args.subspan(1)) {
    auto next = index_one(item.boxed && item.kind == Kind::Nil ? Datum::nil(false) : item, arg.unboxed());
    if (!next) return next;
    item = *next;
  }
  return item;
}

Answer slice(BuiltinContext& context, Args args) {
  const Datum item = args[0].unboxed();
  if (!item.is_valid()) return complain("slice of untyped nil");
  const std::size_t count = args.size() - 1;
  if (count > 3) return complain("too many slice indexes: " + std::to_string(count));
  if (item.is_textual() && count == 3) return complain("cannot 3-index slice a string");
  if (item.kind != Kind::List && !item.is_textual())
    return complain("can't slice item of type " + std::string(item.type_name()));
  const std::string text = item.is_textual() ? printed(item) : "";
  const std::size_t size = item.is_textual() ? text.size() : item.size();
  std::size_t bounds[3] = {0, size, size};
  for (std::size_t i = 0; i < count; ++i) {
    // Unlike index, slice does not look into an interface.
    if (args[i + 1].boxed) return complain("cannot index slice/array with type interface {}");
    auto at = position(args[i + 1], size);
    if (!at) return complain(at.error());
    bounds[i] = *at;
  }
  for (std::size_t i = 0; i < (count == 3 ? 2 : 1); ++i)
    if (bounds[i] > bounds[i + 1])
      return complain("invalid slice index: " + std::to_string(bounds[i]) + " > " +
                      std::to_string(bounds[i + 1]));
  if (item.is_textual())
    return kept(context, std::string_view(text).substr(bounds[0], bounds[1] - bounds[0]));
  return Datum::of(Value::array(item.value.as_array().subspan(bounds[0], bounds[1] - bounds[0])), false);
}

Answer len(BuiltinContext&, Args args) {
  const Datum& item = args[0];
  if (item.kind == Kind::Nil || (item.boxed && !item.is_valid())) return complain("len of nil pointer");
  if (item.kind == Kind::List || item.kind == Kind::Map || item.kind == Kind::String)
    return Datum::number(static_cast<std::int64_t>(item.size()));
  if (item.kind == Kind::Number) return Datum::number(static_cast<std::int64_t>(printed(item).size()));
  if (!item.is_valid()) return complain("reflect: call of reflect.Value.Type on zero Value");
  return complain("len of type " + std::string(item.type_name()));
}

// Comparison.

enum class Basic : std::uint8_t { None, Bool, Int, Uint, Float, String };

Basic basic_kind(const Datum& datum) {
  switch (datum.kind) {
    case Kind::Bool: return Basic::Bool;
    case Kind::Int: return Basic::Int;
    case Kind::Byte: return Basic::Uint;
    case Kind::Float: return Basic::Float;
    case Kind::String:
    case Kind::Number: return Basic::String;
    default: return Basic::None;
  }
}

bool are_integers(Basic a, Basic b) {
  return (a == Basic::Int || a == Basic::Uint) && (b == Basic::Int || b == Basic::Uint);
}

std::string incompatible(const Datum& a, const Datum& b) {
  return "incompatible types for comparison: " + std::string(a.type_name()) + " and " +
         std::string(b.type_name());
}

std::expected<bool, std::string> equal(const Datum& a, const Datum& b) {
  const Basic left = basic_kind(a), right = basic_kind(b);
  if (are_integers(left, right)) return a.integer == b.integer;
  if (left != right) {
    if (a.is_valid() && b.is_valid()) return complain(incompatible(a, b));
    return false;
  }
  switch (left) {
    case Basic::Bool: return a.flag == b.flag;
    case Basic::Float: return a.real == b.real;
    case Basic::String: return printed(a) == printed(b);
    default: break;
  }
  if (!a.is_valid() || !b.is_valid()) return a.is_valid() == b.is_valid();
  if (a.kind != b.kind)
    return complain("non-comparable types " + printed(a) + ": " + std::string(a.type_name()) + ", " +
                    std::string(b.type_name()) + ": " + printed(b));
  return complain("non-comparable type " + printed(b) + ": " + std::string(b.type_name()));
}

std::expected<bool, std::string> less(const Datum& a, const Datum& b) {
  const Basic left = basic_kind(a), right = basic_kind(b);
  if (left == Basic::None || right == Basic::None) return complain("invalid type for comparison");
  if (are_integers(left, right)) return a.integer < b.integer;
  if (left != right) return complain(incompatible(a, b));
  if (left == Basic::Bool) return complain("invalid type for comparison");
  return left == Basic::Float ? a.real < b.real : printed(a) < printed(b);
}

std::expected<bool, std::string> less_or_equal(const Datum& a, const Datum& b) {
  auto first = less(a, b);
  return !first || *first ? first : equal(a, b);
}

Answer truth_of(const std::expected<bool, std::string>& answer, bool negate = false) {
  if (!answer) return complain(answer.error());
  return Datum::boolean(*answer != negate);
}

Answer eq(BuiltinContext&, Args args) {
  if (args.size() < 2) return complain("missing argument for comparison");
  const Datum first = args[0].unboxed();
  for (const Datum& arg : args.subspan(1)) {
    auto same = equal(first, arg.unboxed());
    if (!same || *same) return truth_of(same);
  }
  return Datum::boolean(false);
}
Answer ne(BuiltinContext&, Args a) {
  return truth_of(equal(a[0].unboxed(), a[1].unboxed()), true);
}
Answer lt(BuiltinContext&, Args a) {
  return truth_of(less(a[0].unboxed(), a[1].unboxed()));
}
Answer le(BuiltinContext&, Args a) {
  return truth_of(less_or_equal(a[0].unboxed(), a[1].unboxed()));
}
Answer gt(BuiltinContext&, Args a) {
  return truth_of(less_or_equal(a[0].unboxed(), a[1].unboxed()), true);
}
Answer ge(BuiltinContext&, Args a) {
  return truth_of(less(a[0].unboxed(), a[1].unboxed()), true);
}
Answer not_(BuiltinContext&, Args args) {
  return Datum::boolean(!args[0].unboxed().truth());
}

constexpr Function kFunctions[] = {
    {"eq", 1, true, false, false, eq},       {"ge", 2, false, false, false, ge},
    {"gt", 2, false, false, false, gt},      {"html", 0, true, false, true, html},
    {"index", 1, true, false, false, index}, {"js", 0, true, false, true, js},
    {"le", 2, false, false, false, le},      {"len", 1, false, false, false, len},
    {"lt", 2, false, false, false, lt},      {"ne", 2, false, false, false, ne},
    {"not", 1, false, false, false, not_},   {"print", 0, true, false, true, print},
    {"printf", 1, true, true, true, printf}, {"println", 0, true, false, true, println},
    {"slice", 1, true, false, false, slice}, {"urlquery", 0, true, false, true, urlquery},
};

}  // namespace

const Function* find_function(std::string_view name) {
  const auto* found = std::ranges::find(kFunctions, name, &Function::name);
  return found == std::end(kFunctions) ? nullptr : found;
}

bool fits(BuiltinContext& context, std::size_t bytes) {
  constexpr std::size_t kBytesPerStep = 64;
  return context.meter.charge(1 + bytes / kBytesPerStep) && context.meter.fits(bytes);
}

}  // namespace signalbox::policy::go::tmpl
