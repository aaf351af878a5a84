// Document tree: places every rule, then lets groups with variables in their heads swallow what is below
// them.
#include "policy/compile/document_tree.h"

#include "policy/value/builder.h"
#include "policy/value/number.h"

namespace signalbox::policy {
namespace {

/// Where a rule's ground prefix ends: the number of leading constant terms (the head counts).
std::size_t ground_prefix(const ast::Ref& ref) {
  std::size_t count = 1;
  while (count < ref.terms.size() && ast::is_constant(ref.terms[count])) ++count;
  return count;
}

/// The rule's name within its package: "actions", "p.q".
std::string name_of(const ast::Module& module, const ast::Ref& head) {
  std::string out;
  for (std::size_t i = module.package.path.terms.size(); i < head.terms.size(); ++i) {
    const auto* part = ast::as<ast::String>(head.terms[i]);
    if (part == nullptr) break;
    out += (out.empty() ? "" : ".") + part->value;
  }
  return out;
}

class Builder {
 public:
  explicit Builder(Program& program) : program_(program) { tree_.nodes.emplace_back(); }

  void add_package(const ast::Module& module) {
    std::uint32_t node = 0;
    for (std::size_t i = 1; i < module.package.path.terms.size(); ++i) {
      node = make_child(node, constant_value(program_.memory, module.package.path.terms[i]));
    }
  }

  void add(const ast::Module& module, const ast::Rule& rule, std::uint32_t file) {
    const ast::Ref& ref = rule.head.ref;
    const std::size_t ground = ground_prefix(ref);
    std::uint32_t node = 0;
    for (std::size_t i = 1; i < ground; ++i)
      node = make_child(node, constant_value(program_.memory, ref.terms[i]));
    if (!tree_.nodes[node].group) {
      tree_.nodes[node].group = std::make_unique<RuleGroup>();
      ast::Ref prefix;
      prefix.terms.assign(ref.terms.begin(), ref.terms.begin() + static_cast<std::ptrdiff_t>(ground));
      tree_.nodes[node].group->path = ast::dotted_name(prefix);
    }
    RuleGroup& group = *tree_.nodes[node].group;
    if (rule.head.is_function) group.kind = GroupKind::Function;
    if (rule.is_default) {
      group.default_rule = &rule;
      group.default_module = &module;
      return;
    }
    SourceRule source{&rule, &module, {}, static_cast<std::uint32_t>(program_.rules.size())};
    for (std::size_t i = ground; i < ref.terms.size(); ++i) source.path.push_back(&ref.terms[i]);
    group.rules.push_back(std::move(source));
    program_.rules.push_back(
        {ast::dotted_name(module.package.path), name_of(module, ref), {file, rule.span.row, rule.span.col}});
  }

  DocumentTree finish() {
    settle(0);
    return std::move(tree_);
  }

 private:
  std::uint32_t make_child(std::uint32_t node, const Value& key) {
    const auto [it, added] =
        tree_.nodes[node].children.try_emplace(key, static_cast<std::uint32_t>(tree_.nodes.size()));
    const std::uint32_t child = it->second;
    if (added) tree_.nodes.emplace_back();
    return child;
  }

  static bool is_open(const RuleGroup& group) {
    for (const SourceRule& source : group.rules) {
      if (!source.path.empty() || source.rule->kind() == ast::RuleKind::MultiValue) return true;
    }
    return false;
  }

  void settle(std::uint32_t node) {
    RuleGroup* group = tree_.nodes[node].group.get();
    if (group != nullptr && group->kind != GroupKind::Function && is_open(*group)) {
      std::vector<const ast::Term*> below;
      for (const auto& [key, child] : tree_.nodes[node].children) swallow(child, *group, 0);
      tree_.nodes[node].children.clear();
      classify(*group);
      return;
    }
    for (const auto& [key, child] : tree_.nodes[node].children) settle(child);
  }

  /// Moves the rules at and below `node` into `into`; their paths grow by the keys between (which their heads
  /// spell).
  void swallow(std::uint32_t node, RuleGroup& into, std::size_t depth) {
    if (auto group = std::move(tree_.nodes[node].group)) {
      for (SourceRule& source : group->rules) {
        const auto& terms = source.rule->head.ref.terms;
        const std::size_t from = terms.size() - source.path.size() - depth - 1;
        source.path.clear();
        for (std::size_t i = from; i < terms.size(); ++i) source.path.push_back(&terms[i]);
        into.rules.push_back(std::move(source));
      }
    }
    for (const auto& [key, child] : tree_.nodes[node].children) swallow(child, into, depth + 1);
    tree_.nodes[node].children.clear();
  }

  static void classify(RuleGroup& group) {
    bool all_members = true, all_pairs = true;
    for (const SourceRule& source : group.rules) {
      const bool member = source.rule->kind() == ast::RuleKind::MultiValue;
      all_members = all_members && member && source.path.empty();
      all_pairs = all_pairs && !member && source.path.size() == 1;
    }
    group.kind = all_members ? GroupKind::Set : all_pairs ? GroupKind::Object : GroupKind::Document;
  }

  Program& program_;
  DocumentTree tree_;
};

}  // namespace

std::uint32_t DocumentTree::child(std::uint32_t from, const Value& key) const {
  const auto found = nodes[from].children.find(key);
  return found == nodes[from].children.end() ? kNone : found->second;
}

DocumentTree build_document_tree(std::span<const ast::Module* const> modules, Program& program) {
  Builder builder(program);
  for (const ast::Module* module : modules) {
    const auto file = static_cast<std::uint32_t>(program.files.size());
    program.files.push_back(module->source ? module->source->name : std::string());
    builder.add_package(*module);
    for (const ast::Rule& rule : module->rules) builder.add(*module, rule, file);
  }
  return builder.finish();
}

Value constant_value(Arena& arena, const ast::Term& term) {
  if (ast::as<ast::Null>(term) != nullptr) return Value::null();
  if (const auto* b = ast::as<ast::Boolean>(term)) return Value::boolean(b->value);
  if (const auto* n = ast::as<ast::Number>(term))
    return parse_number(arena, n->text.starts_with('.') ? "0" + n->text : n->text);
  if (const auto* s = ast::as<ast::String>(term)) return copy_string(arena, s->value);
  if (const auto* array = ast::as<ast::Array>(term)) {
    ArrayBuilder out(arena);
    for (const ast::Term& item : array->items) {
      const Value value = constant_value(arena, item);
      if (!value) return {};
      out.add(value);
    }
    return out.finish();
  }
  if (const auto* set = ast::as<ast::Set>(term)) {
    SetBuilder out(arena);
    for (const ast::Term& item : set->items) {
      const Value value = constant_value(arena, item);
      if (!value) return {};
      out.add(value);
    }
    return out.finish();
  }
  if (const auto* object = ast::as<ast::Object>(term)) {
    ObjectBuilder out(arena);
    for (const ast::ObjectItem& item : object->items) {
      const Value key = constant_value(arena, item.key), value = constant_value(arena, item.value);
      if (!key || !value) return {};
      out.add(key, value);
    }
    return out.finish();
  }
  return {};
}

}  // namespace signalbox::policy
