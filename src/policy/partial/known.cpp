// What depends on unknowns, and asking the engine for the rest.
#include "policy/partial/known.h"

#include "policy/partial/evaluation.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/print.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::partial {
namespace {

/// Keys that are not known may be anything.
bool may_be_same(const ast::Term& a, const ast::Term& b) {
  return !ast::is_constant(a) || !ast::is_constant(b) || ast::compare(a, b) == 0;
}

/// The words that the expression is written with: each is a keyword only where it is imported.
QueryContext words_of(const ast::Expr& e) {
  bool negation = false, logic = false;
  ast::for_each_expr(e, [&](const ast::Expr& inner) {
    negation = negation || ast::as<ast::Not>(inner) != nullptr;
    logic = logic || ast::as<ast::Logical>(inner) != nullptr;
    return true;
  });
  QueryContext out;
  if (negation) out.imports.emplace_back("future.keywords.not");
  if (logic) out.imports.insert(out.imports.end(), {"future.keywords.and", "future.keywords.or"});
  return out;
}

/// In rules `==` is an equality like any other; in a query `not 1 == data.x` asks for data.x first.
void compare_as_rules_do(ast::Expr& e) {
  ast::for_each_expr(e, [](ast::Expr& inner) {
    auto* call = ast::as<ast::Call>(inner);
    if (call != nullptr && call->arity() == 2 && ast::operator_name(*call) == "equal")
      call->terms.front() = ast::make_operator("eq");
    return true;
  });
}

/// `every x in xs { .. }` has a key that nothing reads, which a query must not declare.
void leave_out_unread(ast::Expr& e) {
  ast::for_each_expr(e, [](ast::Expr& inner) {
    auto* every = ast::as<ast::Every>(inner);
    if (every == nullptr) return true;
    const check::VarSet read = check::vars_of(every->body);
    const auto leave_out = [&](ast::Term& term) {
      const auto* var = ast::as<ast::Var>(term);
      if (var != nullptr && !read.contains(var->name)) term = ast::make_var("$unread", term.span);
    };
    if (every->key) leave_out(**every->key);
    leave_out(*every->value);
    return true;
  });
}

}  // namespace

/// Below an unknown, or above one: then a part of it is unknown.
bool Evaluation::is_unknown(const ast::Ref& ref) const {
  return std::ranges::any_of(unknowns_, [&](const ast::Ref& unknown) {
    if (head_of(ref) != head_of(unknown)) return false;
    for (std::size_t i = 1; i < std::min(ref.terms.size(), unknown.terms.size()); ++i) {
      if (!may_be_same(ref.terms[i], unknown.terms[i])) return false;
    }
    return true;
  });
}

/// A built-in whose result is not that of another time: it is called when the answer is used.
bool Evaluation::is_nondeterministic(const std::string& name) const {
  if (options_.nondeterministic_builtins) return false;
  const Builtin* builtin = find_builtin(name);
  return builtin != nullptr && builtin->nondeterministic;
}

/// A document of rules of which some depend on unknowns.
bool Evaluation::depends(const ast::Ref& ref) const {
  if (head_of(ref) != "data" || !checked_.rules) return false;
  return std::ranges::any_of(checked_.rules->reached_by(ref),
                             [&](const check::RuleAt& at) { return dependent_.contains(at.rule); });
}

void Evaluation::find_dependent_rules() {
  for (bool grown = true; grown;) {
    grown = false;
    for (const ast::Module& module : checked_.modules) {
      for (const ast::Rule& rule : module.rules) {
        if (!dependent_.contains(&rule) && touches_unknown(rule)) grown = dependent_.insert(&rule).second;
      }
    }
  }
}

/// Every answer of a query about what is known, as bindings of its variables.
const std::vector<Bindings>& Evaluation::answers(const std::string& query, const QueryContext& words) {
  const auto [it, added] = known_.try_emplace(query);
  if (!added || error_) return it->second;
  const auto prepared = set_.prepare(query, words, check::QueryTypes::Ignored);
  if (!prepared) {
    error_ = prepared.error().front();
    return it->second;
  }
  const auto found = evaluator_.query(**prepared, JsonInput(input_, set_.input_paths()), options_.limits);
  if (!found) {
    error_.emplace();
    error_->code = found.error().code;
    error_->message = found.error().message;
    return it->second;
  }
  for (const policy::Bindings& each : *found) {
    Bindings& bindings = it->second.emplace_back();
    for (std::size_t i = 0; i < each.variables.size(); ++i) {
      bindings.emplace((*prepared)->variables()[i], term_of(each.variables[i]));
    }
  }
  return it->second;
}

void Evaluation::known_expression(const ast::Expr& e, const Then& then) {
  ast::Expr asked = e;
  asked.generated = false;
  leave_out_unread(asked);
  compare_as_rules_do(asked);
  const std::string text = ast::to_text(asked) + "; true";
  for (const Bindings& each : answers(text, words_of(asked))) {
    if (error_) return;
    std::vector<std::string> added;
    for (const auto& [name, value] : each) {
      if (bound_.emplace(name, value).second) added.push_back(name);
    }
    then();
    for (const std::string& name : added) bound_.erase(name);
  }
}

}  // namespace signalbox::policy::partial
