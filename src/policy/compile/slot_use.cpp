// Follows registers, not time: every instruction that names the register counts as a use, wherever it stands.
// So a register used twice can only add to what is read. What is not understood reads everything.
#include "policy/compile/slot_use.h"

#include <algorithm>
#include <optional>

namespace signalbox::policy {
namespace {

using Register = std::uint32_t;

bool in_range(Register wanted, std::uint32_t from, std::uint32_t count) {
  return wanted >= from && wanted - from < count;
}

/// True when `i` may read the register. A number that is no register may be taken for one.
bool may_read(const Instruction& i, Register wanted) {
  switch (i.op) {
    case Opcode::Input:
    case Opcode::Rule:
    case Opcode::Tree:
    case Opcode::Jump:
    case Opcode::ContextSave: return false;
    case Opcode::AddMember: return i.a == wanted || i.b == wanted;
    case Opcode::Builtin:
    case Opcode::BuiltinMockable:
    case Opcode::Call:
    case Opcode::CallMockable: return in_range(wanted, i.c, i.n);
    case Opcode::MakeArray:
    case Opcode::MakeSet:
    case Opcode::MakeObject:
    case Opcode::AddPath:
    case Opcode::AddPathMember:
    case Opcode::AddGroup: return i.a == wanted || i.c == wanted || in_range(wanted, i.b, 2u * i.n);
    case Opcode::ArrayGroup:
    case Opcode::SetGroup: return i.b == wanted || in_range(wanted, i.c, i.n);
    default: return i.a == wanted || i.b == wanted || i.c == wanted;
  }
}

class Uses {
 public:
  explicit Uses(const Function& function) : function_(function) {}

  /// Members that are read of the elements of the collection in `collection`; nothing = perhaps all.
  std::optional<std::vector<std::string>> of_collection(Register collection, std::size_t made_at) {
    for (std::size_t at = 0; at < function_.code.size(); ++at) {
      const Instruction& i = function_.code[at];
      if (at == made_at || !may_read(i, collection)) continue;
      if (i.b != collection) return std::nullopt;
      if (i.op == Opcode::Dot && i.a != collection && i.c != collection) {
        if (!element(i.a, at)) return std::nullopt;
      } else if (i.op == Opcode::ScanBegin && i.a != collection && i.a + 1 != collection) {
        if (!elements_of(i.a, at)) return std::nullopt;
      } else {
        return std::nullopt;
      }
    }
    return fields_;
  }

 private:
  bool elements_of(Register iterator, std::size_t made_at) {
    for (std::size_t at = 0; at < function_.code.size(); ++at) {
      const Instruction& i = function_.code[at];
      if (at == made_at || !may_read(i, iterator)) continue;
      if (i.op != Opcode::ScanNext || i.a != iterator || !element(i.c, at)) return false;
    }
    return true;
  }

  bool element(Register one, std::size_t made_at) {
    for (std::size_t at = 0; at < function_.code.size(); ++at) {
      const Instruction& i = function_.code[at];
      if (at == made_at || !may_read(i, one)) continue;
      const bool named = i.op == Opcode::Dot && i.b == one && i.a != one && (i.c & kConstantBit) != 0;
      if (!named) return false;
      const Value key = function_.constants[i.c & ~kConstantBit];
      if (!key.is_string()) return false;
      fields_.emplace_back(key.as_string());
    }
    return true;
  }

  const Function& function_;
  std::vector<std::string> fields_;
};

}  // namespace

void note_use(const Function& function, std::size_t at, bool first, SlotRead& read) {
  if (!first && read.fields.empty()) return;
  auto fields = Uses(function).of_collection(function.code[at].a, at);
  if (!fields) return read.fields.clear();
  read.fields.insert(read.fields.end(), fields->begin(), fields->end());
  std::ranges::sort(read.fields);
  read.fields.erase(std::ranges::unique(read.fields).begin(), read.fields.end());
}

std::optional<std::vector<std::string>> members_read(const Function& function, std::size_t at) {
  return Uses(function).of_collection(function.code[at].a, at);
}

}  // namespace signalbox::policy
