// Code: emission, labels, and the trampolines between `with` scopes.
#include "policy/compile/code.h"

namespace signalbox::policy {

ir::Label Code::label() {
  function_.labels.push_back(kNone);
  label_context_.push_back(context_);
  return static_cast<Label>(function_.labels.size() - 1);
}

void Code::emit(Opcode op, std::uint32_t a, Operand b, Operand c, std::uint16_t n) {
  function_.code.push_back({op, n, a, b, c, kNone, at});
}

void Code::emit_or(Label otherwise, Opcode op, std::uint32_t a, Operand b, Operand c, std::uint16_t n) {
  function_.code.push_back({op, n, a, b, c, within_context(otherwise), at});
}

ir::Label Code::within_context(Label to) {
  if (label_context_[to] == context_) return to;
  for (const Trampoline& known : trampolines_) {
    if (known.to == to && label_context_[known.label] == context_) return known.label;
  }
  const Label made = label();
  trampolines_.push_back({made, to});
  return made;
}

ir::Register Code::begin_scope() {
  const Register outer = context_;
  if (outer == kNone) {
    if (own_context_ == kNone) own_context_ = fresh();
    emit(Opcode::ContextSave, own_context_);
  }
  return outer;
}

void Code::enter(Register context) {
  emit(Opcode::Enter, context);
  context_ = context;
}

void Code::leave(Register outer) {
  emit(Opcode::Enter, outer == kNone ? own_context_ : outer);
  context_ = outer;
}

void Code::finish() {
  for (const auto& [made, to] : trampolines_) {
    bind(made);
    const Register context = label_context_[to];
    emit(Opcode::Enter, context == kNone ? own_context_ : context);
    function_.code.push_back({Opcode::Jump, 0, 0, 0, 0, to, at});
  }
  trampolines_.clear();
  std::vector<ir::Instr> prologue;
  for (const Register kept : kept_) prologue.push_back({Opcode::Undefine, 0, kept, 0, 0, kNone, {}});
  function_.code.insert(function_.code.begin(), prologue.begin(), prologue.end());
  for (Label& label : function_.labels) {
    if (label != kNone) label += static_cast<Label>(prologue.size());
  }
  kept_.clear();
}

}  // namespace signalbox::policy
