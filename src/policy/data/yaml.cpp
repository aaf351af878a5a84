// YAML to values through yaml-cpp's node tree. Numbers keep their text; anchors and merge keys are resolved;
// the number of nodes visited is bounded, because aliases can make a small text an enormous document.
#include "policy/data/yaml.h"

#include <yaml-cpp/yaml.h>

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

constexpr std::uint32_t kMaxDepth = 512;
constexpr std::size_t kMaxNodes = 20'000'000;

struct TooLarge {};
/// YAML that has no JSON form.
struct NotJson {
  std::string message;
};

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

/// Plain scalars have the types that YAML 1.1 gives them, as in go-yaml.
Value go_scalar(Arena& arena, const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return Value::null();
  if (is_one_of(text, kTrueWords)) return kTrue;
  if (is_one_of(text, kFalseWords)) return kFalse;
  if (std::string_view("+-.0123456789").contains(text[0])) {
    std::string digits;
    std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != '_'; });
    if (const Value number = integer(arena, digits)) return number;
    if (is_float(digits))
      if (const Value number = float_value(arena, digits)) return number;
  }
  return copy_string(arena, text);
}

bool is_infinite(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return text == ".inf" || text == ".Inf" || text == ".INF" || text == ".nan" || text == ".NaN" ||
         text == ".NAN";
}

/// 0x1F, 0o17, 0b1: Go's YAML reads them as integers.
Value prefixed_integer(Arena& arena, std::string_view text) {
  const int base = text.starts_with("0x") ? 16 : text.starts_with("0o") ? 8 : text.starts_with("0b") ? 2 : 0;
  if (base == 0) return {};
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data() + 2, text.data() + text.size(), value, base);
  return failed == std::errc() && end == text.data() + text.size() ? from_uint64(arena, value) : Value();
}

/// Plain scalars have the types of the core schema; numbers keep their spelling.
Value core_scalar(Arena& arena, const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return Value::null();
  if (text == "true" || text == "True" || text == "TRUE") return kTrue;
  if (text == "false" || text == "False" || text == "FALSE") return kFalse;
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (const Value number = parse_number(arena, digits)) return number;
  if (const Value number = prefixed_integer(arena, digits)) return number;
  if (digits.size() > 1 && digits.front() == '.' && std::isdigit(static_cast<unsigned char>(digits[1]))) {
    if (const Value number = parse_number(arena, "0" + std::string(digits))) return number;
  }
  if (digits.size() > 1 && digits.ends_with('.')) {
    if (const Value number = parse_number(arena, digits.substr(0, digits.size() - 1))) return number;
  }
  return copy_string(arena, text);
}

class Converter {
 public:
  Converter(Arena& arena, YamlTyping typing) : arena_(arena), go_(typing == YamlTyping::Go) {}

  Value convert(const YAML::Node& node, std::uint32_t depth = 0) {
    if (depth > kMaxDepth || ++nodes_ > kMaxNodes) throw TooLarge{};
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null: return Value::null();
      case YAML::NodeType::Scalar: return scalar(node);
      case YAML::NodeType::Sequence: {
        ArrayBuilder out(arena_);
        for (const auto& item : node) out.add(convert(item, depth + 1));
        return out.finish();
      }
      case YAML::NodeType::Map: return map(node, depth);
    }
    return Value::null();
  }

 private:
  Value typed(const std::string& text) { return go_ ? go_scalar(arena_, text) : core_scalar(arena_, text); }

  Value scalar(const YAML::Node& node) {
    const std::string& tag = node.Tag();
    const bool plain = tag == "?" || tag.empty();
    if (plain && go_ && is_infinite(node.Scalar()))
      throw NotJson{"json: unsupported value: " + node.Scalar()};
    if (plain) return typed(node.Scalar());
    if (go_ && tag == "tag:yaml.org,2002:binary") {
      auto bytes = go::base64_decode(node.Scalar());
      if (!bytes) throw NotJson{"!!binary value contains invalid base64 data"};
      return copy_string(arena_, *bytes);
    }
    if (tag == "tag:yaml.org,2002:int" || tag == "tag:yaml.org,2002:float" ||
        tag == "tag:yaml.org,2002:bool") {
      return typed(node.Scalar());
    }
    return copy_string(arena_, node.Scalar());
  }

  Value map(const YAML::Node& node, std::uint32_t depth) {
    ObjectBuilder out(arena_);
    for (const auto& entry : node) {  // merged keys first: the map's own come later and win
      if (entry.first.IsScalar() && entry.first.Scalar() == "<<" && entry.first.Tag() == "?")
        merge(out, entry.second, depth);
    }
    for (const auto& entry : node) {
      if (entry.first.IsScalar() && entry.first.Scalar() == "<<" && entry.first.Tag() == "?") continue;
      if (go_ && !entry.first.IsScalar()) throw NotJson{"unsupported map key"};
      const Value key = convert(entry.first, depth + 1);
      out.add(key.is_string() ? key : copy_string(arena_, key.is_null() ? "null" : to_json(key)),
              convert(entry.second, depth + 1));
    }
    return out.finish();
  }

  void merge(ObjectBuilder& out, const YAML::Node& from, std::uint32_t depth) {
    if (from.IsSequence()) {
      for (std::size_t i = from.size(); i-- > 0;) merge(out, from[i], depth + 1);
      return;
    }
    const Value merged = convert(from, depth + 1);
    if (!merged.is_object()) return;
    for (const Pair& pair : merged.as_object()) out.add(pair.key, pair.value);
  }

  Arena& arena_;
  bool go_;
  std::size_t nodes_ = 0;
};

}  // namespace

std::expected<Value, JsonError> parse_yaml(Arena& arena, std::string_view text, YamlTyping typing) {
  try {
    return Converter(arena, typing).convert(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& e) {
    return std::unexpected(JsonError{e.msg, static_cast<std::size_t>(std::max(e.mark.pos, 0)),
                                     static_cast<std::uint32_t>(e.mark.line + 1),
                                     static_cast<std::uint32_t>(e.mark.column + 1)});
  } catch (const NotJson& e) {
    return std::unexpected(JsonError{e.message, 0, 1, 1});
  } catch (const TooLarge&) {
    return std::unexpected(JsonError{"nested too deeply, or too large", 0, 1, 1});
  }
}

}  // namespace signalbox::policy
