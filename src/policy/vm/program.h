// Program: a compiled policy set, as the machine runs it. Immutable and shared between threads.
// A function's registers hold Values; a rule set is a function without arguments whose result is remembered
// for the evaluation. Documents (`data`) form one tree of nodes over which base documents are laid.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/diagnostic.h"
#include "policy/builtins/builtin.h"
#include "policy/input.h"
#include "policy/value/value.h"
#include "policy/vm/opcodes.h"

namespace signalbox::policy {

/// Operand b or c with this bit names a constant, without it a register.
inline constexpr std::uint32_t kConstantBit = 0x8000'0000u;
inline constexpr std::uint32_t kNone = 0xFFFF'FFFFu;

struct Instruction {
  Opcode op;
  std::uint16_t n = 0;
  std::uint32_t a = 0, b = 0, c = 0;
  std::uint32_t d = 0;  ///< instruction number in the same function
};

/// Where an instruction comes from: the file's number in Program::files, and row and column (0 = generated).
struct CodePosition {
  std::uint32_t file = 0, row = 0, col = 0;
};

class RuleIndex;  // vm/index.h

struct Function {
  std::string name;  ///< data.a.f, data.a.p, or "query"
  std::vector<Instruction> code;
  std::vector<CodePosition> positions;  ///< one an instruction
  std::uint32_t registers = 0;
  std::uint32_t arguments = 0;
  /// Pays to remember results by arguments: the body loops or calls.
  bool memo = false;
  /// Constants of this function's unit (program or query).
  const Value* constants = nullptr;
  /// Where each rule's code begins, and its number in Program::rules.
  std::vector<std::uint32_t> rule_entries;
  std::vector<std::uint32_t> rule_numbers;
  std::shared_ptr<const RuleIndex> index;
};

/// A rule as explanations and decisions name it.
struct RuleInfo {
  std::string package;  ///< data.policies.x
  std::string name;
  CodePosition at;
};

struct RuleSet {
  std::string path;  ///< data.a.p
  std::uint32_t function = kNone;
};

/// A place in `data`. A node may have a rule set, or children, or neither (then base documents only).
struct DocumentNode {
  std::vector<std::pair<Value, std::uint32_t>> children;  ///< sorted by key; node numbers
  std::unordered_map<Value, std::uint32_t> by_key;
  std::uint32_t rule_set = kNone;
  bool function = false;  ///< a function with arguments is no document
  Value base;             ///< the base document at this node; undefined when there is none
};

/// A reference such as data.policies[p].actions[x] reaches the rule sets of many packages. Its members are
/// known at load, and one index over the rules of all of them names those whose sets can have elements.
struct Fan {
  std::vector<std::pair<Value, std::uint32_t>> members;  ///< key and rule set, sorted by key
  std::shared_ptr<const RuleIndex> index;                ///< over all members' rules; null: ask every member
  std::vector<std::uint32_t> member_of_rule;             ///< by the index's ordinals
};

/// The value of a rule set that depends on base documents only, found at load.
struct KnownDocument {
  bool known = false;
  Value value;  ///< undefined: no rule holds, whatever the input
};

struct Program {
  Arena memory{1 << 16};  ///< constants and base documents
  std::vector<Value> constants;
  std::vector<Function> functions;
  std::vector<RuleSet> rule_sets;
  std::vector<KnownDocument> known;  ///< by rule set; empty: none were looked for
  std::vector<Arena> known_memory;   ///< of their values
  std::vector<RuleInfo> rules;
  std::vector<DocumentNode> nodes;  ///< nodes[0] is `data`
  std::vector<Fan> fans;
  std::vector<InputPath> slots;
  std::vector<std::string> files;
  std::vector<const Builtin*> builtins;  ///< all built-ins, then the host's own; operand of Builtin
  std::unordered_map<std::string, std::uint32_t> function_by_path;  ///< functions with arguments: data.a.f
  BuiltinHost host;
  bool strict_builtin_errors = false;
  bool optimised = true;  ///< planned with rule indices, early exit, memo of functions, rewriting of the code
};

/// Deterministic text of functions: one instruction a line, as `number  Name  operands  ; meaning`.
std::string to_text(const Program& program);
std::string to_text(const Function& function);

}  // namespace signalbox::policy
