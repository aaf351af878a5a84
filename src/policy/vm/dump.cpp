// Text of programs: for golden tests, `policy dump` and bug reports. The same program always gives the same
// text.
#include <fmt/format.h>

#include "policy/compile/ir.h"
#include "policy/value/value.h"
#include "policy/vm/program.h"

namespace signalbox::policy {
namespace {

/// The operands that opcode_text() mentions, printed as what they are: a built-in by its name, because its
/// number changes with the list.
std::string operands(const Instruction& i, const Value* constants, const Program* program = nullptr) {
  std::string out;
  const std::string_view text = opcode_text(i.op);
  const auto mentions = [&](char letter) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      const bool starts = at == 0 || !std::isalnum(static_cast<unsigned char>(text[at - 1]));
      const bool ends = at + 1 == text.size() || !std::isalnum(static_cast<unsigned char>(text[at + 1]));
      if (text[at] == letter && starts && ends) return true;
    }
    return false;
  };
  const auto operand = [&](char letter, std::uint32_t value) {
    if (!mentions(letter)) return;
    const bool number = text.find(std::string("#") + letter) != std::string_view::npos;
    out += fmt::format(" {}=", letter);
    const bool builtin = i.op == Opcode::Builtin || i.op == Opcode::BuiltinMockable;
    if (builtin && letter == 'b' && program != nullptr) {
      out += program->builtins[value]->name;
    } else if (!number && (value & kConstantBit) != 0) {
      out += constants != nullptr ? to_rego(constants[value & ~kConstantBit])
                                  : fmt::format("k{}", value & ~kConstantBit);
    } else {
      out += fmt::format("{}{}", number ? "#" : "r", value);
    }
  };
  operand('a', i.a);
  operand('b', i.b);
  operand('c', i.c);
  if (mentions('n')) out += fmt::format(" n={}", i.n);
  if (i.d != kNone) out += fmt::format(" else {}", i.d);
  return out;
}

std::string dump(const Function& function, const Program* program) {
  std::string out = fmt::format("function {} ({} registers, {} arguments)\n", function.name,
                                function.registers, function.arguments);
  for (std::size_t at = 0; at < function.code.size(); ++at) {
    const Instruction& i = function.code[at];
    out += fmt::format("{:5}  {:<14}{}\n", at, opcode_name(i.op), operands(i, function.constants, program));
  }
  return out;
}

}  // namespace

std::string to_text(const Function& function) {
  return dump(function, nullptr);
}

std::string to_text(const Program& program) {
  std::string out;
  for (std::size_t slot = 0; slot < program.slots.size(); ++slot) {
    out += fmt::format("slot {}: input", slot);
    for (const auto& key : program.slots[slot]) out += "." + key;
    out += '\n';
  }
  for (std::size_t n = 0; n < program.rule_sets.size(); ++n) {
    out += fmt::format("rule set {}: {} = function {}\n", n, program.rule_sets[n].path,
                       program.rule_sets[n].function);
  }
  for (const Function& function : program.functions) out += "\n" + dump(function, &program);
  return out;
}

std::string ir::to_text(const Function& function) {
  std::string out = fmt::format("ir {} ({} registers, {} arguments)\n", function.name, function.registers,
                                function.arguments);
  for (std::size_t at = 0; at < function.code.size(); ++at) {
    for (std::size_t label = 0; label < function.labels.size(); ++label) {
      if (function.labels[label] == at) out += fmt::format("L{}:\n", label);
    }
    const Instr& i = function.code[at];
    out += fmt::format("  {:<14}{}\n", opcode_name(i.op), operands({i.op, i.n, i.a, i.b, i.c, i.d}, nullptr));
  }
  return out;
}

}  // namespace signalbox::policy
