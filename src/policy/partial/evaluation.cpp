// Partial evaluation of bodies. An expression that touches nothing unknown is asked of the engine; any other
// is taken apart as far as it goes, and what cannot be decided is saved with everything known filled in.
#include "policy/partial/evaluation.h"

#include <algorithm>
#include <ranges>

#include "policy/check/vars.h"
#include "policy/partial/copy_propagation.h"
#include "policy/partial/known.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/parsing.h"
#include "policy/syntax/visit.h"
#include "policy/value/json.h"

namespace signalbox::policy::partial {
namespace {

constexpr std::uint32_t kDeepest = 300;
constexpr std::size_t kMostQueries = 100'000;

ast::Ref parsed_ref(const std::string& text) {
  const auto parsed = ast::parse_ref(ast::make_source("unknown", text));
  return parsed ? *parsed : ast::Ref{{ast::make_var(text)}};
}

/// `[x, 1] = [2, y]`, which needs nothing evaluated. Now that values are filled in it need not look safe:
/// `[[x], 1] = 1` never holds.
bool is_pattern_match(const ast::Expr& e) {
  if (e.negated || !e.with.empty() || !check::is_call_of(e, "eq")) return false;
  const ast::Call& call = *ast::as<ast::Call>(e);
  bool plain = call.arity() == 2;
  for (const ast::Term& term : call.terms | std::views::drop(1)) {
    ast::for_each_term(term, [&](const ast::Term& t) {
      plain = plain && (ast::is_constant(t) || ast::as<ast::Var>(t) != nullptr ||
                        ast::as<ast::Array>(t) != nullptr || ast::as<ast::Object>(t) != nullptr);
      return plain;
    });
  }
  return plain;
}

}  // namespace

Evaluation::Evaluation(const PolicySet& set, const check::CheckedModules& checked,
                       const PartialOptions& options, check::Arity arity)
    : set_(set), checked_(checked), options_(options), arity_(std::move(arity)) {
  for (const std::string& unknown : options.unknowns) unknowns_.push_back(parsed_ref(unknown));
  unknowns_.push_back(parsed_ref("data.partial"));  // support rules
  for (const std::string& path : options.disable_inlining) not_inlined_.push_back(parsed_ref(path));
  if (!options.input.empty()) input_ = parse_json(arena_, options.input).value_or(Value());
  for (const ast::Module& module : checked.modules) {
    for (const ast::Rule& rule : module.rules) {
      if (rule.head.is_function)
        functions_[ast::dotted_name(rule.head.ref)].push_back({&module, const_cast<ast::Rule*>(&rule)});
    }
  }
  find_dependent_rules();
}

bool Evaluation::step() {
  if (error_) return false;
  if (++steps_ <= options_.limits.steps && depth_ < kDeepest) return true;
  error_.emplace();
  error_->code = "eval_cancel_error";
  error_->message = "partial evaluation stopped: limit reached";
  return false;
}

std::vector<ast::Body> Evaluation::query(const ast::Body& b, const std::vector<std::string>& variables) {
  std::vector<ast::Body> out;
  check::VarSet live = check::reserved_vars();
  for (const std::string& name : variables) live.add(name);
  body(b, 0, [&] {
    if (out.size() >= kMostQueries) steps_ = options_.limits.steps;
    ast::Body made = saved_body();
    std::vector<ast::Expr> answers;
    for (const std::string& name : variables) {
      const auto value = bound_.find(name);
      if (value == bound_.end()) continue;
      answers.push_back(equality(ast::make_var(name), substitute(value->second, bound_)));
    }
    std::ranges::sort(answers, [](const auto& x, const auto& y) { return ast::compare(x, y) < 0; });
    std::ranges::move(answers, std::back_inserter(made));
    out.push_back(options_.shallow_inlining ? made : propagate_copies(made, live, arity_));
  });
  for (ast::Body& each : out) show_names(each);
  return out;
}

void Evaluation::body(const ast::Body& b, std::size_t at, const Then& then) {
  if (!step()) return;
  if (at == b.size()) return then();
  expression(b[at], [&] { body(b, at + 1, then); });
}

void Evaluation::expression(const ast::Expr& written, const Then& then) {
  if (!step()) return;
  const ast::Expr e = substitute(written, bound_);
  if (is_pattern_match(e)) {
    const ast::Call& match = *ast::as<ast::Call>(e);
    return unify(match.terms[1], match.terms[2], then);
  }
  touches_unknown(e) ? unknown_expression(e, then) : known_expression(e, then);
}

void Evaluation::unknown_expression(const ast::Expr& e, const Then& then) {
  if (!e.with.empty()) return save(e, then);
  if (e.negated) {
    ast::Expr plain = e;
    plain.negated = false;
    return negation({plain}, nullptr, then);
  }
  if (ast::as<ast::Term>(e) != nullptr) return comparison(e, then);
  if (const auto* c = ast::as<ast::Call>(e)) return call(e, *c, then);
  if (const auto* inner = ast::as<ast::Not>(e)) return negation(inner->body, inner, then);
  save(e, then);
}

/// An expression that is a term: it must not be false.
void Evaluation::comparison(const ast::Expr& e, const Then& then) {
  term(*ast::as<ast::Term>(e), [&](const ast::Term& value) {
    if (ast::is_constant(value)) {
      const auto* boolean = ast::as<ast::Boolean>(value);
      if (boolean == nullptr || boolean->value) then();
      return;
    }
    ast::Expr rest = e;
    rest.node = value;
    save(std::move(rest), then);
  });
}

void Evaluation::call(const ast::Expr& e, const ast::Call& c, const Then& then) {
  const std::string name = ast::operator_name(c);
  if ((name == "eq" || name == "equal") && c.arity() == 2) return equate(c.terms[1], c.terms[2], then);
  std::vector<ast::Term> values;
  const std::vector<ast::Term> operands(c.terms.begin() + 1, c.terms.end());
  const auto function = functions_.find(name);
  const std::size_t arity =
      function == functions_.end() ? operands.size() : function->second.front().rule->head.args.size();
  const std::vector<ast::Term> inputs(
      operands.begin(), operands.begin() + static_cast<std::ptrdiff_t>(std::min(arity, operands.size())));
  terms(inputs, values, [&] {
    if (function != functions_.end()) {
      return call_function({e, name, values, operands.size() > arity ? &operands.back() : nullptr}, then);
    }
    ast::Expr rest = e;
    ast::Call made{{c.terms.front()}};
    made.terms.insert(made.terms.end(), values.begin(), values.end());
    rest.node = std::move(made);
    // Now that its operands are evaluated it may be known after all.
    touches_unknown(rest) ? save(std::move(rest), then) : known_expression(rest, then);
  });
}

void Evaluation::terms(const std::vector<ast::Term>& list, std::vector<ast::Term>& values, const Then& then) {
  if (values.size() == list.size()) return then();
  term(list[values.size()], [&](const ast::Term& value) {
    values.push_back(value);
    terms(list, values, then);
    values.pop_back();
  });
}

/// The forms a term takes: constants, or terms over unknowns.
void Evaluation::term(const ast::Term& written, const Take& take) {
  if (!step()) return;
  const ast::Term t = substitute(written, bound_);
  if (ast::is_constant(t) || ast::as<ast::Var>(t) != nullptr) return take(t);
  if (const auto* ref = ast::as<ast::Ref>(t)) return reference(*ref, nullptr, take);
  std::vector<ast::Term> values;
  if (const auto* array = ast::as<ast::Array>(t)) {
    return terms(array->items, values, [&] { take({ast::Array{values}, t.span}); });
  }
  if (const auto* set = ast::as<ast::Set>(t)) {
    return terms(set->items, values, [&] { take({ast::Set{values}, t.span}); });
  }
  if (const auto* object = ast::as<ast::Object>(t)) {
    std::vector<ast::Term> parts;
    for (const ast::ObjectItem& item : object->items) parts.push_back(item.key), parts.push_back(item.value);
    return terms(parts, values, [&] {
      ast::Object made;
      for (std::size_t i = 0; i < values.size(); i += 2) made.items.push_back({values[i], values[i + 1]});
      take({std::move(made), t.span});
    });
  }
  if (touches_unknown(t)) return take(t);
  // A comprehension over what is known.
  const std::string result = "value__" + std::to_string(++names_);
  ast::Expr ask;
  ask.node = ast::Call{{ast::make_operator("eq"), ast::make_var(result), t}};
  known_expression(ask, [&] { take(ast::Term(bound_.at(result))); });
}

/// What stays to be true. Its variables are bound by it from here on.
void Evaluation::save(ast::Expr e, const Then& then) {
  if (!step()) return;
  const std::set<std::string> names = variables_in(e);
  for (const std::string& name : names) unknown_vars_.insert(name);
  saved_.push_back(std::move(e));
  then();
  saved_.pop_back();
  for (const std::string& name : names) unknown_vars_.erase(unknown_vars_.find(name));
}

/// With everything filled in that has become known since.
ast::Body Evaluation::saved_body() const {
  ast::Body out;
  for (const ast::Expr& expr : saved_) out.push_back(substitute(expr, bound_));
  return out;
}

}  // namespace signalbox::policy::partial
