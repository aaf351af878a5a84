// Document tree: sorts the rules of all modules by the place in `data` that they define.
// Rules whose heads have variables own everything below their ground prefix, so a node has rules or children,
// not both.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policy/syntax/ast.h"
#include "policy/value/value.h"
#include "policy/vm/program.h"

namespace signalbox::policy {

struct SourceRule {
  const ast::Rule* rule = nullptr;
  const ast::Module* module = nullptr;
  std::vector<const ast::Term*> path;  ///< head terms below the group's node
  std::uint32_t info = 0;              ///< number in Program::rules
};

enum class GroupKind : std::uint8_t { Complete, Function, Set, Object, Document };

/// All rules that define one document or function.
struct RuleGroup {
  GroupKind kind = GroupKind::Complete;
  std::string path;  ///< data.a.p
  std::vector<SourceRule> rules;
  const ast::Rule* default_rule = nullptr;
  const ast::Module* default_module = nullptr;
};

struct DocumentTree {
  struct Node {
    std::map<Value, std::uint32_t> children;
    std::unique_ptr<RuleGroup> group;
  };
  std::vector<Node> nodes;  ///< nodes[0] is `data`

  /// Node below `from` at `key`; kNone when there is none.
  std::uint32_t child(std::uint32_t from, const Value& key) const;
};

/// `infos` receives a RuleInfo for every rule.
DocumentTree build_document_tree(std::span<const ast::Module* const> modules, Program& program);

/// The value of a constant term, in `arena`. Undefined when the term is no constant.
Value constant_value(Arena& arena, const ast::Term& term);

}  // namespace signalbox::policy
