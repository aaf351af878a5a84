// YAML to values through yaml-cpp's node tree. Numbers keep their text; anchors and merge keys are resolved;
// the number of nodes visited is bounded, because aliases can make a small text an enormous document.
#include "policy/data/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>

#include "policy/value/builder.h"
#include "policy/value/number.h"

namespace signalbox::policy {
namespace {

constexpr std::uint32_t kMaxDepth = 512;
constexpr std::size_t kMaxNodes = 20'000'000;

struct TooLarge {};

/// 0x1F, 0o17, 0b1: Go's YAML reads them as integers.
Value prefixed_integer(Arena& arena, std::string_view text) {
  const int base = text.starts_with("0x") ? 16 : text.starts_with("0o") ? 8 : text.starts_with("0b") ? 2 : 0;
  if (base == 0) return {};
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data() + 2, text.data() + text.size(), value, base);
  return failed == std::errc() && end == text.data() + text.size() ? from_uint64(arena, value) : Value();
}

Value plain_scalar(Arena& arena, const std::string& text) {
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
  explicit Converter(Arena& arena) : arena_(arena) {}

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
  Value scalar(const YAML::Node& node) {
    const std::string& tag = node.Tag();
    const bool plain = tag == "?" || tag.empty();
    if (plain) return plain_scalar(arena_, node.Scalar());
    if (tag == "tag:yaml.org,2002:int" || tag == "tag:yaml.org,2002:float" ||
        tag == "tag:yaml.org,2002:bool") {
      return plain_scalar(arena_, node.Scalar());
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
  std::size_t nodes_ = 0;
};

}  // namespace

std::expected<Value, JsonError> parse_yaml(Arena& arena, std::string_view text) {
  try {
    return Converter(arena).convert(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& e) {
    return std::unexpected(JsonError{e.msg, static_cast<std::size_t>(std::max(e.mark.pos, 0)),
                                     static_cast<std::uint32_t>(e.mark.line + 1),
                                     static_cast<std::uint32_t>(e.mark.column + 1)});
  } catch (const TooLarge&) {
    return std::unexpected(JsonError{"nested too deeply, or too large", 0, 1, 1});
  }
}

}  // namespace signalbox::policy
