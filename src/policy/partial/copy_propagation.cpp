// Two ways in which a variable goes: it is equal to another variable or to a constant (union-find over the
// body's equalities), or it stands for a reference or call (`removed`), which is put where the variable was.
// The surprise: an equality that was taken out still says that its reference is defined, and may be what
// binds another variable; the last step puts those back that nothing else implies.
#include "policy/partial/copy_propagation.h"

#include <algorithm>
#include <map>
#include <optional>

#include "policy/partial/terms.h"
#include "policy/partial/touches.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::partial {
namespace {

using check::VarSet;

const std::string* name_of(const ast::Term& term) {
  const auto* var = ast::as<ast::Var>(term);
  return var != nullptr ? &var->name : nullptr;
}

bool is_ground(const ast::Term& term) {
  bool ground = true;
  ast::for_each_term(term, [&](const ast::Term& part) {
    if (const auto* ref = ast::as<ast::Ref>(part)) {
      ground = ground && ast::is_ground(*ref);
      return false;
    }
    ground = ground && ast::as<ast::Var>(part) == nullptr;
    return ground;
  });
  return ground;
}

bool is_negative(const ast::Expr& expr) {
  return expr.negated || ast::as<ast::Not>(expr) != nullptr;
}

bool is_equality(const ast::Expr& expr) {
  return check::is_call_of(expr, "eq");
}

/// Variables that are equal to each other, and the constant that they are equal to.
class EqualVariables {
 public:
  explicit EqualVariables(const VarSet& live) : live_(live) {}

  /// False when the equalities contradict each other.
  bool add(const ast::Term& a, const ast::Term& b) {
    const std::string *x = name_of(a), *y = name_of(b);
    if (x != nullptr && y != nullptr) return merge(*x, *y);
    if (x != nullptr && ast::is_constant(b)) return give(*x, b);
    if (y != nullptr && ast::is_constant(a)) return give(*y, a);
    return true;
  }

  /// The variable that stands for the set; null when the variable is in none.
  const std::string* root(const std::string& name) const {
    const auto at = parents_.find(name);
    if (at == parents_.end()) return nullptr;
    return at->second == name ? &at->second : root(at->second);
  }
  const ast::Term* constant(const std::string& root) const {
    const auto at = constants_.find(root);
    return at == constants_.end() ? nullptr : &at->second;
  }
  void forget_constant(const std::string& root) { constants_.erase(root); }

 private:
  std::string made(const std::string& name) {
    parents_.try_emplace(name, name);
    return *root(name);
  }

  bool give(const std::string& name, const ast::Term& constant) {
    const auto [at, added] = constants_.try_emplace(made(name), constant);
    return added || ast::compare(at->second, constant) == 0;
  }

  bool merge(const std::string& a, const std::string& b) {
    std::string upper = made(a), lower = made(b);
    if (upper == lower) return true;
    if (!live_.contains(upper)) std::swap(upper, lower);
    parents_[lower] = upper;
    const auto below = constants_.find(lower);
    if (below == constants_.end()) return true;
    const ast::Term value = below->second;
    constants_.erase(below);
    return give(upper, value);
  }

  const VarSet& live_;
  std::map<std::string, std::string> parents_;
  std::map<std::string, ast::Term> constants_;  ///< by root
};

class Propagation {
 public:
  Propagation(const VarSet& live, const check::Arity& arity) : live_(live), arity_(arity), equal_(live) {}

  ast::Body run(const ast::Body& body) {
    for (const ast::Expr& expr : body) {
      if (!is_equality(expr) || expr.negated || !expr.with.empty()) continue;
      const auto& terms = ast::as<ast::Call>(expr)->terms;
      if (!equal_.add(terms[1], terms[2])) return body;
    }
    collect_heads(body);
    for (const ast::Expr& written : body) {
      ast::Expr expr = plugged(written);
      if (auto* negation = ast::as<ast::Not>(expr)) propagate_inside(*negation, body, written);
      if (stays(expr)) result_.push_back(std::move(expr));
    }
    bind_live();
    return put_back() ? std::move(result_) : body;
  }

 private:
  /// A variable that is taken apart (`x[0]`) keeps its name: a constant or call cannot stand there.
  void collect_heads(const ast::Body& body) {
    ast::for_each_term(body, [&](const ast::Term& term) {
      const auto* ref = ast::as<ast::Ref>(term);
      const std::string* head = ref != nullptr ? name_of(ref->terms.front()) : nullptr;
      if (head == nullptr) return true;
      const std::string* root = equal_.root(*head);
      if (root != nullptr) equal_.forget_constant(*root);
      heads_.add(root != nullptr ? *root : *head);
      return true;
    });
  }

  struct Plug {
    const Propagation& p;
    bool negative;

    bool term(ast::Term& t) {
      if (const std::string* name = name_of(t)) {
        const ast::Span span = t.span;
        t = p.value_of(*name, negative);
        t.span = span;
        if (name_of(t) == nullptr) ast::walk_children(t, *this);
        return false;
      }
      auto* ref = ast::as<ast::Ref>(t);
      if (ref == nullptr) return true;
      p.plug_head(*ref, negative);
      for (std::size_t i = 1; i < ref->terms.size(); ++i) ast::walk(ref->terms[i], *this);
      return false;
    }
  };

  ast::Expr plugged(ast::Expr expr) const {
    Plug plug{*this, is_negative(expr)};
    ast::walk(expr, plug);
    return expr;
  }

  ast::Term value_of(const std::string& name, bool negative) const {
    const std::string* root = equal_.root(name);
    if (root != nullptr && equal_.constant(*root) != nullptr) return *equal_.constant(*root);
    const std::string& own = root != nullptr ? *root : name;
    const auto found = removed_.find(own);
    if (found == removed_.end() || (negative && !is_ground(found->second))) return ast::make_var(own);
    return variables_in(found->second).contains(own) ? ast::make_var(own) : found->second;
  }

  void plug_head(ast::Ref& ref, bool negative) const {
    const std::string* head = name_of(ref.terms.front());
    if (head == nullptr) return;
    const std::string* root = equal_.root(*head);
    if (root != nullptr) ref.terms.front() = ast::make_var(*root, ref.terms.front().span);
    const auto found = removed_.find(*name_of(ref.terms.front()));
    if (found == removed_.end() || (negative && !is_ground(found->second))) return;
    std::vector<ast::Term> parts = {found->second};
    if (const auto* base = ast::as<ast::Ref>(found->second)) parts = base->terms;
    parts.insert(parts.end(), ref.terms.begin() + 1, ref.terms.end());
    ref.terms = std::move(parts);
  }

  /// What is bound or seen outside of the negation is live in it.
  /// `written` is the negation's place in `body`: what the others bind is live within.
  void propagate_inside(ast::Not& negation, const ast::Body& body, const ast::Expr& written) const {
    VarSet live, outside;
    for (const ast::Expr& other : body) {
      if (&other != &written) outside.add_all(check::vars_of(other, check::kSafetyOptions));
    }
    for (const std::string& name : check::vars_of(negation.body, check::kSafetyOptions)) {
      if (live_.contains(name) || outside.contains(name) || equal_.root(name) != nullptr ||
          removed_.contains(name))
        live.add(name);
    }
    negation.body = propagate_copies(negation.body, live, arity_);
    if (negation.body.empty()) negation.body.push_back(always());
  }

  static ast::Expr always() {
    ast::Expr out;
    out.node = ast::make_bool(true);
    return out;
  }

  /// False when the expression goes; what it bound is remembered.
  bool stays(const ast::Expr& expr) {
    if (is_negative(expr) || !expr.with.empty()) return true;
    if (const auto* term = ast::as<ast::Term>(expr)) {
      const auto* boolean = ast::as<ast::Boolean>(*term);
      return !ast::is_constant(*term) || (boolean != nullptr && !boolean->value);
    }
    const auto* call = ast::as<ast::Call>(expr);
    if (call == nullptr) return true;
    if (is_equality(expr)) return equality_stays(call->terms[1], call->terms[2]);
    const auto* op = ast::as<ast::Ref>(call->terms.front());
    const std::string* output = name_of(call->terms.back());
    if (op == nullptr || output == nullptr || arity_(*op) + 2 != static_cast<int>(call->terms.size()))
      return true;
    if (live_.contains(*output) || heads_.contains(*output)) return true;
    removed_.insert_or_assign(
        *output, ast::make_call({call->terms.begin(), call->terms.end() - 1}, call->terms.front().span));
    return false;
  }

  bool equality_stays(const ast::Term& a, const ast::Term& b) {
    if (ast::compare(a, b) == 0) {
      const auto* ref = ast::as<ast::Ref>(a);
      const std::string* head = ref != nullptr ? name_of(ref->terms.front()) : nullptr;
      if (head != nullptr && live_.contains(*head)) defined_.push_back(a);
      return false;
    }
    return !takes(a, b) && !takes(b, a);
  }

  bool takes(const ast::Term& variable, const ast::Term& value) {
    const std::string* name = name_of(variable);
    if (name == nullptr || live_.contains(*name)) return false;
    if (ast::as<ast::Ref>(value) == nullptr && ast::as<ast::Call>(value) == nullptr) return false;
    removed_.insert_or_assign(*name, value);
    return true;
  }

  void bind_live() {
    for (const std::string& name : live_) {
      const std::string* root = equal_.root(name);
      if (root == nullptr) continue;
      if (const ast::Term* constant = equal_.constant(*root)) {
        result_.push_back(equality(ast::make_var(name), *constant));
      } else if (const auto removed = removed_.find(*root); removed != removed_.end()) {
        result_.push_back(equality(ast::make_var(name), removed->second));
      } else if (*root != name) {
        result_.push_back(equality(ast::make_var(name), ast::make_var(*root)));
      }
    }
  }

  /// False when a variable would stay unbound.
  bool put_back() {
    VarSet safe = check::reserved_vars();
    safe.add_all(live_);
    safe.add_all(check::output_vars(result_, arity_, safe));
    VarSet unsafe = check::vars_of(result_, check::kSafetyOptions).without(safe);
    for (const ast::Term& reference : defined_) {
      if (!contained(reference)) add_defined(reference);
    }
    for (auto at = removed_.rbegin(); at != removed_.rend(); ++at) {
      const ast::Expr expr = equality(ast::make_var(at->first), at->second);
      const VarSet outputs = check::output_vars(expr, arity_, safe);
      const VarSet left = unsafe.without(outputs);
      const bool binds = left.size() < unsafe.size();
      unsafe = left;
      if (!binds && (is_safe_variable(at->second, safe) || contained(at->second))) continue;
      result_.push_back(expr);
      safe.add_all(outputs);
    }
    return unsafe.empty();
  }

  /// The reference has a value, which may be false: as an expression of its own it would have to be true.
  void add_defined(const ast::Term& reference) {
    const VarSet taken = check::vars_of(result_);
    std::size_t number = 0;
    const auto name = [&] { return "$defined" + std::to_string(number); };
    while (taken.contains(name())) ++number;
    result_.push_back(equality(ast::make_var(name()), reference));
  }

  static bool is_safe_variable(const ast::Term& term, const VarSet& safe) {
    const auto* ref = ast::as<ast::Ref>(term);
    const std::string* name =
        ref != nullptr && ref->terms.size() == 1 ? name_of(ref->terms.front()) : name_of(term);
    return name != nullptr && safe.contains(*name);
  }

  bool contained(const ast::Term& value) const {
    return std::ranges::any_of(result_, [&](const ast::Expr& expr) { return needs_term(expr, value); });
  }

  const VarSet& live_;
  const check::Arity& arity_;
  EqualVariables equal_;
  VarSet heads_;
  std::map<std::string, ast::Term> removed_;  ///< what a variable that is gone stood for
  std::vector<ast::Term> defined_;            ///< references that must be defined
  ast::Body result_;
};

}  // namespace

ast::Body propagate_copies(const ast::Body& body, const VarSet& live, const check::Arity& arity) {
  return Propagation(live, arity).run(body);
}

}  // namespace signalbox::policy::partial
