// IR: what the planner emits and the optimiser rewrites. The machine's instructions with virtual registers
// (each written by one instruction, but for results and loop variables) and labels instead of addresses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/vm/program.h"

namespace signalbox::policy::ir {

using Label = std::uint32_t;
using Register = std::uint32_t;
/// A register, or a constant's number with kConstantBit.
using Operand = std::uint32_t;

struct Instr {
  Opcode op;
  std::uint16_t n = 0;
  std::uint32_t a = 0, b = 0, c = 0;
  Label d = kNone;
  CodePosition at;
};

struct Function {
  std::string name;
  std::vector<Instr> code;
  std::vector<std::uint32_t> labels;  ///< label -> instruction number (kNone while unbound)
  std::uint32_t registers = 0;
  std::uint32_t arguments = 0;

  std::vector<Label> rule_entries;
  std::vector<std::uint32_t> rule_numbers;
  std::shared_ptr<const RuleIndex> index;
};

std::string to_text(const Function& function);

/// Threads jumps to jumps, drops what cannot be reached. Keeps meaning and positions.
void optimise(Function& function);

/// Replaces labels by addresses.
policy::Function assemble(const Function& function);

}  // namespace signalbox::policy::ir
