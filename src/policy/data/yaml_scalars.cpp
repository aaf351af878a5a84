// Scalars as go-yaml v2 resolves them (resolve.go), and what they become on their way through Go's JSON.
#include "policy/data/yaml_scalars.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <span>

#include "policy/builtins/go/codec.h"
#include "policy/builtins/go/number.h"
#include "policy/value/builder.h"
#include "policy/value/number.h"

namespace signalbox::policy {
namespace {

constexpr std::string_view kStandard = "tag:yaml.org,2002:";

constexpr std::string_view kTrueWords[] = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                           "True", "TRUE", "on",  "On",  "ON"};
constexpr std::string_view kFalseWords[] = {"n",     "N",     "no",  "No",  "NO", "false",
                                            "False", "FALSE", "off", "Off", "OFF"};

bool is_one_of(std::string_view text, std::span<const std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

/// An integer as Go's ParseInt with base 0 reads it: 0x1F, 0o17, 017, 0b1. Undefined when it is none, or one
/// beyond 64 bits.
Value integer(Arena& arena, std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char letter = static_cast<char>(text[1] | 32);
    base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
    text.remove_prefix(letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1);
  }
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || failed != std::errc() || end != text.data() + text.size()) return {};
  if (!negative) return from_uint64(arena, value);
  return value <= INT64_MAX ? Value::integer(-static_cast<std::int64_t>(value)) : Value();
}

/// [-+]?(.[0-9]+|[0-9]+(.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_float(std::string_view text) {
  const auto digits = [&] {
    std::size_t count = 0;
    while (!text.empty() && text[0] >= '0' && text[0] <= '9') text.remove_prefix(1), ++count;
    return count;
  };
  const auto sign = [&] {
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  };
  sign();
  const std::size_t whole = digits();
  std::size_t fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = digits();
  }
  if (whole + fraction == 0) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    sign();
    if (digits() == 0) return false;
  }
  return text.empty();
}

/// What the number becomes on its way through Go's float64 and JSON: 1.0 is 1.
Value float_value(Arena& arena, std::string_view text) {
  const double value = std::strtod(std::string(text).c_str(), nullptr);
  const double magnitude = std::fabs(value);
  constexpr double kLeastPlain = 1e-6, kMostPlain = 1e21;
  const bool plain = magnitude == 0 || (magnitude >= kLeastPlain && magnitude < kMostPlain);
  return parse_number(arena, go::format_float(value, plain ? 'f' : 'e', -1));
}

/// Infinities and what is no number: Go reads them, JSON cannot say them.
std::string_view unspeakable(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF") return negative ? "-Inf" : "+Inf";
  return text == ".nan" || text == ".NaN" || text == ".NAN" ? "NaN" : "";
}

}  // namespace

std::expected<YamlScalar, std::string> yaml_resolve(Arena& arena, const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return YamlScalar{"!!null", Value::null()};
  if (is_one_of(text, kTrueWords)) return YamlScalar{"!!bool", kTrue};
  if (is_one_of(text, kFalseWords)) return YamlScalar{"!!bool", kFalse};
  if (const auto name = unspeakable(text); !name.empty())
    return std::unexpected(fmt::format("json: unsupported value: {}", name));
  if (std::string_view("+-.0123456789").contains(text[0])) {
    std::string digits;
    std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != '_'; });
    if (const Value number = integer(arena, digits)) return YamlScalar{"!!int", number};
    if (is_float(digits))
      if (const Value number = float_value(arena, digits)) return YamlScalar{"!!float", number};
  }
  return YamlScalar{"!!str", copy_string(arena, text)};
}

std::expected<Value, std::string> yaml_plain(Arena& arena, const std::string& text) {
  auto found = yaml_resolve(arena, text);
  if (!found) return std::unexpected(std::move(found.error()));
  return found->value;
}

std::expected<Value, std::string> yaml_tagged(Arena& arena, std::string_view tag, const std::string& text) {
  const std::string_view name = tag.starts_with(kStandard) ? tag.substr(kStandard.size()) : "";
  if (name == "binary") {
    const auto bytes = go::base64_decode(text);
    if (!bytes) return std::unexpected("yaml: !!binary value contains invalid base64 data");
    return copy_string(arena, *bytes);
  }
  if (name != "int" && name != "float" && name != "bool" && name != "null") return copy_string(arena, text);
  auto found = yaml_resolve(arena, text);
  if (!found) return std::unexpected(found.error());
  const std::string_view type = found->type.substr(2);
  if (type == name || (name == "float" && type == "int")) return found->value;
  return std::unexpected(fmt::format("yaml: cannot decode {} `{}` as a !!{}", found->type, text, name));
}

}  // namespace signalbox::policy
