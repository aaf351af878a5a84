// Names and meanings of the instructions, from the one table.
#include "policy/vm/opcodes.h"

#include <array>

namespace signalbox::policy {

std::string_view opcode_name(Opcode op) {
  static constexpr std::array kNames = {
#define X(name, text) std::string_view(#name),
      SIGNALBOX_OPCODES(X)
#undef X
  };
  return kNames[static_cast<std::size_t>(op)];
}

std::string_view opcode_text(Opcode op) {
  static constexpr std::array kTexts = {
#define X(name, text) std::string_view(text),
      SIGNALBOX_OPCODES(X)
#undef X
  };
  return kTexts[static_cast<std::size_t>(op)];
}

}  // namespace signalbox::policy
