// Which variables an expression binds: what unification makes known, keys that a reference walks over,
// outputs of calls.
#include <map>

#include "policy/check/vars.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

bool is_ref_safe(const ast::Ref& ref, const VarSet& safe) {
  const ast::Term& head = ref.terms.front();
  if (const auto* var = ast::as<ast::Var>(head)) return safe.contains(var->name);
  return vars_of(head, kSafetyOptions).is_within(safe);
}

bool is_call_safe(const ast::Term& call, const VarSet& safe) {
  return vars_of(call, kSafetyOptions).is_within(safe);
}

/// Keys that references below `node` walk over, where what they walk is known.
template <class Node>
void add_ref_outputs(const Node& node, const VarSet& safe, VarSet& out) {
  ast::for_each_term(node, [&](const ast::Term& term) {
    if (is_comprehension(term) || ast::as<ast::TemplateString>(term) != nullptr) return false;
    const auto* ref = ast::as<ast::Ref>(term);
    if (ref == nullptr) return true;
    if (!is_ref_safe(*ref, safe)) return false;
    if (!ast::is_ground(*ref)) collect_vars(*ref, {.skip_ref_head = true}, out);
    return true;
  });
}

class Unifier {
 public:
  explicit Unifier(const VarSet& safe) : safe_(safe) {}

  void unify(const ast::Term& a, const ast::Term& b) {
    if (const auto* var = ast::as<ast::Var>(a)) return unify_var(var->name, b);
    if (const auto* ref = ast::as<ast::Ref>(a)) {
      if (is_ref_safe(*ref, safe_)) mark_pattern(b);
    } else if (ast::as<ast::Call>(a) != nullptr) {
      if (is_call_safe(a, safe_)) mark_pattern(b);
    } else if (is_comprehension(a)) {
      mark_comprehension_pattern(a, b);
    } else if (ast::as<ast::Array>(a) != nullptr || ast::as<ast::Object>(a) != nullptr) {
      unify_composite(a, b);
    } else if (const auto* other = ast::as<ast::Var>(b)) {
      mark_safe(other->name);
    }
  }

  VarSet unified;

 private:
  bool is_safe(const std::string& name) const { return safe_.contains(name) || unified.contains(name); }

  void unify_var(const std::string& a, const ast::Term& b) {
    if (const auto* other = ast::as<ast::Var>(b)) {
      if (is_safe(other->name)) {
        mark_safe(a);
      } else if (is_safe(a)) {
        mark_safe(other->name);
      } else {
        unknown_[a].add(other->name);
        unknown_[other->name].add(a);
      }
    } else if (ast::as<ast::Array>(b) != nullptr || ast::as<ast::Object>(b) != nullptr) {
      unify_all(a, b);
    } else if (const auto* ref = ast::as<ast::Ref>(b)) {
      if (is_ref_safe(*ref, safe_)) mark_safe(a);
    } else if (ast::as<ast::Call>(b) != nullptr) {
      if (is_call_safe(b, safe_)) mark_safe(a);
    } else {
      mark_safe(a);
    }
  }

  /// `b` takes a known value apart.
  void mark_pattern(const ast::Term& b) {
    if (const auto* var = ast::as<ast::Var>(b)) {
      mark_safe(var->name);
    } else if (ast::as<ast::Array>(b) != nullptr || ast::as<ast::Object>(b) != nullptr) {
      mark_all_safe(b);
    }
  }

  void mark_comprehension_pattern(const ast::Term& a, const ast::Term& b) {
    if (const auto* var = ast::as<ast::Var>(b)) return mark_safe(var->name);
    const bool arrays = ast::as<ast::ArrayComprehension>(a) != nullptr && ast::as<ast::Array>(b) != nullptr;
    const bool objects =
        ast::as<ast::ObjectComprehension>(a) != nullptr && ast::as<ast::Object>(b) != nullptr;
    if (arrays || objects) mark_all_safe(b);
  }

  void unify_composite(const ast::Term& a, const ast::Term& b) {
    const auto* array = ast::as<ast::Array>(a);
    if (const auto* var = ast::as<ast::Var>(b)) return unify_all(var->name, a);
    if (const auto* ref = ast::as<ast::Ref>(b)) {
      if (is_ref_safe(*ref, safe_)) mark_all_safe(a);
    } else if (ast::as<ast::Call>(b) != nullptr) {
      if (is_call_safe(b, safe_)) mark_all_safe(a);
    } else if (array != nullptr && is_comprehension(b)) {
      mark_all_safe(a);
    } else if (const auto* other = ast::as<ast::Array>(b); array != nullptr && other != nullptr) {
      if (array->items.size() != other->items.size()) return;
      for (std::size_t i = 0; i < array->items.size(); ++i) unify(array->items[i], other->items[i]);
    } else if (const auto* left = ast::as<ast::Object>(a), *right = ast::as<ast::Object>(b);
               left != nullptr && right != nullptr) {
      unify_objects(*left, *right);
    }
  }

  void unify_objects(const ast::Object& a, const ast::Object& b) {
    if (a.items.size() != b.items.size()) return;
    for (const ast::ObjectItem& item : a.items) {
      for (const ast::ObjectItem& other : b.items) {
        if (ast::compare(item.key, other.key) == 0) unify(item.value, other.value);
      }
    }
  }

  static constexpr VarOptions kPattern = {
      .skip_ref_head = true, .skip_object_keys = true, .skip_closures = true};

  void mark_all_safe(const ast::Term& term) {
    for (const auto& name : vars_of(term, kPattern)) mark_safe(name);
  }

  /// `a = [x, y]`: either side makes the other known.
  void unify_all(const std::string& a, const ast::Term& b) {
    if (is_safe(a)) return mark_all_safe(b);
    const VarSet unsafe = vars_of(b, kPattern).without(safe_).without(unified);
    if (unsafe.empty()) return mark_safe(a);
    for (const auto& name : unsafe) unknown_[a].add(name);
  }

  void mark_safe(const std::string& name) {
    unified.add(name);
    // What waited only for `name`, and what `name` was equal to.
    if (const auto it = unknown_.find(name); it != unknown_.end()) {
      const VarSet equal = std::move(it->second);
      unknown_.erase(it);
      for (const auto& other : equal) mark_safe(other);
    }
    std::vector<std::string> ready;
    for (auto& [other, waits_for] : unknown_) {
      if (!waits_for.contains(name)) continue;
      waits_for.remove(name);
      if (waits_for.empty()) ready.push_back(other);
    }
    for (const auto& other : ready) mark_safe(other);
  }

  const VarSet& safe_;
  std::map<std::string, VarSet> unknown_;
};

VarSet outputs_of_call(const ast::Expr& expr, const ast::Call& call, int arity, const VarSet& safe) {
  VarSet out;
  add_ref_outputs(expr, safe, out);
  const std::size_t inputs = static_cast<std::size_t>(arity) + 1;
  if (inputs >= call.terms.size()) return out;
  const VarOptions options = {
      .skip_ref_head = true, .skip_object_keys = true, .skip_closures = true, .skip_sets = true};
  VarSet needed;
  for (std::size_t i = 0; i < inputs; ++i) collect_vars(call.terms[i], options, needed);
  if (!needed.without(out).is_within(safe)) return {};
  for (std::size_t i = inputs; i < call.terms.size(); ++i) collect_vars(call.terms[i], options, out);
  return out;
}

}  // namespace

VarSet unified_vars(const VarSet& safe, const ast::Term& a, const ast::Term& b) {
  Unifier unifier(safe);
  unifier.unify(a, b);
  return std::move(unifier.unified);
}

VarSet output_vars_of_eq(const ast::Expr& expr, const VarSet& safe) {
  const auto& terms = ast::as<ast::Call>(expr)->terms;
  VarSet known;
  add_ref_outputs(expr, safe, known);
  known.add_all(safe);
  if (expr.from_assignment) {
    // The left side of `:=` is an output only: it must not make the right side known.
    for (const auto& name : vars_of(terms[1])) known.remove(name);
  }
  const VarSet unified = unified_vars(known, terms[1], terms[2]);
  known.add_all(unified);
  return known.without(safe);
}

VarSet output_vars(const ast::Expr& expr, const Arity& arity, const VarSet& safe) {
  if (expr.negated || ast::as<ast::Not>(expr) != nullptr) return {};
  for (const ast::With& with : expr.with) {
    if (!vars_of(with, kSafetyOptions).is_within(safe)) return {};
  }
  VarSet out;
  if (const auto* call = ast::as<ast::Call>(expr)) {
    if (is_call_of(expr, "eq")) return output_vars_of_eq(expr, safe);
    const auto* op = ast::as<ast::Ref>(call->op());
    const int arguments = op == nullptr ? -1 : arity(*op);
    return arguments < 0 ? VarSet() : outputs_of_call(expr, *call, arguments, safe);
  }
  if (const auto* every = ast::as<ast::Every>(expr)) {
    add_ref_outputs(*every->domain, safe, out);
  } else if (ast::as<ast::Term>(expr) != nullptr) {
    add_ref_outputs(expr, safe, out);
  }
  return out;
}

VarSet output_vars(const ast::Body& body, const Arity& arity, const VarSet& safe) {
  VarSet known = safe;
  for (const ast::Expr& expr : body) known.add_all(output_vars(expr, arity, known));
  return known.without(safe);
}

}  // namespace signalbox::policy::check
