// Follows registers, not time: every instruction that names the register counts as a use, wherever it stands.
// So a register used twice can only add to what is read. What is not understood reads everything.
#include "policy/compile/slot_use.h"

#include <algorithm>
#include <optional>
#include <span>

namespace signalbox::policy {
namespace {

using Register = std::uint32_t;

/// Calls with each register that `i` may read, perhaps more than once. A number that is no register may be
/// taken for one.
template <class Read>
void for_each_read(const Instruction& i, Read read) {
  const auto range = [&](std::uint32_t from, std::uint32_t count) {
    for (std::uint32_t one = 0; one < count; ++one) read(from + one);
  };
  switch (i.op) {
    case Opcode::Input:
    case Opcode::Rule:
    case Opcode::Tree:
    case Opcode::Jump:
    case Opcode::ContextSave: return;
    case Opcode::AddMember: return read(i.a), read(i.b);
    case Opcode::Builtin:
    case Opcode::BuiltinMockable:
    case Opcode::Call:
    case Opcode::CallMockable: return range(i.c, i.n);
    case Opcode::MakeArray:
    case Opcode::MakeSet:
    case Opcode::MakeObject:
    case Opcode::AddPath:
    case Opcode::AddPathMember:
    case Opcode::AddGroup: return read(i.a), read(i.c), range(i.b, 2u * i.n);
    case Opcode::ArrayGroup:
    case Opcode::SetGroup: return read(i.b), range(i.c, i.n);
    default: return read(i.a), read(i.b), read(i.c);
  }
}

class Uses {
 public:
  Uses(const Function& function, const SlotUses::Readers& readers) : function_(function), readers_(readers) {}

  /// Members that are read of the elements of the collection in `collection`; nothing = perhaps all.
  std::optional<std::vector<std::string>> of_collection(Register collection, std::size_t made_at) {
    for (const std::uint32_t at : readers_of(collection)) {
      const Instruction& i = function_.code[at];
      if (at == made_at) continue;
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
  std::span<const std::uint32_t> readers_of(Register one) const {
    return one < readers_.size() ? std::span<const std::uint32_t>(readers_[one])
                                 : std::span<const std::uint32_t>{};
  }

  bool elements_of(Register iterator, std::size_t made_at) {
    for (const std::uint32_t at : readers_of(iterator)) {
      const Instruction& i = function_.code[at];
      if (at == made_at) continue;
      if (i.op != Opcode::ScanNext || i.a != iterator || !element(i.c, at)) return false;
    }
    return true;
  }

  bool element(Register one, std::size_t made_at) {
    for (const std::uint32_t at : readers_of(one)) {
      const Instruction& i = function_.code[at];
      if (at == made_at) continue;
      const bool named = i.op == Opcode::Dot && i.b == one && i.a != one && (i.c & kConstantBit) != 0;
      if (!named) return false;
      const Value key = function_.constants[i.c & ~kConstantBit];
      if (!key.is_string()) return false;
      fields_.emplace_back(key.as_string());
    }
    return true;
  }

  const Function& function_;
  const SlotUses::Readers& readers_;
  std::vector<std::string> fields_;
};

}  // namespace

const SlotUses::Readers& SlotUses::readers_of(const Function& function) {
  const auto [at, made] = readers_.try_emplace(&function);
  if (!made) return at->second;
  Readers& readers = at->second;
  readers.resize(function.registers);
  for (std::uint32_t number = 0; number < function.code.size(); ++number) {
    for_each_read(function.code[number], [&](Register one) {
      if (one >= readers.size()) return;
      if (readers[one].empty() || readers[one].back() != number) readers[one].push_back(number);
    });
  }
  return readers;
}

void SlotUses::note(const Function& function, std::size_t at, bool first, SlotRead& read) {
  if (!first && read.fields.empty()) return;
  auto fields = members_read(function, at);
  if (!fields) return read.fields.clear();
  read.fields.insert(read.fields.end(), fields->begin(), fields->end());
  std::ranges::sort(read.fields);
  read.fields.erase(std::ranges::unique(read.fields).begin(), read.fields.end());
}

std::optional<std::vector<std::string>> SlotUses::members_read(const Function& function, std::size_t at) {
  return Uses(function, readers_of(function)).of_collection(function.code[at].a, at);
}

}  // namespace signalbox::policy
