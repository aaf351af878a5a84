// Thousands of generated rules differ in constants alone. Their types are inferred once: a shape that has
// been found good is good, and its type is among those of its document already.
#include "policy/check/shape.h"

#include <algorithm>
#include <vector>

namespace signalbox::policy::check {
namespace {

class ShapeWriter {
 public:
  /// Nothing when there is a `with`: what it names are no variables.
  std::optional<std::string> take() { return replaces_ ? std::nullopt : std::optional(std::move(out_)); }

  void term(const ast::Term& term) { std::visit(*this, term.node); }
  void body(const ast::Body& exprs) {
    out_ += '{';
    for (const ast::Expr& one : exprs) expr(one);
    out_ += '}';
  }

  /// A reference whose first part is a name, not a variable: of a function, of the rule itself.
  void path(const ast::Ref& ref) {
    text(ast::as<ast::Var>(ref.terms.front())->name);
    for (std::size_t i = 1; i < ref.terms.size(); ++i) exactly(ref.terms[i]);
    out_ += ';';
  }

  void operator()(const ast::Null&) { out_ += 'z'; }
  void operator()(const ast::Boolean&) { out_ += 'b'; }
  void operator()(const ast::Number&) { out_ += 'n'; }
  void operator()(const ast::String&) { out_ += 's'; }
  void operator()(const ast::Var& var) { variable(var.name); }
  void operator()(const ast::Ref& ref) {
    out_ += 'r';
    for (const ast::Term& part : ref.terms) exactly(part);
    out_ += ';';
  }
  void operator()(const ast::Array& array) { list('[', array.items); }
  void operator()(const ast::Set& set) { list('<', set.items); }
  void operator()(const ast::Object& object) {
    out_ += 'o';
    for (const ast::ObjectItem& item : object.items) exactly(item.key), term(item.value);
    out_ += ';';
  }
  void operator()(const ast::ArrayComprehension& one) { out_ += 'A', term(*one.term), body(one.body); }
  void operator()(const ast::SetComprehension& one) { out_ += 'S', term(*one.term), body(one.body); }
  void operator()(const ast::ObjectComprehension& one) {
    out_ += 'O', term(*one.key), term(*one.value), body(one.body);
  }
  void operator()(const ast::Call& call) {
    out_ += 'c';
    path(*ast::as<ast::Ref>(call.terms.front()));
    for (std::size_t i = 1; i < call.terms.size(); ++i) term(call.terms[i]);
    out_ += ';';
  }
  void operator()(const ast::TemplateString& one) {
    out_ += 't';
    for (const auto& part : one.parts) {
      if (const auto* whole = std::get_if<ast::Box<ast::Term>>(&part)) {
        term(**whole);
      } else {
        expr(*std::get<ast::Box<ast::Expr>>(part));
      }
    }
    out_ += ';';
  }

  void operator()(const ast::Term& one) { term(one); }
  void operator()(const ast::SomeDecl& some) { list('d', some.symbols); }
  void operator()(const ast::Every& every) {
    out_ += 'E';
    if (every.key) term(**every.key);
    term(*every.value), term(*every.domain), body(every.body);
  }
  void operator()(const ast::Not& one) { out_ += 'N', body(one.body); }
  void operator()(const ast::Logical& one) {
    out_ += one.op == ast::LogicalOp::And ? '&' : '|';
    body(one.lhs), body(one.rhs);
  }

 private:
  void expr(const ast::Expr& one) {
    out_ += one.negated ? '!' : '.';
    std::visit(*this, one.node);
    replaces_ = replaces_ || !one.with.empty();
  }

  void list(char mark, const std::vector<ast::Term>& items) {
    out_ += mark;
    for (const ast::Term& item : items) term(item);
    out_ += ';';
  }

  /// Where the constant itself says which member is meant.
  void exactly(const ast::Term& one) {
    if (const auto* string = ast::as<ast::String>(one)) return text(string->value);
    if (const auto* number = ast::as<ast::Number>(one)) return out_ += '#', text(number->text);
    if (const auto* boolean = ast::as<ast::Boolean>(one)) return text(boolean->value ? "+" : "-");
    term(one);
  }

  void text(std::string_view text) {
    out_ += std::to_string(text.size());
    out_ += ':';
    out_ += text;
  }

  void variable(const std::string& name) {
    if (name == "input" || name == "data") return text(name);
    const auto known = std::ranges::find(variables_, name);
    out_ += 'v' + std::to_string(known - variables_.begin()) + ',';
    if (known == variables_.end()) variables_.push_back(name);
  }

  std::string out_;
  bool replaces_ = false;
  std::vector<std::string> variables_;
};

}  // namespace

std::optional<std::string> shape_of(const ast::Module& module, const ast::Rule& rule) {
  if (rule.head.is_function || rule.otherwise) return std::nullopt;
  for (const std::uint32_t number : rule.annotations) {
    if (number >= module.annotations.size() || !module.annotations[number].schemas.empty())
      return std::nullopt;
  }
  ShapeWriter writer;
  writer.path(rule.head.ref);
  if (rule.head.key) writer.term(*rule.head.key);
  if (rule.head.value) writer.term(*rule.head.value);
  writer.body(rule.body);
  return writer.take();
}

}  // namespace signalbox::policy::check
