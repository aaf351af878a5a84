// Printing of the tree. The output is a fixed function of the tree: it ignores where things stood in the
// source. The surprise: sets and template strings. `{}` is an object, so an empty set is `set()`; a template
// string prints in the quoted form even when it was written raw, with `{` in its text escaped.
#include "policy/syntax/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace signalbox::policy::ast {
namespace {

constexpr std::array<std::string_view, 15> kKeywords = {"as",    "contains", "default", "else", "every",
                                                        "false", "if",       "import",  "in",   "not",
                                                        "null",  "package",  "some",    "true", "with"};

std::string_view infix_of(std::string_view op) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kInfix = {{{"eq", "="},
                                                                                            {"equal", "=="},
                                                                                            {"neq", "!="},
                                                                                            {"lt", "<"},
                                                                                            {"lte", "<="},
                                                                                            {"gt", ">"},
                                                                                            {"gte", ">="},
                                                                                            {"plus", "+"},
                                                                                            {"minus", "-"},
                                                                                            {"mul", "*"},
                                                                                            {"div", "/"},
                                                                                            {"rem", "%"}}};
  for (const auto& [name, infix] : kInfix) {
    if (name == op) return infix;
  }
  return {};
}

/// Also those that are printed in call form where they may be.
std::string_view any_infix_of(std::string_view op) {
  if (op == "assign") return ":=";
  if (op == "and") return "&";
  if (op == "or") return "|";
  if (op == "internal.member_2" || op == "internal.member_3") return "in";
  return infix_of(op);
}

/// `not.t`, `some.f(1)`, `or.t + 1`: begins with a word that is a name only where an expression begins.
bool led_by_keyword(const Term& t) {
  if (const auto* ref = as<Ref>(t)) {
    const auto* var = as<Var>(ref->terms.front());
    return var != nullptr && (is_keyword(var->name) || var->name == "and" || var->name == "or");
  }
  const auto* call = as<Call>(t);
  if (call == nullptr) return false;
  const bool infix = call->arity() >= 2 && !any_infix_of(operator_name(*call)).empty();
  return led_by_keyword(call->terms[infix ? 1 : 0]);
}

class Printer {
 public:
  std::string take() { return std::move(out_); }

  void term(const Term& t) {
    std::visit([this](const auto& node) { print(node); }, t.node);
  }

  void ref(const Ref& r) {
    term(r.terms.front());
    for (std::size_t i = 1; i < r.terms.size(); ++i) {
      const auto* text = as<String>(r.terms[i]);
      if (text != nullptr && is_identifier(text->value) && !is_keyword(text->value)) {
        out_ += '.' + text->value;
      } else {
        out_ += '[';
        term(r.terms[i]);
        out_ += ']';
      }
    }
  }

  void call(const Call& c) {
    // An operator's name may hold keywords (`internal.member_2` does not, a user's `data.x.not` does): dots
    // are kept.
    out_ += operator_text(c);
    out_ += '(';
    list(c.terms.begin() + 1, c.terms.end());
    out_ += ')';
  }

  void expr(const Expr& e) {
    if (e.negated) out_ += "not ";
    std::visit([this](const auto& node) { print_expr(node); }, e.node);
    for (const With& with : e.with) {
      out_ += " with ";
      term(with.target);
      out_ += " as ";
      term(with.value);
    }
  }

  void body(const Body& b) {
    for (std::size_t i = 0; i < b.size(); ++i) {
      if (i != 0) out_ += "; ";
      expr(b[i]);
    }
  }

  void head(const RuleHead& h, bool contains) {
    if (h.is_function) {
      function_head(h);
    } else {
      ref(h.ref);
    }
    if (h.key) {
      out_ += contains ? " contains " : "[";
      term(*h.key);
      if (!contains) out_ += ']';
    }
    if (h.value && !h.generated_value) {
      out_ += h.assign ? " := " : " = ";
      term(*h.value);
    }
  }

  void rule(const Rule& r, RegoVersion version) {
    const bool v1 = version != RegoVersion::V0;
    if (r.is_default) {
      out_ += "default ";
      head(r.head, true);
      return;
    }
    head(r.head, v1 || r.head.keywords.contains);
    rule_body(r, v1 || r.head.keywords.if_);
    for (const Rule* other = &r; other->otherwise; other = &**other->otherwise) {
      const Rule& next = **other->otherwise;
      out_ += " else";
      if (next.head.value && !next.head.generated_value) {
        out_ += next.head.assign ? " := " : " = ";
        term(*next.head.value);
      }
      rule_body(next, v1 || next.head.keywords.if_);
    }
  }

 private:
  /// `not.t * x = 2` makes a rule of an operator's name, and what a keyword leads has no call form.
  void function_head(const RuleHead& h) {
    const auto* name = h.ref.terms.size() == 1 ? as<Var>(h.ref.terms.front()) : nullptr;
    const bool led = h.args.size() == 2 && led_by_keyword(h.args.front());
    const std::string_view infix = led && name != nullptr ? any_infix_of(name->name) : std::string_view();
    if (!infix.empty()) {
      leading(h.args.front());
      out_ += fmt::format(" {} ", infix);
      return term(h.args.back());
    }
    ref(h.ref);
    out_ += '(';
    list(h.args.begin(), h.args.end());
    out_ += ')';
  }

  void rule_body(const Rule& r, bool with_if) {
    if (r.generated_body) return;
    out_ += with_if ? " if { " : " { ";
    body(r.body);
    out_ += " }";
  }

  template <class It>
  void list(It first, It last) {
    for (It at = first; at != last; ++at) {
      if (at != first) out_ += ", ";
      term(*at);
    }
  }

  std::string operator_text(const Call& c) {
    const auto* name = as<Ref>(c.op());
    if (name == nullptr) return to_text(c.op());
    const bool dotted = std::ranges::all_of(name->terms, [](const Term& part) {
      const auto* text = as<String>(part);
      return text == nullptr ? as<Var>(part) != nullptr : is_identifier(text->value);
    });
    return dotted ? dotted_name(*name) : to_text(*name);
  }

  void print(const Null&) { out_ += "null"; }
  void print(const Boolean& node) { out_ += node.value ? "true" : "false"; }
  void print(const Number& node) { out_ += node.text; }
  void print(const String& node) { out_ += quote(node.value); }
  void print(const Var& node) { out_ += node.is_wildcard() ? "_" : node.name; }
  void print(const Ref& node) { ref(node); }
  void print(const Call& node) { call(node); }

  void print(const Array& node) {
    out_ += '[';
    list(node.items.begin(), node.items.end());
    out_ += ']';
  }

  void print(const Set& node) {
    if (node.items.empty()) {
      out_ += "set()";
      return;
    }
    out_ += '{';
    list(node.items.begin(), node.items.end());
    out_ += '}';
  }

  void print(const Object& node) {
    out_ += '{';
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      if (i != 0) out_ += ", ";
      term(node.items[i].key);
      out_ += ": ";
      term(node.items[i].value);
    }
    out_ += '}';
  }

  void print(const ArrayComprehension& node) {
    out_ += '[';
    comprehension(node.body, [&] { term(*node.term); });
    out_ += ']';
  }
  void print(const SetComprehension& node) {
    out_ += '{';
    comprehension(node.body, [&] { term(*node.term); });
    out_ += '}';
  }
  void print(const ObjectComprehension& node) {
    out_ += '{';
    comprehension(node.body, [&] {
      term(*node.key);
      out_ += ": ";
      term(*node.value);
    });
    out_ += '}';
  }
  template <class Head>
  void comprehension(const Body& b, Head&& print_head) {
    print_head();
    out_ += " | ";
    body(b);
  }

  void print(const TemplateString& node) {
    out_ += "$\"";
    bool after_text = false;  // text next to text was an expression: {"b"} in $"a{"b"}"
    for (const auto& part : node.parts) {
      if (const auto* piece = std::get_if<Box<Term>>(&part)) {
        template_piece(**piece, after_text);
        after_text = !after_text && as<String>(**piece) != nullptr;
      } else {
        after_text = false;
        out_ += '{';
        expr(*std::get<Box<Expr>>(part));
        out_ += '}';
      }
    }
    out_ += '"';
  }

  void template_piece(const Term& piece, bool in_braces) {
    const auto* text = as<String>(piece);
    if (text == nullptr || in_braces) {
      out_ += '{';
      term(piece);
      out_ += '}';
      return;
    }
    const std::string quoted = quote(text->value);
    for (char c : std::string_view(quoted).substr(1, quoted.size() - 2)) {
      if (c == '{') out_ += '\\';
      out_ += c;
    }
  }

  void print_expr(const Term& node) { term(node); }

  void print_expr(const Call& node) {
    if (node.arity() >= 2 && led_by_keyword(node.terms[1])) return leading(node);
    const std::string_view infix = node.arity() == 2 ? infix_of(operator_name(node)) : std::string_view();
    if (infix.empty()) return call(node);  // calls below are printed in call form: no parentheses are needed
    term(node.terms[1]);
    out_ += fmt::format(" {} ", infix);
    term(node.terms[2]);
  }

  /// What a keyword leads has no call form; what stands to the right of an operator has.
  void leading(const Call& node) {
    const std::string_view infix = any_infix_of(operator_name(node));
    if (infix.empty() || node.arity() < 2) return call(node);
    leading(node.terms[1]);
    if (node.arity() == 3) {
      out_ += ", ";
      term(node.terms[2]);
    }
    out_ += fmt::format(" {} ", infix);
    term(node.terms.back());
  }

  void leading(const Term& t) {
    const auto* nested = as<Call>(t);
    nested != nullptr ? leading(*nested) : term(t);
  }

  void print_expr(const SomeDecl& node) {
    out_ += "some ";
    const auto* member = as<Call>(node.symbols.front());
    if (member == nullptr) return list(node.symbols.begin(), node.symbols.end());
    list(member->terms.begin() + 1, member->terms.end() - 1);
    out_ += " in ";
    term(member->terms.back());
  }

  void print_expr(const Every& node) {
    out_ += "every ";
    if (node.key) {
      term(**node.key);
      out_ += ", ";
    }
    term(*node.value);
    out_ += " in ";
    term(*node.domain);
    braces(node.body);
  }

  void print_expr(const Not& node) {
    out_ += "not";
    if (node.explicit_body || node.body.size() != 1) return braces(node.body);
    const Expr& inner = node.body.front();
    const bool group = as<Logical>(inner) != nullptr || as<Not>(inner) != nullptr || !inner.with.empty();
    out_ += ' ';
    grouped(inner, group);
  }

  void print_expr(const Logical& node) {
    operand(node, node.lhs, node.explicit_lhs, false);
    out_ += node.op == LogicalOp::And ? " and" : " or";
    operand(node, node.rhs, node.explicit_rhs, true);
  }

  void operand(const Logical& parent, const Body& b, bool is_explicit, bool right) {
    if (is_explicit || b.size() != 1) {
      out_ += right ? " {" : "{";
      out_ += ' ';
      body(b);
      out_ += " }";
      return;
    }
    // `and` binds tighter than `or`, and both group to the left.
    const Expr& inner = b.front();
    const auto* nested = as<Logical>(inner);
    const bool group =
        !inner.with.empty() || (nested != nullptr && (right || nested->op != parent.op) &&
                                (right ? !(parent.op == LogicalOp::Or && nested->op == LogicalOp::And)
                                       : parent.op == LogicalOp::And));
    if (right) out_ += ' ';
    grouped(inner, group);
  }

  /// In an operand's place braces would open a body: a set or object that leads it is put in parentheses too.
  void grouped(const Expr& inner, bool group) {
    const std::size_t start = out_.size();
    expr(inner);
    if (!group && out_[start] != '{') return;
    out_.insert(start, 1, '(');
    out_ += ')';
  }

  void braces(const Body& b) {
    out_ += " { ";
    body(b);
    out_ += " }";
  }

  std::string out_;
};

}  // namespace

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  return out += '"';
}

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool is_keyword(std::string_view text) {
  return std::ranges::find(kKeywords, text) != kKeywords.end();
}

namespace {
template <class Print>
std::string printed(Print&& print) {
  Printer printer;
  print(printer);
  return printer.take();
}
}  // namespace

std::string to_text(const Term& term) {
  return printed([&](Printer& p) { p.term(term); });
}
std::string to_text(const Ref& ref) {
  return printed([&](Printer& p) { p.ref(ref); });
}
std::string to_text(const Call& call) {
  return printed([&](Printer& p) { p.call(call); });
}
std::string to_text(const Expr& expr) {
  return printed([&](Printer& p) { p.expr(expr); });
}
std::string to_text(const Body& body) {
  return printed([&](Printer& p) { p.body(body); });
}
std::string to_text(const RuleHead& head) {
  return printed([&](Printer& p) { p.head(head, true); });
}
std::string to_text(const Rule& rule, RegoVersion version) {
  return printed([&](Printer& p) { p.rule(rule, version); });
}

std::string to_text(const Import& import) {
  std::string out = "import " + to_text(import.path);
  if (!import.alias.empty()) out += " as " + import.alias;
  return out;
}

std::string to_text(const Module& module) {
  std::string out = "package ";
  // The path begins with `data`, which a package line leaves out.
  Ref path{{module.package.path.terms.begin() + 1, module.package.path.terms.end()}};
  if (!path.terms.empty()) {
    if (auto* first = as<String>(path.terms.front())) path.terms.front() = make_var(first->value);
    out += to_text(path);
  }
  out += '\n';
  for (const Import& import : module.imports) out += to_text(import) + '\n';
  for (const Rule& rule : module.rules) out += '\n' + to_text(rule, module.version) + '\n';
  return out;
}

}  // namespace signalbox::policy::ast
