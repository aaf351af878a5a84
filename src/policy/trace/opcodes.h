// What tracers read out of an instruction's code.
#pragma once

#include "policy/vm/opcodes.h"

namespace signalbox::policy {

/// An instruction by which a rule gives its value.
constexpr bool gives_value(Opcode op) {
  switch (op) {
    case Opcode::Once:
    case Opcode::AddMember:
    case Opcode::AddPair:
    case Opcode::AddPath:
    case Opcode::AddPathMember: return true;
    default: return false;
  }
}

}  // namespace signalbox::policy
