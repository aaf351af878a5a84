// Small constructors and questions of the tree. Printing is in print.cpp, order and equality in compare.cpp.
#include "policy/syntax/ast.h"

#include <algorithm>

#include "policy/syntax/print.h"

namespace signalbox::policy::ast {

Term make_null(Span span) {
  return {Null{}, span};
}
Term make_bool(bool value, Span span) {
  return {Boolean{value}, span};
}
Term make_number(std::string text, Span span) {
  return {Number{std::move(text)}, span};
}
Term make_string(std::string value, Span span) {
  return {String{std::move(value)}, span};
}
Term make_var(std::string name, Span span) {
  return {Var{std::move(name)}, span};
}
Term make_ref(std::vector<Term> terms, Span span) {
  return {Ref{std::move(terms)}, span};
}
Term make_call(std::vector<Term> terms, Span span) {
  return {Call{std::move(terms)}, span};
}

Term make_operator(std::string_view dotted, Span span) {
  std::vector<Term> terms;
  while (true) {
    const auto dot = dotted.find('.');
    std::string part(dotted.substr(0, dot));
    terms.push_back(terms.empty() ? make_var(std::move(part), span) : make_string(std::move(part), span));
    if (dot == std::string_view::npos) break;
    dotted.remove_prefix(dot + 1);
  }
  return make_ref(std::move(terms), span);
}

std::string_view Import::name() const {
  if (!alias.empty()) return alias;
  const auto* ref = as<Ref>(path);
  if (ref == nullptr) return {};
  const Term& last = ref->terms.back();
  if (const auto* text = as<String>(last)) return text->value;
  if (const auto* var = as<Var>(last)) return var->name;
  return {};
}

std::string dotted_name(const Ref& ref) {
  std::string out;
  for (const Term& term : ref.terms) {
    if (const auto* text = as<String>(term); text != nullptr && !out.empty()) {
      out += '.' + text->value;
    } else if (const auto* var = as<Var>(term); var != nullptr && out.empty()) {
      out += var->name;
    } else {
      out += '[' + to_text(term) + ']';
    }
  }
  return out;
}

std::string operator_name(const Call& call) {
  const auto* ref = as<Ref>(call.op());
  return ref == nullptr ? std::string() : dotted_name(*ref);
}

bool is_constant(const Term& term) {
  return std::visit(
      []<class T>(const T& node) {
        if constexpr (std::is_same_v<T, Array> || std::is_same_v<T, Set>) {
          return std::ranges::all_of(node.items, is_constant);
        } else if constexpr (std::is_same_v<T, Object>) {
          return std::ranges::all_of(node.items, [](const ObjectItem& item) {
            return is_constant(item.key) && is_constant(item.value);
          });
        } else {
          return std::is_same_v<T, Null> || std::is_same_v<T, Boolean> || std::is_same_v<T, Number> ||
                 std::is_same_v<T, String>;
        }
      },
      term.node);
}

bool is_ground(const Ref& ref) {
  return std::all_of(ref.terms.begin() + 1, ref.terms.end(), is_constant);
}

}  // namespace signalbox::policy::ast
