// Planner, rule sets: one function for each document or function that rules define.
// A complete rule writes its value once and goes on looking for a conflicting one, unless its value is a
// constant; a partial rule adds to a builder. Rules that all give the same constant stop at the first that
// holds.
#include <algorithm>
#include <functional>
#include <optional>

#include "policy/compile/planner.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy {

void Planner::lay_base_documents(std::uint32_t node, Value base) {
  target_->nodes[node].base = base;
  for (const auto& [key, child] : program_.nodes[node].children) lay_base_documents(child, base.at(key));
}

/// Something at or below `node` that the base document alone does not give: rules, or packages and rule
/// paths, which are (perhaps empty) objects.
bool Planner::has_rules_below(std::uint32_t node) const {
  const DocumentNode& at = program_.nodes[node];
  return at.rule_set != kNone || std::ranges::any_of(at.children, [&](const auto& child) {
           return !program_.nodes[child.second].function;
         });
}

void Planner::plan_program(std::span<const ast::Module* const> modules, Value base) {
  modules_.assign(modules.begin(), modules.end());
  constants_ = &target_->constants;
  slots_ = &target_->slots;
  tree_ = build_document_tree(modules, *target_);
  std::vector<std::pair<const RuleGroup*, std::uint32_t>> groups;
  target_->nodes.resize(tree_.nodes.size());
  for (std::size_t n = 0; n < tree_.nodes.size(); ++n) {
    DocumentNode& node = target_->nodes[n];
    for (const auto& [key, child] : tree_.nodes[n].children) {
      node.children.emplace_back(key, child);
      node.by_key.emplace(key, child);
    }
    const RuleGroup* group = tree_.nodes[n].group.get();
    if (group == nullptr) continue;
    const auto number = static_cast<std::uint32_t>(target_->functions.size());
    Function& function = target_->functions.emplace_back();
    function.name = group->path;
    groups.emplace_back(group, number);
    if (group->kind == GroupKind::Function) {
      const ast::Rule& first = group->rules.empty() ? *group->default_rule : *group->rules.front().rule;
      function.arguments = static_cast<std::uint32_t>(first.head.args.size());
      target_->function_by_path.emplace(group->path, number);
      node.function = true;
    } else {
      node.rule_set = static_cast<std::uint32_t>(target_->rule_sets.size());
      target_->rule_sets.push_back({group->path, number});
    }
  }
  lay_base_documents(0, base);
  for (const auto& [group, number] : groups) {
    function_ = std::make_unique<ir::Function>();
    function_->name = group->path;
    code_ = std::make_unique<Code>(*function_);
    plan_group(*group);
    finish_function(number);
  }
  for (Function& function : target_->functions) function.constants = target_->constants.data();
}

Function Planner::assemble() {
  code_->finish();
  if (program_.optimised) ir::optimise(*function_);
  Function out = ir::assemble(*function_);
  out.memo = out.memo && program_.optimised;
  return out;
}

void Planner::finish_function(std::uint32_t number) {
  target_->functions[number] = assemble();
}

void Planner::plan_group(const RuleGroup& group) {
  switch (group.kind) {
    case GroupKind::Complete:
    case GroupKind::Function: return plan_complete(group);
    case GroupKind::Set:
    case GroupKind::Object:
    case GroupKind::Document: return plan_collection(group);
  }
}

Code::Label Planner::begin_rules(const RuleGroup& group) {
  function_->index = index_of(group);
  if (!function_->index) return kNone;
  const Register iterator = code_->fresh(2);
  const Label next = code_->label();
  after_rules_ = code_->label();
  code_->emit(Opcode::Candidates, iterator);
  code_->bind(next);
  code_->emit_or(after_rules_, Opcode::NextRule, iterator);
  return next;
}

Code::Label Planner::next_rule(const SourceRule& source, Label indexed_next) {
  const Label entry = code_->label();
  code_->bind(entry);
  function_->rule_entries.push_back(entry);
  function_->rule_numbers.push_back(source.info);
  return indexed_next != kNone ? indexed_next : code_->label();
}

void Planner::end_rules(Label indexed_next) {
  if (indexed_next != kNone) code_->bind(after_rules_);
}

void Planner::begin_rule(const SourceRule& source, const ast::Rule& rule, Label next) {
  source_ = source.module->source;
  file_ = program_.rules[source.info].at.file;
  bound_.clear();
  code_->loops = 0;
  code_->fail = next;
  locate(rule.head.span);
}

void Planner::bind_arguments(const ast::Rule& rule) {
  for (std::size_t i = 0; i < rule.head.args.size(); ++i) {
    plan_match(rule.head.args[i], static_cast<Register>(i));
  }
}

/// All rules are plain and give one and the same constant: the first that holds decides.
bool Planner::one_constant_value(const RuleGroup& group) {
  if (!program_.optimised) return false;
  std::optional<Value> common;
  for (const SourceRule& source : group.rules) {
    const bool plain_name =
        source.rule->head.ref.terms.size() == source.module->package.path.terms.size() + 1;
    if (source.rule->otherwise || !source.rule->head.value || !plain_name) return false;
    const Value value = constant_value(*memory_, *source.rule->head.value);
    if (!value || (common && !(*common == value))) return false;
    common = value;
  }
  return true;
}

void Planner::plan_complete(const RuleGroup& group) {
  function_->arguments =
      group.kind == GroupKind::Function
          ? static_cast<std::uint32_t>(
                (group.rules.empty() ? *group.default_rule : *group.rules.front().rule).head.args.size())
          : 0;
  code_->fresh(function_->arguments);
  const Register result = code_->fresh();
  code_->emit(Opcode::Undefine, result);
  const bool first_decides = one_constant_value(group);
  const Label done = code_->label();
  const Label indexed = begin_rules(group);
  for (const SourceRule& source : group.rules) {
    const Label next = next_rule(source, indexed);
    plan_chain(group, source, *source.rule, result, first_decides ? done : next);
    if (indexed == kNone) {
      code_->bind(next);
    } else {
      code_->jump(next);
    }
  }
  end_rules(indexed);
  if (group.default_rule != nullptr) plan_default(group, result);
  code_->bind(done);
  code_->emit(Opcode::Return, 0, result);
}

/// One rule and its `else` branches. Leaves at `done`, or falls through, with the value merged into `result`.
void Planner::plan_chain(const RuleGroup& group, const SourceRule& source, const ast::Rule& rule,
                         Register result, Label done) {
  const std::uint16_t of_function = group.kind == GroupKind::Function ? 1 : 0;
  const bool has_else = rule.otherwise.has_value();
  const Register own = has_else ? code_->fresh() : result;
  if (has_else) code_->emit(Opcode::Undefine, own);
  const Label finished = code_->label();
  begin_rule(source, rule, finished);
  bind_arguments(rule);
  plan_body(rule.body);
  locate(rule.head.span);
  const Operand value = rule.head.value ? plan_term(*rule.head.value) : constant(kTrue);
  code_->emit(Opcode::Once, own, value, 0, of_function);
  if (!has_else && is_constant_operand(value)) {
    code_->jump(done);
  } else {
    code_->jump(is_constant_operand(value) ? finished : code_->fail);
  }
  code_->bind(finished);
  if (!has_else) return;
  const Label otherwise = code_->label();
  code_->emit_or(otherwise, Opcode::Defined, 0, own);
  code_->emit(Opcode::Once, result, own, 0, of_function);
  code_->jump(done);
  code_->bind(otherwise);
  plan_chain(group, source, **rule.otherwise, result, done);
}

void Planner::plan_default(const RuleGroup& group, Register result) {
  const ast::Rule& rule = *group.default_rule;
  const Label missing = code_->label(), finished = code_->label();
  code_->emit_or(missing, Opcode::Defined, 0, result);
  code_->jump(finished);
  code_->bind(missing);
  source_ = group.default_module->source;
  bound_.clear();
  code_->loops = 0;
  code_->fail = finished;
  locate(rule.head.span);
  bind_arguments(rule);
  plan_body(rule.body);  // closures in the value stand there
  const Operand value = rule.head.value ? plan_term(*rule.head.value) : constant(kTrue);
  code_->emit(Opcode::Move, result, value);
  code_->bind(finished);
}

void Planner::plan_collection(const RuleGroup& group) {
  const Register builder = code_->fresh(), result = code_->fresh();
  code_->emit(group.kind == GroupKind::Set      ? Opcode::BeginSet
              : group.kind == GroupKind::Object ? Opcode::BeginObject
                                                : Opcode::BeginDocument,
              builder);
  const Label indexed = begin_rules(group);
  for (const SourceRule& source : group.rules) {
    const Label next = next_rule(source, indexed);
    begin_rule(source, *source.rule, next);
    plan_body(source.rule->body);
    locate(source.rule->head.span);
    add_to_collection(group, source, builder, next);
    if (indexed == kNone) code_->bind(next);
  }
  end_rules(indexed);
  code_->emit(Opcode::Finish, result, builder);
  code_->emit(Opcode::Return, 0, result);
}

void Planner::add_to_collection(const RuleGroup& group, const SourceRule& source, Register builder,
                                Label next) {
  const ast::RuleHead& head = source.rule->head;
  const bool member = source.rule->kind() == ast::RuleKind::MultiValue;
  std::vector<Operand> keys;
  for (const ast::Term* term : source.path) {
    if (has_unbound(*term)) {
      refuse(term->span, "var in rule head is unsafe");
      return;
    }
    keys.push_back(plan_term(*term));
  }
  const Operand value = member ? plan_term(*head.key) : head.value ? plan_term(*head.value) : constant(kTrue);
  if (group.kind == GroupKind::Set) {
    const bool contributes = group.path.starts_with("data.policies.") && group.path.ends_with(".actions");
    code_->emit(Opcode::AddMember, builder, value, source.info, contributes ? 1 : 0);
  } else if (group.kind == GroupKind::Object) {
    code_->emit(Opcode::AddPair, builder, keys.front(), value, 1);
  } else {
    const auto count = static_cast<std::uint16_t>(keys.size());
    const Register first = code_->fresh(count);
    for (std::uint32_t i = 0; i < count; ++i) code_->emit(Opcode::Move, first + i, keys[i]);
    code_->emit(member ? Opcode::AddPathMember : Opcode::AddPath, builder, first, value, count);
  }
  const bool constant_result = is_constant_operand(value) && std::ranges::all_of(keys, is_constant_operand);
  code_->jump(constant_result ? next : code_->fail);
}

namespace {

struct WithVisitor {
  std::function<void(const ast::With&)> note;
  bool with(const ast::With& modifier) {
    note(modifier);
    return true;
  }
};

bool names_document(const ast::Ref& ref) {
  const auto* head = ast::as<ast::Var>(ref.terms.front());
  return head != nullptr && head->name == "data";
}

}  // namespace

bool replaces_beyond_input(const ast::Body& body) {
  bool found = false;
  WithVisitor visitor{[&](const ast::With& with) {
    const auto* ref = ast::as<ast::Ref>(with.target);
    const auto* head = ref != nullptr ? ast::as<ast::Var>(ref->terms.front()) : nullptr;
    found = found || head == nullptr || head->name != "input";
  }};
  ast::walk(body, visitor);
  return found;
}

void Planner::note_with_target(const ast::With& with) {
  if (const auto* var = ast::as<ast::Var>(with.target)) with_targets_.calls.insert(var->name);
  const auto* ref = ast::as<ast::Ref>(with.target);
  if (ref == nullptr) return;
  if (ast::as<ast::Var>(ref->terms.front()) == nullptr) return;
  with_targets_.calls.insert(ast::dotted_name(*ref));
  if (!names_document(*ref)) return;
  std::vector<Value> path;
  for (std::size_t i = 1; i < ref->terms.size(); ++i) {
    path.push_back(constant_value(*memory_, ref->terms[i]));
  }
  with_targets_.documents.push_back(std::move(path));
}

void Planner::note_with_targets(const ast::Body& body) {
  WithVisitor visitor{[&](const ast::With& with) { note_with_target(with); }};
  ast::walk(body, visitor);
}

void Planner::note_with_targets(const ast::Module& module) {
  WithVisitor visitor{[&](const ast::With& with) { note_with_target(with); }};
  for (const ast::Rule& rule : module.rules) ast::walk(rule, visitor);
}

void Planner::refuse(const ast::Span& span, std::string message) {
  Diagnostic diagnostic;
  diagnostic.code = "rego_compile_error";
  diagnostic.message = std::move(message);
  if (source_) {
    diagnostic.at = ast::position(*source_, span);
    diagnostic.source_line = line_of(source_->text, span.row);
  }
  diagnostics_.push_back(std::move(diagnostic));
}

}  // namespace signalbox::policy
