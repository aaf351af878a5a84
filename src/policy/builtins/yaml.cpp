// yaml.marshal, yaml.unmarshal, yaml.is_valid.
// The writer lays documents out as go-yaml does: block style, keys in natural order, lists not indented below
// their key.
#include "policy/data/yaml.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "policy/builtins/declare.h"
#include "policy/builtins/go/number.h"
#include "policy/builtins/go/text.h"
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

/// go-yaml's key order: runs of digits compare as numbers, letters come after everything else.
bool key_before(Text a, Text b) {
  std::size_t i = 0;
  bool digits = false;
  for (; i < a.size() && i < b.size() && a[i] == b[i]; ++i) digits = is_digit(a[i]);
  if (i == a.size() || i == b.size()) return a.size() < b.size();
  auto letter = [](char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; };
  if (letter(a[i]) && letter(b[i])) return a[i] < b[i];
  if (letter(a[i]) || letter(b[i])) return digits ? letter(a[i]) : letter(b[i]);
  auto number = [&](Text text) {
    std::size_t end = i;
    while (end < text.size() && is_digit(text[end])) ++end;
    return std::pair(end - i, text.substr(i, end - i));
  };
  if (is_digit(a[i]) && is_digit(b[i])) {
    auto x = number(a), y = number(b);
    if (x != y) return x < y;
  }
  return a[i] < b[i];
}

/// Whether a plain scalar would be read back as something else than this text.
bool reads_as_other(BuiltinContext& context, Text text) {
  static constexpr Text kWords[] = {"y",     "Y",     "n",     "N",    "yes",  "Yes",   "YES",   "no",
                                    "No",    "NO",    "on",    "On",   "ON",   "off",   "Off",   "OFF",
                                    "<<",    "=",     ".inf",  ".Inf", ".INF", "+.inf", "+.Inf", "+.INF",
                                    "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN"};
  if (text.empty() || std::ranges::find(kWords, text) != std::end(kWords)) return true;
  if (!is_digit(text[0]) && Text("+-.~nNtTfF").find(text[0]) == Text::npos) return false;
  if (!go::parse_float_problem(text)) return true;
  std::string digits;
  for (char c : text)
    if (c != '_') digits += c;
  bool base60 = text.find(':') != Text::npos && text.find_first_not_of("0123456789:.+-_") == Text::npos;
  bool date = text.size() >= 8 && is_digit(text[0]) && is_digit(text[3]) && text[4] == '-';
  auto value = parse_yaml(context.arena, digits);
  return base60 || date || (value && !value->is_string());
}

/// Whether the text can stand bare in block style.
bool plain_allowed(Text text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (text.starts_with("---") || text.starts_with("...")) return false;
  if (Text("#,[]{}&*!|>'\"%@`").find(text[0]) != Text::npos) return false;
  if (Text("?:-").find(text[0]) != Text::npos && (text.size() == 1 || text[1] == ' ' || text[0] != '-'))
    return false;
  return text.find(": ") == Text::npos && text.find(" #") == Text::npos;
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

class Writer {
 public:
  explicit Writer(BuiltinContext& context) : context_(context) {}
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

  BuiltinContext& context_;
  std::string out_;
};

std::string Writer::text(Text value, std::size_t indent, bool key) {
  bool other = reads_as_other(context_, value);
  bool lines = value.find('\n') != Text::npos;
  if (!printable(value) || (key && lines)) return double_quoted(value);
  if (lines) {
    if (value.front() == ' ' || value.find(" \n") != Text::npos ||
        value.find_first_not_of('\n') == Text::npos)
      return double_quoted(value);
    std::string out = value.ends_with("\n\n") ? "|+" : value.ends_with('\n') ? "|" : "|-";
    for (Text line : go::split(value.ends_with('\n') ? value.substr(0, value.size() - 1) : value, "\n"))
      out += line.empty() ? "\n" : "\n" + std::string(indent, ' ') + std::string(line);
    return out;
  }
  if (other) return double_quoted(value);
  if (plain_allowed(value)) return std::string(value);
  return "'" + go::replace_all(value, "'", "''") + "'";
}

std::string Writer::scalar(const Value& value, std::size_t indent) {
  if (value.is_string()) return text(value.as_string(), indent, false);
  if (!value.is_number() || value.is_integer()) return to_json(value);
  const std::string spelled = to_json(value);
  std::uint64_t whole = 0;
  const auto [end, error] = std::from_chars(spelled.data(), spelled.data() + spelled.size(), whole);
  if (error == std::errc{} && end == spelled.data() + spelled.size()) return spelled;
  double real = to_double(value);
  if (std::floor(real) == real && std::fabs(real) < 9.2e18) return go::format_float(real, 'f', -1);
  return go::format_float(real, 'g', -1);
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
  Writer writer(context);
  writer.document(value);
  return owned_string(context, writer.take());
}

/// The reader's complaints in go-yaml's words, where they have the same meaning.
std::string complaint(const JsonError& error) {
  constexpr Text kUnsupported = "json: unsupported value: ";
  if (error.message.starts_with(kUnsupported)) {
    const std::string value = error.message.substr(kUnsupported.size());
    return std::string(kUnsupported) + (value.starts_with('-')                               ? "-Inf"
                                        : value.starts_with(".n") || value.starts_with(".N") ? "NaN"
                                                                                             : "+Inf");
  }
  if (error.message == "unknown token") return "yaml: found character that cannot start any token";
  return "yaml: " + error.message;
}

BuiltinResult unmarshal(BuiltinContext& context, Text text) {
  if (!charge_bytes(context, text.size() * 8)) return limit_failure();
  auto value = parse_yaml(context.arena, text, YamlTyping::Go);
  if (!value) return builtin_failure(complaint(value.error()));
  return *value;
}

BuiltinResult is_valid(BuiltinContext& context, Value text) {
  if (!text.is_string()) return kFalse;
  if (!charge_bytes(context, text.size() * 8)) return limit_failure();
  return Value::boolean(parse_yaml(context.arena, text.as_string(), YamlTyping::Go).has_value());
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
