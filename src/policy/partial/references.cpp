// References: what is unknown stays; base documents are gone through where a key is not known; rules that
// depend on unknowns are put in place of the reference, one way for each rule.
#include "policy/compile/document_tree.h"
#include "policy/data/base_document.h"
#include "policy/partial/known.h"
#include "policy/syntax/compare.h"

namespace signalbox::policy::partial {
namespace {

bool is_reference_to_document(const ast::Ref& ref) {
  const std::string head = head_of(ref);
  return head == "data" || head == "input";
}

/// Whether rules of a shorter path give the document at the reference's first parts, `depth` of them.
bool is_below_rules(const check::RuleNode& root, const ast::Ref& ref, std::size_t depth) {
  const check::RuleNode* node = &root;
  for (std::size_t i = 1; node != nullptr && i < depth; ++i) {
    if (!node->rules.empty()) return true;
    node = node->child(ref.terms[i]);
  }
  return false;
}

ast::Ref with_part(const ast::Ref& ref, std::size_t at, ast::Term part) {
  ast::Ref out = ref;
  out.terms[at] = std::move(part);
  return out;
}

bool is_false(const ast::Term& term) {
  const auto* boolean = ast::as<ast::Boolean>(term);
  return boolean != nullptr && !boolean->value;
}

}  // namespace

/// `wanted`: the other side of an equality, where it is known.
void Evaluation::reference(const ast::Ref& written, const ast::Term* wanted, const Take& take) {
  parts_of(written, 1, [&](const ast::Term& whole) {
    const auto* ref = ast::as<ast::Ref>(whole);
    ref == nullptr ? take(whole) : evaluated_reference(*ref, wanted, take);
  });
}

/// Evaluates the parts from `at` on that are references of their own, each once: what stays of one may be a
/// reference again.
void Evaluation::parts_of(const ast::Ref& written, std::size_t at, const Take& take) {
  if (!step()) return;
  const ast::Term whole = substitute(ast::Term{written, {}}, bound_);
  const auto* ref = ast::as<ast::Ref>(whole);
  for (; ref != nullptr && at < ref->terms.size(); ++at) {
    const auto* part = ast::as<ast::Ref>(ref->terms[at]);
    if (part == nullptr || is_unknown(*part)) continue;
    return term(ref->terms[at],
                [&](const ast::Term& known) { parts_of(with_part(*ref, at, known), at + 1, take); });
  }
  take(whole);
}

/// `ref` has no parts left that are to be evaluated.
void Evaluation::evaluated_reference(const ast::Ref& ref, const ast::Term* wanted, const Take& take) {
  if (!is_reference_to_document(ref)) {
    const ast::Term& head = ref.terms.front();
    if (ast::as<ast::Var>(head) != nullptr) return take({ref, {}});
    return term(head, [&](const ast::Term& value) { steps(value, ref, 1, take); });
  }
  if (is_unknown(ref)) return take({ref, {}});
  if (depends(ref)) return below_node(ref, 1, checked_.rules->root(), wanted, take);
  // Known as far as the first key that is not.
  std::size_t known = 1;
  while (known < ref.terms.size() && !touches_unknown(ref.terms[known])) ++known;
  const std::string result = "value__" + std::to_string(++names_);
  ast::Expr ask;
  ast::Ref prefix{{ref.terms.begin(), ref.terms.begin() + static_cast<std::ptrdiff_t>(known)}};
  ask.node = ast::Call{{ast::make_operator("eq"), ast::make_var(result), ast::Term{prefix, {}}}};
  known_expression(ask, [&] { steps(ast::Term(bound_.at(result)), ref, known, take); });
}

/// Below a place of the rule tree.
void Evaluation::below_node(const ast::Ref& ref, std::size_t depth, const check::RuleNode& node,
                            const ast::Term* wanted, const Take& take) {
  if (!node.rules.empty()) return rules_at(ref, depth, node, wanted, take);
  if (depth == ref.terms.size()) return take({ref, {}});
  const ast::Term& key = ref.terms[depth];
  if (ast::is_constant(key)) {
    if (const check::RuleNode* child = node.child(key))
      return below_node(ref, depth + 1, *child, wanted, take);
    if (is_below_rules(checked_.rules->root(), ref, depth)) return;
    return reference(ref, wanted, take);  // no rules from here on: a base document
  }
  const Value base = base_document(ref, depth);
  for (const Pair& pair : base.is_object() ? base.as_object() : std::span<const Pair>()) {
    const ast::Term name = term_of(pair.key);
    if (node.child(name) != nullptr) continue;
    unify(name, key, [&] { reference(with_part(ref, depth, name), wanted, take); });
  }
  for (const auto& [name, child] : node.children) {
    unify(name, key, [&] { below_node(with_part(ref, depth, name), depth + 1, *child, wanted, take); });
  }
}

/// The base document at the reference's first parts, `depth` of them.
Value Evaluation::base_document(const ast::Ref& ref, std::size_t depth) {
  Value out = set_.program().nodes.front().base;
  for (std::size_t i = 1; i < depth && out.is_object(); ++i) {
    if (!ast::is_constant(ref.terms[i])) return {};
    out = base_document_at(out, constant_value(arena_, ref.terms[i]));
  }
  return out;
}

void Evaluation::rules_at(const ast::Ref& ref, std::size_t depth, const check::RuleNode& node,
                          const ast::Term* wanted, const Take& take) {
  const ast::Rule* otherwise = nullptr;
  bool whole = depth == ref.terms.size() && !node.children.empty();
  for (const check::RuleAt& at : node.rules) {
    if (at.rule->head.is_function) return;
    if (at.rule->is_default) otherwise = at.rule;
    const bool member = at.rule->kind() == ast::RuleKind::MultiValue;
    // The reference must name an element: a part for every part of the head, and one for a member.
    whole = whole || ref.terms.size() < at.rule->head.ref.terms.size() + (member ? 1 : 0);
  }
  const std::vector<check::RuleAt> reached = checked_.rules->reached_by(ref);
  // Rules in an order stay as the policies have them.
  const auto in_order = [](const check::RuleAt& at) { return at.rule->otherwise.has_value(); };
  if (std::ranges::any_of(reached, in_order)) return take({ref, {}});
  const bool default_matters =
      otherwise != nullptr && (wanted == nullptr || depth != ref.terms.size() || !ast::is_constant(*wanted) ||
                               ast::compare(*otherwise->head.value, *wanted) == 0);
  if (whole || default_matters || !inlinable(ref, depth))
    return support_document(ref, depth, node, reached, take);
  for (const check::RuleAt& at : node.rules) {
    if (!at.rule->is_default) inline_rule(at, ref, depth, take);
  }
  // `s[x] if ...` beside `s.a if ...`
  for (const auto& [name, child] : node.children) {
    unify(name, ref.terms[depth],
          [&] { below_node(with_part(ref, depth, name), depth + 1, *child, wanted, take); });
  }
}

/// A document of support rules. Where none of its rules can hold it is empty, or undefined if it is complete.
void Evaluation::support_document(const ast::Ref& ref, std::size_t depth, const check::RuleNode& node,
                                  const std::vector<check::RuleAt>& rules, const Take& take) {
  const ast::Term document{support_reference(ref), {}};
  if (has_support(rules)) return take(document);
  const ast::Rule& rule = *node.rules.front().rule;
  const bool longer = rule.head.ref.terms.size() > depth;
  if (longer) return steps(ast::Term{ast::Object{}, {}}, ref, depth, take);
  if (rule.kind() == ast::RuleKind::MultiValue) steps(ast::Term{ast::Set{}, {}}, ref, depth, take);
}

void Evaluation::inline_rule(const check::RuleAt& at, const ast::Ref& ref, std::size_t depth,
                             const Take& take) {
  const ast::Rule rule = renamed_apart(*at.rule, names_);
  ++depth_;
  match_head(rule, ref, depth, [&] {
    body(rule.body, 0, [&] {
      const std::size_t parts = rule.head.ref.terms.size();
      if (rule.kind() == ast::RuleKind::MultiValue) {
        return term(*rule.head.key, [&](const ast::Term& member) {
          unify(member, ref.terms[parts], [&] { steps(member, ref, parts + 1, take); });
        });
      }
      const ast::Term value = rule.head.value ? *rule.head.value : ast::make_bool(true);
      term(value, [&](const ast::Term& found) { steps(found, ref, parts, take); });
    });
  });
  --depth_;
}

void Evaluation::match_head(const ast::Rule& rule, const ast::Ref& ref, std::size_t part, const Then& then) {
  if (part == rule.head.ref.terms.size()) return then();
  unify(rule.head.ref.terms[part], ref.terms[part], [&] { match_head(rule, ref, part + 1, then); });
}

/// From a value on along the reference's remaining parts.
void Evaluation::steps(const ast::Term& value, const ast::Ref& ref, std::size_t at, const Take& take) {
  if (!step()) return;
  if (at == ref.terms.size()) return take(value);
  if (ast::as<ast::Ref>(value) != nullptr || ast::as<ast::Var>(value) != nullptr) {
    ast::Ref longer{{value}};
    longer.terms.insert(longer.terms.end(), ref.terms.begin() + static_cast<std::ptrdiff_t>(at),
                        ref.terms.end());
    return take(substitute(ast::Term{longer, {}}, {}));
  }
  if (remains(value)) {
    // A comprehension over unknowns: it gets a name, so that its elements can be asked for.
    const ast::Term name = ast::make_var("element__" + std::to_string(++names_));
    return save(equality(name, value), [&] { steps(name, ref, at, take); });
  }
  const ast::Term key = substitute(ref.terms[at], bound_);
  const auto one = [&](const ast::Term& name, const ast::Term& element) {
    unify(name, key, [&] { steps(element, ref, at + 1, take); });
  };
  if (const auto* array = ast::as<ast::Array>(value)) {
    for (std::size_t i = 0; i < array->items.size(); ++i)
      one(ast::make_number(std::to_string(i)), array->items[i]);
  } else if (const auto* set = ast::as<ast::Set>(value)) {
    for (const ast::Term& item : set->items) one(item, item);
  } else if (const auto* object = ast::as<ast::Object>(value)) {
    for (const ast::ObjectItem& item : object->items) one(item.key, item.value);
  }
}

void Evaluation::call_function(const FunctionCall& call, const Then& then) {
  const auto& rules = functions_.at(call.name);
  const ast::Rule* otherwise = nullptr;
  bool chain = false;
  for (const check::RuleAt& at : rules) {
    if (at.rule->is_default) otherwise = at.rule;
    chain = chain || at.rule->otherwise.has_value();
  }
  const ast::Ref path = rules.front().rule->head.ref;
  const bool default_matters =
      otherwise != nullptr && (call.output != nullptr || !is_false(*otherwise->head.value));
  if (!chain && !default_matters && inlinable(path, path.terms.size())) return inline_function(call, then);
  ast::Expr rest = call.expr;
  ast::Call made{{ast::Term{chain ? path : support_reference(path), {}}}};
  if (!chain && !has_support(rules)) return;
  made.terms.insert(made.terms.end(), call.arguments.begin(), call.arguments.end());
  if (call.output != nullptr) made.terms.push_back(*call.output);
  rest.node = std::move(made);
  save(std::move(rest), then);
}

/// One way for each of the rules.
void Evaluation::inline_function(const FunctionCall& call, const Then& then) {
  for (const check::RuleAt& at : functions_.at(call.name)) {
    if (at.rule->is_default) continue;
    const ast::Rule rule = renamed_apart(*at.rule, names_);
    ++depth_;
    unify_lists(rule.head.args, call.arguments, 0, [&] {
      body(rule.body, 0, [&] {
        const ast::Term value = rule.head.value ? *rule.head.value : ast::make_bool(true);
        if (call.output != nullptr) {
          return term(value, [&](const ast::Term& found) { unify(found, *call.output, then); });
        }
        ast::Expr rest = call.expr;
        rest.node = value;
        expression(rest, then);
      });
    });
    --depth_;
  }
}

}  // namespace signalbox::policy::partial
