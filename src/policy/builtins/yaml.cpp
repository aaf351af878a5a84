// yaml.marshal, yaml.unmarshal, yaml.is_valid.
// The writer lays documents out as go-yaml does: block style, keys in natural order, lists not indented below
// their key.
#include "policy/data/yaml.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "policy/builtins/declare.h"
#include "policy/builtins/go/number.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/go/time.h"
#include "policy/builtins/json_shape.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"
#include "policy/value/json.h"

namespace signalbox::policy::builtins {
namespace {

using Text = std::string_view;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char32_t rune) {
  return go::is_alphanumeric(rune) && !(rune >= '0' && rune <= '9');
}

std::u32string runes_of(Text text) {
  std::u32string out;
  while (!text.empty()) {
    const go::Rune rune = go::decode_rune(text);
    out += rune.value;
    text.remove_prefix(rune.width);
  }
  return out;
}

/// The run of digits that begins at `at`, without the zeros that lead it where it goes on a number begun
/// before.
std::pair<std::int64_t, std::size_t> number_at(const std::u32string& text, std::size_t at,
                                               std::int64_t start) {
  std::int64_t number = start;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
    number = static_cast<std::int64_t>(static_cast<std::uint64_t>(number) * 10 + (text[at] - '0'));
  return {number, at};
}

/// go-yaml's key order: runs of digits compare as numbers, letters come after everything else.
bool key_before(Text one, Text other) {
  const std::u32string a = runes_of(one), b = runes_of(other);
  const auto digit = [](char32_t rune) { return rune >= '0' && rune <= '9'; };
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] == b[i]) continue;
    const bool letter = is_letter(b[i]);
    if (is_letter(a[i]) && letter) return a[i] < b[i];
    if (is_letter(a[i]) || letter) return letter;
    std::int64_t start = 0;
    if (a[i] == '0' || b[i] == '0') {
      for (std::size_t j = i; j-- > 0 && digit(a[j]) && start == 0;) start = a[j] != '0' ? 1 : 0;
    }
    const auto x = number_at(a, i, start), y = number_at(b, i, start);
    return x != y ? x < y : a[i] < b[i];
  }
  return a.size() < b.size();
}

/// 017, 0x1F, -0b1, 1_000: as strconv.ParseInt reads it with base 0.
bool is_integer_text(Text text) {
  std::string plain;
  for (char c : text)
    if (c != '_') plain += c;
  Text digits = plain;
  if (digits.starts_with('+') || digits.starts_with('-')) digits.remove_prefix(1);
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char mark = static_cast<char>(digits[1] | 32);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    digits.remove_prefix(is_digit(digits[1]) ? 1 : 2);
    if (base == 8 && mark != 'o' && !is_digit(mark)) return false;
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (plain[0] == '-' && value > std::uint64_t{1} << 63) return false;
  return error == std::errc{} && end == digits.data() + digits.size();
}

/// Digits with an optional fraction and exponent, as YAML has them.
bool is_float_text(Text text) {
  std::string plain;
  for (char c : text)
    if (c != '_') plain += c;
  const bool decimal = plain.find_first_not_of("0123456789+-.eE") == Text::npos;
  return decimal && plain.find_first_of("0123456789") < plain.find_first_of("eE") &&
         !go::parse_float_problem(plain);
}

bool is_date_text(Text text) {
  if (text.size() < 8 || text.find_first_not_of("0123456789") != 4 || text[4] != '-') return false;
  static constexpr Text kLayouts[] = {"2006-1-2T15:4:5.999999999Z07:00", "2006-1-2t15:4:5.999999999Z07:00",
                                      "2006-1-2 15:4:5.999999999", "2006-1-2"};
  return std::ranges::any_of(kLayouts, [&](Text layout) { return go::parse_time(layout, text).has_value(); });
}

/// Whether a plain scalar would be read back as something else than this text.
bool reads_as_other(Text text) {
  static constexpr Text kWords[] = {"y",     "Y",     "yes",   "Yes",   "YES",   "true", "True", "TRUE",
                                    "on",    "On",    "ON",    "n",     "N",     "no",   "No",   "NO",
                                    "false", "False", "FALSE", "off",   "Off",   "OFF",  "~",    "null",
                                    "Null",  "NULL",  ".nan",  ".NaN",  ".NAN",  ".inf", ".Inf", ".INF",
                                    "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};
  if (text.empty() || std::ranges::find(kWords, text) != std::end(kWords)) return true;
  if (text[0] == '.') return !go::parse_float_problem(text);
  if (!is_digit(text[0]) && text[0] != '+' && text[0] != '-') return false;
  const bool base60 = text.find(':') != Text::npos && text.find_first_not_of("0123456789:.+-_") == Text::npos;
  return base60 || is_date_text(text) || is_integer_text(text) || is_float_text(text);
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// Whether the text can stand bare in block style.
bool plain_allowed(Text text) {
  if (text.empty()) return true;
  if (text.front() == ' ' || text.back() == ' ') return false;
  if (text.starts_with("---") || text.starts_with("...")) return false;
  if (Text("#,[]{}&*!|>'\"%@`").find(text[0]) != Text::npos) return false;
  for (Text line_break : {"\u0085", "\u2028", "\u2029"})
    if (text.find(line_break) != Text::npos) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool last = i + 1 == text.size() || is_blank(text[i + 1]);
    if (last && (text[i] == ':' || (i == 0 && (text[i] == '?' || text[i] == '-')))) return false;
    if (text[i] == '#' && i > 0 && is_blank(text[i - 1])) return false;
  }
  return true;
}

bool printable(Text text) {
  while (!text.empty()) {
    go::Rune rune = go::decode_rune(text);
    char32_t r = rune.value;
    bool shown = r == '\n' || (r >= 0x20 && r <= 0x7E) || r == 0x85 || (r >= 0xA0 && r <= 0xD7FF) ||
                 (r >= 0xE000 && r <= 0xFFFD && r != 0xFEFF);  // what is beyond, go-yaml escapes
    if (!shown || rune.invalid()) return false;
    text.remove_prefix(rune.width);
  }
  return true;
}

std::string double_quoted(Text text) {
  static constexpr Text kLetters = "0abtnvfre\"\\";
  std::string out = "\"";
  while (!text.empty()) {
    go::Rune rune = go::decode_rune(text);
    static constexpr Text kNames{"\0\a\b\t\n\v\f\r\x1b\"\\", 11};
    auto named = rune.value < 0x80 ? kNames.find(static_cast<char>(rune.value)) : Text::npos;
    if (named != Text::npos) {
      out.append("\\").append(1, kLetters[named]);
    } else if (rune.value == 0x85 || rune.value == 0xA0 || rune.value == 0x2028 || rune.value == 0x2029) {
      out += rune.value == 0x85 ? "\\N" : rune.value == 0xA0 ? "\\_" : rune.value == 0x2028 ? "\\L" : "\\P";
    } else if (printable(text.substr(0, rune.width))) {
      out += text.substr(0, rune.width);
    } else {
      static constexpr char kHex[] = "0123456789ABCDEF";
      int digits = rune.value < 0x100 ? 2 : rune.value < 0x10000 ? 4 : 8;
      out.append("\\").append(digits == 2 ? "x" : digits == 4 ? "u" : "U");
      for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += kHex[rune.value >> shift & 15];
    }
    text.remove_prefix(rune.width);
  }
  return out + "\"";
}

/// OPA has go-yaml read the value's JSON before it writes it, and JSON leaves these as they are.
bool unreadable(char32_t r) {
  return r == 0x7F || (r >= 0x80 && r < 0xA0 && r != 0x85) || r == 0xFFFE || r == 0xFFFF;
}

/// The text as go-yaml reads it: U+0085 is a line break there, which a quoted text folds.
std::string read_back(Text text) {
  constexpr Text kBreak = "\u0085";
  std::string out;
  for (std::size_t at = 0; (at = text.find(kBreak)) != Text::npos;) {
    out += text.substr(0, at);
    out.erase(out.find_last_not_of(' ') + 1);
    std::size_t breaks = 0;
    while (text.substr(at).starts_with(kBreak)) {
      ++breaks;
      at = std::min(text.find_first_not_of(' ', at + kBreak.size()), text.size());
    }
    breaks == 1 ? out += ' ' : out.append(breaks - 1, '\n');
    text.remove_prefix(at);
  }
  return out += text;
}

/// What go-yaml says of a value's JSON, where it cannot read it.
std::optional<Text> reading_problem(const Value& value) {
  constexpr Text kNoKey = "yaml: line 1: did not find expected ',' or '}'";
  const auto among = [](std::span<const Value> values) {
    std::optional<Text> problem;
    for (std::size_t i = 0; i < values.size() && !problem; ++i) problem = reading_problem(values[i]);
    return problem;
  };
  if (value.is_string()) {
    for (Text text = value.as_string(); !text.empty();) {
      const go::Rune rune = go::decode_rune(text);
      if (unreadable(rune.value)) return "yaml: control characters are not allowed";
      text.remove_prefix(rune.width);
    }
    return std::nullopt;
  }
  if (!value.is_object())
    return value.is_array() || value.is_set() ? among(elements_of(value)) : std::nullopt;
  for (const Pair& pair : value.as_object()) {
    const Value both[] = {pair.key, pair.value};
    if (auto problem = among(both)) return problem;
    if (pair.key.is_string() && pair.key.as_string().find("\u0085") != Text::npos) return kNoKey;
  }
  return std::nullopt;
}

class Writer {
 public:
  std::string take() { return std::move(out_); }

  void document(const Value& value) {
    node(value, 0, Place::Top);
    if (!out_.ends_with('\n')) out_ += '\n';
  }

 private:
  enum class Place { Top, AfterKey, AfterDash };
  void node(const Value& value, std::size_t indent, Place place);
  void mapping(const Value& value, std::size_t indent, Place place);
  void sequence(std::span<const Value> elements, std::size_t indent, Place place);
  std::string scalar(const Value& value, std::size_t indent);
  std::string text(Text value, std::size_t indent, bool key);
  void pad(std::size_t indent) { out_.append(indent, ' '); }

  std::string out_;
};

std::string Writer::text(Text value, std::size_t indent, bool key) {
  const bool other = reads_as_other(value);
  const bool lines = value.find('\n') != Text::npos;
  if (!printable(value) || (key && lines)) return double_quoted(value);
  if (lines) {
    if (value.ends_with(' ') || value.find(" \n") != Text::npos) return double_quoted(value);
    std::string out = value.front() == ' ' || value.front() == '\n' ? "|2" : "|";
    out += value.ends_with("\n\n") || value == "\n" ? "+" : value.ends_with('\n') ? "" : "-";
    for (Text line : go::split(value.ends_with('\n') ? value.substr(0, value.size() - 1) : value, "\n"))
      out += line.empty() ? "\n" : "\n" + std::string(indent, ' ') + std::string(line);
    return out;
  }
  if (other) return double_quoted(value);
  if (plain_allowed(value)) return std::string(value);
  return "'" + go::replace_all(value, "'", "''") + "'";
}

std::string Writer::scalar(const Value& value, std::size_t indent) {
  if (value.is_string()) return text(read_back(value.as_string()), indent, false);
  const std::string spelled = to_json(value);
  if (spelled == "-0") return "0";
  if (!value.is_number() || is_integer_text(spelled)) return spelled;
  const double number = to_double(value);
  return std::isinf(number) ? spelled : go::format_float(number, 'g', -1);  // what no float holds is a text
}

void Writer::mapping(const Value& value, std::size_t indent, Place place) {
  std::vector<std::pair<std::string, Value>> members;
  for (const Pair& pair : value.as_object())
    members.emplace_back(pair.key.is_string() ? std::string(pair.key.as_string()) : to_json(pair.key),
                         pair.value);
  std::ranges::sort(members, [](const auto& a, const auto& b) { return key_before(a.first, b.first); });
  bool first = true;
  for (const auto& [key, member] : members) {
    if (!first || place == Place::AfterKey) pad(indent);
    first = false;
    out_ += text(key, indent, true) + ":";
    node(member, indent, Place::AfterKey);
  }
}

void Writer::sequence(std::span<const Value> elements, std::size_t indent, Place place) {
  bool first = true;
  for (const Value& element : elements) {
    if (!first || place == Place::AfterKey) pad(indent);
    first = false;
    out_ += "-";
    node(element, indent + 2, Place::AfterDash);
  }
}

void Writer::node(const Value& value, std::size_t indent, Place place) {
  bool collection = value.is_object() || value.is_array() || value.is_set();
  if (collection && value.size() > 0) {
    if (place == Place::AfterKey) out_ += '\n';
    if (place == Place::AfterDash) out_ += ' ';
    if (value.is_object()) return mapping(value, place == Place::AfterKey ? indent + 2 : indent, place);
    return sequence(elements_of(value), indent, place);
  }
  if (place != Place::Top) out_ += ' ';
  std::size_t block = place == Place::AfterDash ? indent : indent + 2;
  out_ += (collection ? (value.is_object() ? "{}" : "[]") : scalar(value, block)) + "\n";
}

BuiltinResult marshal(BuiltinContext& context, Value value) {
  if (!charge_value(context, value)) return limit_failure();
  if (const auto problem = reading_problem(value)) return builtin_failure(std::string(*problem));
  Writer writer;
  writer.document(value);
  return owned_string(context, writer.take());
}

BuiltinResult unmarshal(BuiltinContext& context, Text text) {
  if (!charge_bytes(context, text.size() * 8)) return limit_failure();
  auto value = parse_yaml(context.arena, text);
  if (!value) return builtin_failure(value.error().message);
  return *value;
}

BuiltinResult is_valid(BuiltinContext& context, Value text) {
  if (!text.is_string()) return kFalse;
  if (!charge_bytes(context, text.size() * 8)) return limit_failure();
  return Value::boolean(parse_yaml(context.arena, text.as_string()).has_value());
}

constexpr Builtin kTable[] = {
    declare("encoding", "yaml.is_valid", "(string) => boolean", typed<is_valid>),
    declare("encoding", "yaml.marshal", "(any) => string", typed<marshal>),
    declare("encoding", "yaml.unmarshal", "(string) => any", typed<unmarshal>),
};

}  // namespace

std::span<const Builtin> yaml() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
