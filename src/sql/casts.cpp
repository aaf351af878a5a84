// The surprise: "char" keeps one byte of a text, and its cast to a number gives that byte's code; a bit
// string reads as another number; bool keeps whether a number is 0. None of these is followed.
#include "sql/casts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <system_error>
#include <utility>

namespace signalbox::sql {
namespace {

using Kind = Literal::Kind;
using Cast = std::optional<Literal>;

constexpr std::size_t kNameBytes = 63;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return out;
}

Cast to_boolean(const Literal& value) {
  if (value.kind == Kind::Boolean) return value;
  if (value.kind == Kind::Integer) return Literal::of(value.integer != 0);
  if (value.kind != Kind::String) return std::nullopt;
  const std::string word = lower(value.text);
  if (is_one_of(word, {"t", "true", "y", "yes", "on", "1"})) return Literal::of(true);
  if (is_one_of(word, {"f", "false", "n", "no", "off", "0"})) return Literal::of(false);
  return std::nullopt;
}

/// A number, or a text that spells one.
Literal number_in(const Literal& value) {
  if (value.kind == Kind::String) return Literal::number(value.text);
  return value.kind == Kind::Integer || value.kind == Kind::Decimal ? value : Literal::unknown();
}

template <class Real>
Cast to_real(const Literal& value) {
  const Literal number = number_in(value);
  if (number.kind == Kind::Unknown) return std::nullopt;
  const std::string digits = number.kind == Kind::Integer ? std::to_string(number.integer) : number.text;
  Real real = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, real);
  if (at != end || error != std::errc{}) return std::nullopt;
  const Literal held = Literal::real(real);
  return held.kind == Kind::Unknown ? std::nullopt : Cast(held);
}

Cast to_integer(const Literal& value, std::int64_t least, std::int64_t most) {
  Literal number = number_in(value);
  const bool fits = number.kind == Kind::Integer && number.integer >= least && number.integer <= most;
  return fits ? Cast(std::move(number)) : std::nullopt;
}

/// YYYY-MM-DD
bool is_day(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00";
  return std::ranges::equal(text, kForm,
                            [](char c, char form) { return form == '0' ? c >= '0' && c <= '9' : c == form; });
}

Cast to_text(Literal value) {
  if (value.kind == Kind::Integer) return Literal::string(std::to_string(value.integer));
  return value.kind == Kind::String ? Cast(std::move(value)) : std::nullopt;
}

constexpr auto kSizes = std::to_array<std::pair<std::string_view, std::pair<std::int64_t, std::int64_t>>>({
    {"int2", {std::numeric_limits<std::int16_t>::min(), std::numeric_limits<std::int16_t>::max()}},
    {"int4", {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()}},
    {"int8", {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}},
    {"oid", {0, std::numeric_limits<std::int32_t>::max()}},  // beyond, its cast to int4 is negative
});

/// Of these a text is kept as it is written, although PostgreSQL may write it otherwise: no cast is followed
/// from them.
constexpr auto kKeepText =
    std::to_array<std::string_view>({"uuid", "date", "time", "timetz", "timestamp", "timestamptz", "interval",
                                     "json", "jsonb", "inet", "cidr", "bytea", "xml"});

bool is_cast(std::string_view type) {
  return std::ranges::find(kSizes, type, [](const auto& one) { return one.first; }) != kSizes.end() ||
         std::ranges::find(kKeepText, type) != kKeepText.end() ||
         is_one_of(type, {"numeric", "float4", "float8", "bool", "text", "varchar", "bpchar", "name"});
}

Cast onto_parameter(Literal parameter, std::string_view type) {
  if (!is_cast(type)) return std::nullopt;
  if (!parameter.text.empty()) {
    const std::string_view before = std::string_view(parameter.text).substr(parameter.text.rfind(' ') + 1);
    if (std::ranges::find(kKeepText, before) != kKeepText.end() && before != type) return std::nullopt;
    parameter.text += ' ';
  }
  parameter.text += type;
  return parameter;
}

/// From the innermost on, while `next` says true.
template <class Next>
bool each_cast(const Literal& parameter, Next next) {
  std::string_view casts = parameter.text;
  while (!casts.empty()) {
    const std::size_t end = std::min(casts.find(' '), casts.size());
    if (!next(casts.substr(0, end))) return false;
    casts.remove_prefix(std::min(end + 1, casts.size()));
  }
  return true;
}

}  // namespace

Cast cast(Literal value, std::string_view type) {
  if (value.kind == Kind::Parameter) return onto_parameter(std::move(value), type);
  if (value.kind == Kind::Null) return is_cast(type) ? Cast(std::move(value)) : std::nullopt;
  for (const auto& [name, bounds] : kSizes)
    if (name == type) return to_integer(value, bounds.first, bounds.second);
  if (type == "numeric") {
    Literal number = number_in(value);
    return number.kind == Kind::Unknown ? std::nullopt : Cast(std::move(number));
  }
  if (type == "float4") return to_real<float>(value);
  if (type == "float8") return to_real<double>(value);
  if (type == "bool") return to_boolean(value);
  if (type == "text" || type == "varchar") return to_text(std::move(value));
  if (value.kind != Kind::String) return std::nullopt;
  const bool whole = (type == "name" && value.text.size() <= kNameBytes) ||
                     (type == "bpchar" && !value.text.ends_with(' ')) ||
                     std::ranges::find(kKeepText, type) != kKeepText.end();
  return whole ? Cast(std::move(value)) : std::nullopt;
}

bool are_followed(const Literal& parameter, std::string_view type) {
  if (parameter.text.empty()) return true;
  Cast casts = cast(Literal::parameter(parameter.integer), type);
  return casts && each_cast(parameter, [&](std::string_view next) {
           casts = cast(*std::move(casts), next);
           return casts.has_value();
         });
}

Literal cast_as_written(Literal value, const Literal& parameter) {
  Cast out = std::move(value);
  each_cast(parameter, [&](std::string_view type) {
    out = cast(*std::move(out), type);
    return out.has_value();
  });
  return std::move(out).value_or(Literal::unknown());
}

bool reads_the_same_as(const Literal& value, std::string_view type) {
  const auto other = cast(value, type);
  if (!other) return false;
  if (is_one_of(type, {"date", "time", "timetz", "timestamp", "timestamptz", "interval"}))
    return is_day(value.text);  // they drop the hour, or the zone, or turn by one
  const auto text = [](const Literal& one) {
    switch (one.kind) {
      case Kind::Boolean: return std::string(one.boolean ? "true" : "false");
      case Kind::Integer: return std::to_string(one.integer);
      default: return one.text;
    }
  };
  return text(value) == text(*other);
}

}  // namespace signalbox::sql
