// Case files through yaml-cpp: plain scalars have the types of YAML 1.2's core schema, numbers keep their
// spelling, because cases say how numbers are printed. (OPA's own reader, policy/data/yaml.h, does not.)
#include "policy/support/case_yaml.h"

#include <yaml-cpp/yaml.h>

#include <cctype>
#include <charconv>

#include "policy/value/builder.h"
#include "policy/value/number.h"

namespace signalbox::policy::test {
namespace {

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
  explicit Converter(Arena& arena) : arena_(arena) {}

  Value convert(const YAML::Node& node) {
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null: return Value::null();
      case YAML::NodeType::Scalar: return scalar(node);
      case YAML::NodeType::Sequence: {
        ArrayBuilder out(arena_);
        for (const auto& item : node) out.add(convert(item));
        return out.finish();
      }
      case YAML::NodeType::Map: return map(node);
    }
    return Value::null();
  }

 private:
  Value scalar(const YAML::Node& node) {
    const std::string& tag = node.Tag();
    return tag == "?" || tag.empty() ? core_scalar(arena_, node.Scalar())
                                     : copy_string(arena_, node.Scalar());
  }

  Value map(const YAML::Node& node) {
    ObjectBuilder out(arena_);
    for (const auto& entry : node) {
      const Value key = convert(entry.first);
      out.add(key.is_string() ? key : copy_string(arena_, key.is_null() ? "null" : to_json(key)),
              convert(entry.second));
    }
    return out.finish();
  }

  Arena& arena_;
};

}  // namespace

std::expected<Value, std::string> parse_case_yaml(Arena& arena, const std::string& text) {
  try {
    return Converter(arena).convert(YAML::Load(text));
  } catch (const YAML::Exception& e) {
    return std::unexpected(e.what());
  }
}

}  // namespace signalbox::policy::test
