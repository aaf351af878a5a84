// The signatures of built-ins, read: "(any<array[string], set[string]>, string) => string".
#include <array>
#include <utility>

#include "policy/check/type.h"

namespace signalbox::policy::check {
namespace {

constexpr std::array<std::pair<std::string_view, TypeKind>, 4> kScalars = {{{"null", TypeKind::Null},
                                                                            {"boolean", TypeKind::Boolean},
                                                                            {"number", TypeKind::Number},
                                                                            {"string", TypeKind::String}}};

class SignatureReader {
 public:
  explicit SignatureReader(std::string_view text) : text_(text) {}

  Type read(bool variadic) {
    Type out;
    out.kind = TypeKind::Function;
    if (take("(")) {
      while (!take(")") && !text_.empty()) {
        out.parts.push_back(type());
        take("...");
        take(",");
      }
    }
    if (take("=>")) out.rest = type();
    if (variadic && !out.parts.empty()) {
      out.variadic = out.parts.back();
      out.parts.pop_back();
    }
    return out;
  }

 private:
  void skip_space() {
    while (text_.starts_with(' ')) text_.remove_prefix(1);
  }
  bool take(std::string_view word) {
    skip_space();
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  std::string_view word() {
    skip_space();
    const auto end = std::min(text_.find_first_of("<>[](),:?. "), text_.size());
    const std::string_view out = text_.substr(0, end);
    text_.remove_prefix(end);
    return out;
  }

  TypePtr type() {
    const std::string_view name = word();
    for (const auto& [known, kind] : kScalars)
      if (known == name) return scalar_type(kind);
    if (name == "array") return array();
    if (name == "object") return object();
    if (name == "set") {
      if (!take("[")) return set_type(any_type());
      TypePtr members = type();
      take("]");
      return set_type(std::move(members));
    }
    TypePtr out;
    if (!take("<")) return any_type();
    while (!take(">") && !text_.empty()) {
      out = either(out, type());
      take(",");
    }
    return out == nullptr ? any_type() : out;
  }

  TypePtr array() {
    std::vector<TypePtr> parts;
    if (take("<")) {
      while (!take(">") && !text_.empty()) {
        parts.push_back(type());
        take(",");
      }
    }
    if (!take("[")) return array_type(std::move(parts), nullptr);
    TypePtr rest = type();
    take("]");
    return array_type(std::move(parts), std::move(rest));
  }

  TypePtr object() {
    std::vector<Property> properties;
    if (take("<")) {
      while (!take(">") && !text_.empty()) {
        std::string name(word());
        take("?");
        take(":");
        properties.push_back({ast::make_string(std::move(name)), type()});
        take(",");
      }
    }
    if (!take("[")) return object_type(std::move(properties));
    TypePtr key = type();
    take(":");
    TypePtr value = type();
    take("]");
    return object_type(std::move(properties), std::move(key), std::move(value));
  }

  std::string_view text_;
};

}  // namespace

TypePtr function_type(std::string_view signature, bool variadic) {
  return std::make_shared<const Type>(SignatureReader(signature).read(variadic));
}

}  // namespace signalbox::policy::check
