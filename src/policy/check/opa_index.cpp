// OPA's rule index as conditions. From the top level of a body it takes references to base documents, `input`
// and arguments, with what each is compared to: a constant, a set of them, a glob, or anything at all. What
// follows from the body follows from these, so that they can stand in front of it. Of a reference that is
// compared to several things with a variable among them it keeps only that it is defined.
#include "policy/check/opa_index.h"

#include <optional>

#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

/// One reference (or argument), and the conditions on it, any of which lets the rule in.
struct Entry {
  ast::Term subject;
  std::vector<ast::Expr> any_of;  ///< empty: defined is enough
  std::size_t values = 0;         ///< it is compared to in these
  std::size_t uses = 0;           ///< times the index hears of it
};

std::size_t members_of(const ast::Term& collection) {
  if (const auto* array = ast::as<ast::Array>(collection)) return array->items.size();
  if (const auto* set = ast::as<ast::Set>(collection)) return set->items.size();
  if (const auto* object = ast::as<ast::Object>(collection)) return object->items.size();
  return 1;
}

/// Between its delimiters there are plain texts and whole `*`.
bool is_indexed_glob(const ast::Call& call) {
  const auto* pattern = ast::as<ast::String>(call.terms[1]);
  const auto* list = ast::as<ast::Array>(call.terms[2]);
  if (pattern == nullptr || list == nullptr || pattern->value.find_first_of("[?{\\") != std::string::npos)
    return false;
  std::string delimiters = list->items.empty() ? "." : "";
  for (const ast::Term& item : list->items) {
    const auto* text = ast::as<ast::String>(item);
    if (text == nullptr) return false;
    delimiters += text->value;
  }
  const auto ends = [&](std::size_t at) {
    return at >= pattern->value.size() || delimiters.find(pattern->value[at]) != std::string::npos;
  };
  for (std::size_t i = 0; i < pattern->value.size(); ++i) {
    if (pattern->value[i] == '*' && !((i == 0 || ends(i - 1)) && ends(i + 1))) return false;
  }
  return true;
}

class RuleIndexer {
 public:
  RuleIndexer(const Context& context, const ast::Rule& rule) : context_(context), rule_(rule) {}

  std::vector<Entry> entries() {
    for (const ast::Expr& expr : rule_.body) read(expr);
    return std::move(entries_);
  }

 private:
  void read(const ast::Expr& expr) {
    if (!expr.with.empty() || expr.negated) return;
    if (const auto* term = ast::as<ast::Term>(expr)) {
      if (indexable(*term)) anything(*term);
      return;
    }
    const auto* call = ast::as<ast::Call>(expr);
    if (call == nullptr) return;
    const std::string name = ast::operator_name(*call);
    if (call->arity() == 2 && (name == "eq" || name == "equal")) {
      equality(call->terms[1], call->terms[2]);
    } else if (call->arity() == 3 && name == "glob.match") {
      if (is_indexed_glob(*call)) test(expr, 3);
    } else if (call->arity() == 2 && name == "internal.member_2") {
      membership(expr, *call);
    }
  }

  void equality(const ast::Term& a, const ast::Term& b) {
    if (element(a, b) || element(b, a)) return;
    if (!one_side(a, b)) one_side(b, a);
  }

  /// `input.xs[_] = "a"`: the array has it.
  bool element(const ast::Term& walked, const ast::Term& value) {
    const auto* ref = ast::as<ast::Ref>(walked);
    const ast::Term known = constant(value);
    if (ref == nullptr || !is_scalar(known) || ground_prefix_length(*ref) + 1 != ref->terms.size())
      return false;
    const ast::Term prefix = ast::make_ref(ground_prefix(*ref).terms);
    if (!indexable(prefix)) return false;
    add(prefix, call_of("internal.member_2", {known, prefix}));
    return true;
  }

  bool one_side(const ast::Term& a, const ast::Term& b) {
    if (const auto* var = ast::as<ast::Var>(a)) {
      if (ast::is_constant(b)) constants_.insert_or_assign(var->name, b);
      const ast::Term* subject = subject_of(var->name);
      if (subject == nullptr) return false;
      return compare(ast::Term(*subject), b);
    }
    return indexable(a) && compare(a, constant(b));
  }

  bool compare(const ast::Term& subject, const ast::Term& value) {
    if (const auto* var = ast::as<ast::Var>(value)) {
      anything(subject);
      subjects_.emplace(var->name, subject);
      return true;
    }
    const auto* array = ast::as<ast::Array>(value);
    if (array != nullptr && !std::ranges::all_of(array->items, is_scalar)) return anything(subject), true;
    if (array == nullptr && !is_scalar(value)) return false;
    add(subject, make_eq(subject, value, {}));
    return true;
  }

  void membership(const ast::Expr& expr, const ast::Call& call) {
    const ast::Term &member = call.terms[1], &collection = call.terms[2];
    const auto* var = ast::as<ast::Var>(member);
    const ast::Term* subject = var != nullptr ? subject_of(var->name) : nullptr;
    if (subject != nullptr) {
      const ast::Term known = constant(collection);
      if (ast::is_constant(known)) {
        const ast::Term copy = *subject;
        add(copy, call_of("internal.member_2", {copy, known}), members_of(known));
      }
      return;
    }
    const ast::Term known = constant(member);
    if (is_scalar(known)) test(expr, 2);
  }

  /// A call that holds or not, whose `operand`th operand is the subject.
  void test(const ast::Expr& expr, std::size_t operand) {
    ast::Call call = *ast::as<ast::Call>(expr);
    const auto* var = ast::as<ast::Var>(call.terms[operand]);
    const ast::Term* subject = var != nullptr ? subject_of(var->name) : nullptr;
    if (subject == nullptr) return;
    for (ast::Term& term : call.terms) term = constant(term);
    call.terms[operand] = *subject;
    if (!std::all_of(call.terms.begin() + 1, call.terms.end(), [&](const ast::Term& term) {
          return &term == &call.terms[operand] || ast::is_constant(term);
        })) {
      return;
    }
    ast::Expr out;
    out.node = std::move(call);
    add(ast::Term(*subject), std::move(out));
  }

  static ast::Expr call_of(std::string_view name, std::vector<ast::Term> operands) {
    ast::Expr out;
    operands.insert(operands.begin(), ast::make_operator(name));
    out.node = ast::Call{std::move(operands)};
    return out;
  }

  /// A ground reference to a base document or the input.
  bool indexable(const ast::Term& term) const {
    const auto* ref = ast::as<ast::Ref>(term);
    if (ref == nullptr || !ast::is_ground(*ref)) return false;
    const auto* root = ast::as<ast::Var>(ref->terms.front());
    if (root == nullptr || (root->name != "input" && root->name != "data")) return false;
    return root->name == "input" || (context_.rules != nullptr && context_.rules->reached_by(*ref).empty());
  }

  /// What a variable was bound to by an earlier expression, or the argument that it is.
  const ast::Term* subject_of(const std::string& name) const {
    if (const auto known = subjects_.find(name); known != subjects_.end()) return &known->second;
    for (const ast::Term& arg : rule_.head.args) {
      const auto* var = ast::as<ast::Var>(arg);
      if (var != nullptr && var->name == name) return &arg;
    }
    return nullptr;
  }

  ast::Term constant(const ast::Term& term) const {
    const auto* var = ast::as<ast::Var>(term);
    const auto known = var != nullptr ? constants_.find(var->name) : constants_.end();
    return known != constants_.end() ? known->second : term;
  }

  Entry& entry(const ast::Term& subject) {
    for (Entry& one : entries_) {
      if (ast::compare(one.subject, subject) == 0) return one;
    }
    return entries_.emplace_back(Entry{subject, {}, 0, 0});
  }
  void anything(const ast::Term& subject) { ++entry(subject).uses; }
  /// What is compared takes the place of "anything"; of several comparisons any lets the rule in.
  void add(const ast::Term& subject, ast::Expr condition, std::size_t values = 1) {
    Entry& one = entry(subject);
    one.uses += values;
    one.values += values;
    one.any_of.push_back(std::move(condition));
  }

  const Context& context_;
  const ast::Rule& rule_;
  std::vector<Entry> entries_;
  std::map<std::string, ast::Term> constants_, subjects_;
};

/// The rule says something when it is evaluated: OPA does not index it.
bool speaks(const ast::Body& body) {
  bool found = false;
  ast::for_each_expr(body, [&](const ast::Expr& expr) {
    const auto* call = ast::as<ast::Call>(expr);
    found = found || (call != nullptr && ast::operator_name(*call) == "internal.print");
    return !found;
  });
  return found;
}

ast::Expr guard_of(Entry entry) {
  if (entry.any_of.empty()) return make_eq(entry.subject, entry.subject, {});  // it is defined
  ast::Expr out = std::move(entry.any_of.back());
  for (std::size_t i = entry.any_of.size() - 1; i-- > 0;) {
    ast::Logical either;
    either.op = ast::LogicalOp::Or;
    either.lhs.push_back(std::move(entry.any_of[i]));
    either.rhs.push_back(std::move(out));
    out = {};
    out.node = std::move(either);
  }
  return out;
}

/// Rules of one name in a module, with what the index knows of each; an `else` counts for its rule.
struct Indexed {
  ast::Rule rule;
  std::vector<Entry> entries;
};

/// The references by how many expressions look at them, as they are levels of OPA's index.
std::vector<ast::Term> levels_of(const std::vector<Indexed>& rules) {
  struct Level {
    ast::Term subject;
    std::size_t uses = 0;
  };
  std::vector<Level> levels;
  for (const Indexed& one : rules) {
    for (const Entry& entry : one.entries) {
      auto at = std::ranges::find_if(
          levels, [&](const Level& level) { return ast::compare(level.subject, entry.subject) == 0; });
      if (at == levels.end()) at = levels.insert(at, {entry.subject, 0});
      at->uses += entry.uses;
      if (entry.subject.span.row < at->subject.span.row) at->subject.span = entry.subject.span;
    }
  }
  std::ranges::stable_sort(levels, [](const Level& a, const Level& b) {
    return a.uses != b.uses ? a.uses > b.uses : a.subject.span.row < b.subject.span.row;
  });
  std::vector<ast::Term> out;
  for (Level& level : levels) out.push_back(std::move(level.subject));
  return out;
}

/// Where a rule stands at each level: not there, defined, compared. Asked, the index goes through its
/// branches in this order; not asked, those that are defined come first. A rule without conditions comes
/// before all.
std::vector<int> branches_of(const Indexed& one, const std::vector<ast::Term>& levels, ExprForm form) {
  std::vector<int> out;
  if (one.entries.empty()) return out;
  const bool asked = form == ExprForm::OpaIndexed;
  for (const ast::Term& level : levels) {
    const auto at = std::ranges::find_if(
        one.entries, [&](const Entry& entry) { return ast::compare(entry.subject, level) == 0; });
    const bool there = at != one.entries.end();
    out.push_back(there && !at->any_of.empty() ? 2 : there == asked ? 1 : 0);
    if (there && at->values > 1) break;  // several values are leaves of the index
  }
  return out;
}

void guard(ast::Rule& rule, std::vector<Entry> entries) {
  ast::Body out;
  for (Entry& entry : entries) {
    if (entry.any_of.empty() && ast::as<ast::Var>(entry.subject) != nullptr)
      continue;  // arguments are defined
    out.push_back(guard_of(std::move(entry)));
    ast::set_spans(out.back(), {});
    out.back().generated = true;
  }
  if (out.empty()) return;
  std::ranges::move(rule.body, std::back_inserter(out));
  rule.body = std::move(out);
}

std::vector<Entry> entries_of(const Context& context, const ast::Rule& rule) {
  return speaks(rule.body) ? std::vector<Entry>() : RuleIndexer(context, rule).entries();
}

}  // namespace

void arrange_as_indexed(Context& context) {
  const ExprForm form = context.options.form;
  for (ast::Module& module : context.modules) {
    std::map<std::string, std::vector<std::size_t>> named;
    for (std::size_t i = 0; i < module.rules.size(); ++i) {
      if (!module.rules[i].is_default)
        named[ast::dotted_name(ground_prefix(module.rules[i].head.ref))].push_back(i);
    }
    for (const auto& [name, places] : named) {
      std::vector<Indexed> rules;
      for (const std::size_t place : places) {
        rules.push_back({std::move(module.rules[place]), {}});
        rules.back().entries = entries_of(context, rules.back().rule);
      }
      const std::vector<ast::Term> levels = levels_of(rules);
      std::ranges::stable_sort(rules, {}, [&](const Indexed& one) { return branches_of(one, levels, form); });
      for (std::size_t i = 0; i < places.size(); ++i) module.rules[places[i]] = std::move(rules[i].rule);
    }
  }
  if (form != ExprForm::OpaIndexed) return;
  context.for_each_rule([&](ast::Module&, ast::Rule& rule) {
    if (!rule.is_default) guard(rule, entries_of(context, rule));
  });
}

}  // namespace signalbox::policy::check
