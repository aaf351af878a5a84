// Partial evaluation of bodies. An expression that touches nothing unknown is asked of the engine; any other
// is taken apart as far as it goes, and what cannot be decided is saved with everything known filled in.
#include "policy/partial/evaluation.h"

#include <algorithm>

#include "policy/partial/known.h"
#include "policy/partial/touches.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/parse.h"
#include "policy/value/json.h"

namespace signalbox::policy::partial {
namespace {

constexpr std::uint32_t kDeepest = 300;
constexpr std::size_t kMostQueries = 100'000;

ast::Ref parsed_ref(const std::string& text) {
  const auto parsed = ast::parse_ref(ast::make_source("unknown", text));
  return parsed ? *parsed : ast::Ref{{ast::make_var(text)}};
}

}  // namespace

Evaluation::Evaluation(const PolicySet& set, const check::CheckedModules& checked,
                       const PartialOptions& options)
    : set_(set), checked_(checked), options_(options) {
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
  body(b, 0, [&] {
    if (out.size() >= kMostQueries) steps_ = options_.limits.steps;
    ast::Body made = finished(saved_);
    for (const std::string& name : variables) {
      const auto value = bound_.find(name);
      if (value == bound_.end()) continue;
      ast::Expr answer;
      answer.node =
          ast::Call{{ast::make_operator("eq"), ast::make_var(name), substitute(value->second, bound_)}};
      made.push_back(std::move(answer));
    }
    const bool repeated =
        std::ranges::any_of(out, [&](const ast::Body& other) { return ast::compare(other, made) == 0; });
    if (!repeated) out.push_back(std::move(made));
  });
  // A body without conditions makes every other superfluous.
  const auto always = std::ranges::find_if(out, [](const ast::Body& each) { return each.empty(); });
  if (always != out.end()) out = {{}};
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
  touches_unknown(e) ? unknown_expression(e, then) : known_expression(e, then);
}

void Evaluation::unknown_expression(const ast::Expr& e, const Then& then) {
  if (!e.with.empty()) return save(e, then);
  if (e.negated) {
    ast::Expr plain = e;
    plain.negated = false;
    return negation({plain}, then);
  }
  if (const auto* t = ast::as<ast::Term>(e)) {
    const ast::Term truth = ast::make_bool(true);
    const auto* ref = ast::as<ast::Ref>(*t);
    const auto take = [&](const ast::Term& value) {
      if (ast::is_constant(value)) {
        const auto* boolean = ast::as<ast::Boolean>(value);
        if (boolean == nullptr || boolean->value) then();
        return;
      }
      ast::Expr rest = e;
      rest.node = value;
      save(std::move(rest), then);
    };
    return ref != nullptr ? reference(*ref, &truth, take) : term(*t, take);
  }
  if (const auto* c = ast::as<ast::Call>(e)) return call(e, *c, then);
  if (const auto* inner = ast::as<ast::Not>(e)) return negation(inner->body, then);
  if (const auto* logical = ast::as<ast::Logical>(e)) {
    if (logical->op == ast::LogicalOp::And) {
      return body(logical->lhs, 0, [&] { body(logical->rhs, 0, then); });
    }
    body(logical->lhs, 0, then);
    return body(logical->rhs, 0, then);
  }
  save(e, then);
}

void Evaluation::call(const ast::Expr& e, const ast::Call& c, const Then& then) {
  const std::string name = ast::operator_name(c);
  if ((name == "eq" || name == "equal") && c.arity() == 2) return equate(c.terms[1], c.terms[2], e, then);
  std::vector<ast::Term> values;
  const std::vector<ast::Term> operands(c.terms.begin() + 1, c.terms.end());
  const auto function = functions_.find(name);
  const std::size_t arity =
      function == functions_.end() ? operands.size() : function->second.front().rule->head.args.size();
  const std::vector<ast::Term> inputs(
      operands.begin(), operands.begin() + static_cast<std::ptrdiff_t>(std::min(arity, operands.size())));
  terms(inputs, values, [&] {
    if (function != functions_.end()) {
      return inline_function(name, values, [&](const ast::Term& result) {
        if (operands.size() > arity) return unify(operands.back(), result, then);
        ast::Expr rest = e;
        rest.node = result;
        expression(rest, then);
      });
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

/// Holds when no way of the body does. What each way leaves to be true is denied: a single condition by
/// `not`, several by a support rule.
void Evaluation::negation(const ast::Body& negated, const Then& then) {
  std::vector<ast::Expr> outer;
  outer.swap(saved_);
  std::vector<ast::Body> ways;
  body(negated, 0, [&] { ways.push_back(finished(saved_)); });
  saved_.swap(outer);
  if (error_ || std::ranges::any_of(ways, [](const ast::Body& way) { return way.empty(); })) return;
  const std::function<void(std::size_t)> deny = [&](std::size_t at) {
    if (at == ways.size()) return then();
    const ast::Body& way = ways[at];
    const auto names = variables_in(way.front());
    const bool single =
        way.size() == 1 && !way.front().negated && way.front().with.empty() &&
        std::ranges::all_of(names, [&](const auto& name) { return unknown_vars_.contains(name); });
    ast::Expr e = way.front();
    if (!single) e = negation_rule(way);
    e.negated = true;
    save(std::move(e), [&] { deny(at + 1); });
  };
  deny(0);
}

namespace {

/// The checker gives every `every` a key; one that nothing reads is written `_`.
void drop_unread_keys(ast::Expr& e) {
  auto* every = ast::as<ast::Every>(e);
  if (every == nullptr || !every->key) return;
  const auto* key = ast::as<ast::Var>(**every->key);
  const bool read = key == nullptr || std::ranges::any_of(every->body, [&](const ast::Expr& inner) {
                      return variables_in(inner).contains(key->name);
                    });
  if (!read) **every->key = ast::make_var("_");
}

}  // namespace

/// What stays to be true. Its variables are bound by it from here on.
void Evaluation::save(ast::Expr e, const Then& then) {
  if (!step()) return;
  drop_unread_keys(e);
  refer_to_support(e);
  const std::set<std::string> names = variables_in(e);
  for (const std::string& name : names) unknown_vars_.insert(name);
  saved_.push_back(std::move(e));
  then();
  saved_.pop_back();
  for (const std::string& name : names) unknown_vars_.erase(unknown_vars_.find(name));
}

ast::Body finished(const std::vector<ast::Expr>& saved) {
  const auto mentions = [](const ast::Expr& expr, const ast::Term& wanted) {
    if (expr.negated || expr.generated || !expr.with.empty()) return false;
    if (ast::as<ast::Term>(expr) == nullptr && ast::as<ast::Call>(expr) == nullptr) return false;
    return mentions_term(expr, wanted);
  };
  ast::Body out;
  for (std::size_t i = 0; i < saved.size(); ++i) {
    const auto* marker = ast::as<ast::Term>(saved[i]);
    const bool implied =
        marker != nullptr && saved[i].generated &&
        std::ranges::any_of(saved, [&](const ast::Expr& other) { return mentions(other, *marker); });
    const bool repeated =
        std::ranges::any_of(out, [&](const ast::Expr& other) { return ast::compare(other, saved[i]) == 0; });
    if (implied || repeated) continue;
    out.push_back(saved[i]);
  }
  for (ast::Expr& expr : out) {
    // A reference that need only be defined may be false: `_ = ref`.
    if (!expr.generated) continue;
    const ast::Term* marker = ast::as<ast::Term>(expr);
    if (marker == nullptr) continue;
    expr.node = ast::Call{{ast::make_operator("eq"), ast::make_var("_"), *marker}};
    expr.generated = false;
  }
  return out;
}

}  // namespace signalbox::policy::partial
