// Types: reading signatures, printing, and whether two can meet.
#include "policy/check/type.h"

#include <algorithm>
#include <array>

namespace signalbox::policy::check {
namespace {

constexpr std::array<std::pair<std::string_view, TypeKind>, 8> kNames = {{{"any", TypeKind::Any},
                                                                          {"null", TypeKind::Null},
                                                                          {"boolean", TypeKind::Boolean},
                                                                          {"number", TypeKind::Number},
                                                                          {"string", TypeKind::String},
                                                                          {"array", TypeKind::Array},
                                                                          {"object", TypeKind::Object},
                                                                          {"set", TypeKind::Set}}};

class SignatureReader {
 public:
  explicit SignatureReader(std::string_view text) : text_(text) {}

  Signature read() {
    Signature out;
    if (take("(")) {
      while (!take(")") && !text_.empty()) {
        out.arguments.push_back(type());
        take(",");
      }
    }
    if (take("=>")) out.result = type();
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
    std::size_t length = 0;
    while (length < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[length])) != 0 || text_[length] == '_')) {
      ++length;
    }
    const std::string_view out = text_.substr(0, length);
    text_.remove_prefix(length == 0 && !text_.empty() ? 1 : length);
    return out;
  }

  Type type() {
    std::string_view name = word();
    // An argument may be named: "collection: any<...>".
    if (text_.starts_with(':')) {
      text_.remove_prefix(1);
      name = word();
    }
    Type out;
    for (const auto& [known, kind] : kNames) {
      if (known == name) out.kind = kind;
    }
    if (take("<")) list(out);
    if (take("[")) bracket(out);
    return out;
  }

  void list(Type& out) {
    while (!take(">") && !text_.empty()) {
      if (out.kind == TypeKind::Object) {
        word();
        take("?");
        take(":");
        type();
      } else {
        out.parts.push_back(type());
      }
      take(",");
    }
    if (out.kind == TypeKind::Any && !out.parts.empty()) out.kind = TypeKind::Union;
  }

  void bracket(Type& out) {
    if (out.kind == TypeKind::Object) {
      out.keys.push_back(type());
      take(":");
      out.values.push_back(type());
    } else {
      out.dynamic.push_back(type());
    }
    take("]");
  }

  std::string_view text_;
};

const Type& element(const Type& array, std::size_t index) {
  static const Type kAny;
  if (index < array.parts.size()) return array.parts[index];
  return array.dynamic.empty() ? kAny : array.dynamic.front();
}

bool arrays_unify(const Type& a, const Type& b) {
  if (a.dynamic.empty() && b.parts.size() > a.parts.size()) return false;
  if (b.dynamic.empty() && a.parts.size() > b.parts.size()) return false;
  const std::size_t count = std::max(a.parts.size(), b.parts.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (!unifies(element(a, i), element(b, i))) return false;
  }
  return a.dynamic.empty() || b.dynamic.empty() || count > 0 || unifies(a.dynamic.front(), b.dynamic.front());
}

}  // namespace

Signature parse_signature(std::string_view text) {
  return SignatureReader(text).read();
}

bool unifies(const Type& a, const Type& b) {
  if (a.is_any() || b.is_any()) return true;
  const auto meets = [](const Type& one, const Type& other) {
    return std::ranges::any_of(one.parts, [&](const Type& part) { return unifies(part, other); });
  };
  if (a.kind == TypeKind::Union) return meets(a, b);
  if (b.kind == TypeKind::Union) return meets(b, a);
  if (a.kind != b.kind) return false;
  if (a.kind == TypeKind::Array) return arrays_unify(a, b);
  if (a.kind == TypeKind::Set) {
    return a.dynamic.empty() || b.dynamic.empty() || unifies(a.dynamic.front(), b.dynamic.front());
  }
  return true;
}

std::string to_text(const Type& type) {
  const auto join = [](const std::vector<Type>& types) {
    std::string out;
    for (const Type& one : types) out += (out.empty() ? "" : ", ") + to_text(one);
    return out;
  };
  if (type.kind == TypeKind::Union) return "any<" + join(type.parts) + ">";
  std::string out;
  for (const auto& [name, kind] : kNames) {
    if (kind == type.kind) out = name;
  }
  if (type.kind == TypeKind::Array && !type.parts.empty()) out += "<" + join(type.parts) + ">";
  if (!type.dynamic.empty()) out += "[" + to_text(type.dynamic.front()) + "]";
  if (!type.keys.empty()) out += "[" + to_text(type.keys.front()) + ": " + to_text(type.values.front()) + "]";
  return out;
}

}  // namespace signalbox::policy::check
