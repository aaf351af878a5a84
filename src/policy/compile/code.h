// Code: one function being written. Failure is static: `fail` is the label of the innermost open loop (or of
// the body's end), so backtracking is a jump and the machine keeps no choice points. The surprise: a loop
// opened under `with` is re-entered after the scope was left; every jump that crosses a scope therefore goes
// through a trampoline that first switches the context.
#pragma once

#include <vector>

#include "policy/compile/ir.h"

namespace signalbox::policy {

class Code {
 public:
  using Label = ir::Label;
  using Register = ir::Register;
  using Operand = ir::Operand;

  explicit Code(ir::Function& function) : function_(function) {}

  Register fresh(std::uint32_t count = 1) {
    const Register first = function_.registers;
    function_.registers += count;
    return first;
  }
  Label label();
  void bind(Label label) { function_.labels[label] = here(); }

  /// An instruction that always goes on.
  void emit(Opcode op, std::uint32_t a = 0, Operand b = 0, Operand c = 0, std::uint16_t n = 0);
  /// An instruction that goes to `otherwise` when it has no result.
  void emit_or(Label otherwise, Opcode op, std::uint32_t a = 0, Operand b = 0, Operand c = 0,
               std::uint16_t n = 0);
  void emit_or_fail(Opcode op, std::uint32_t a = 0, Operand b = 0, Operand c = 0, std::uint16_t n = 0) {
    emit_or(fail, op, a, b, c, n);
  }
  void jump(Label to) { emit_or(to, Opcode::Jump); }
  /// A jump that means that an expression did not hold: explanations show it.
  void jump_failing(Label to) { emit_or(to, Opcode::Jump, 0, 0, 0, 1); }

  /// Enters a new `with` scope: `make` is a register holding its context. Returns what leave() needs.
  Register begin_scope();
  void enter(Register context);
  Register context() const { return context_; }
  void leave(Register outer);

  /// Writes the trampolines. After this nothing may be emitted.
  void finish();

  /// A register that is undefined when the function begins and keeps what is put there until it returns.
  Register kept() {
    kept_.push_back(fresh());
    return kept_.back();
  }

  Label fail = kNone;
  std::uint32_t loops = 0;  ///< open around the place where code is emitted
  CodePosition at;
  /// Registers of a finished rule body may be used again by the next one.
  std::uint32_t registers() const { return function_.registers; }
  ir::Function& function() { return function_; }

 private:
  struct Trampoline {
    Label label, to;
  };
  std::uint32_t here() const { return static_cast<std::uint32_t>(function_.code.size()); }
  Label within_context(Label label);

  ir::Function& function_;
  std::vector<Register> label_context_;
  std::vector<Trampoline> trampolines_;
  std::vector<Register> kept_;
  Register context_ = kNone;  ///< register of the current scope's context; kNone = the function's own
  Register own_context_ = kNone;
};

}  // namespace signalbox::policy
