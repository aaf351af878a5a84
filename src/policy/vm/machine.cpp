// Machine: the dispatch loop, a table of opcodes with one case each, and what surrounds one evaluation.
// The idea: failure is a jump whose target the planner knew, so there is no choice-point stack and no
// unwinding; a register is written by one instruction, and re-entering a loop simply writes it again.
#include "policy/vm/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "policy/compile/planner.h"
#include "policy/data/base_document.h"
#include "policy/value/number.h"
#include "policy/value/work.h"
#include "policy/vm/machine_parts.h"
#include "policy/vm/tracer.h"

namespace signalbox::policy {

namespace {
/// A small number of steps may still compare and print large documents.
constexpr std::uint64_t kLeastWork = 100'000'000;
}  // namespace

Value* RegisterStack::push(std::uint32_t count) {
  if (top_ != nullptr && count <= static_cast<std::size_t>(end_ - top_)) {
    Value* window = top_;
    top_ += count;
    return window;
  }
  if (top_ != nullptr) ++block_;
  if (block_ < blocks_.size() && sizes_[block_] < count) {
    blocks_.resize(block_);
    sizes_.resize(block_);
  }
  if (block_ == blocks_.size()) {
    sizes_.push_back(std::max(kBlock, count));
    blocks_.push_back(std::make_unique<Value[]>(sizes_.back()));
  }
  Value* window = blocks_[block_].get();
  top_ = window + count;
  end_ = window + sizes_[block_];
  return window;
}

void RegisterStack::release(Mark mark) {
  block_ = mark.block;
  top_ = mark.top;
  if (block_ < blocks_.size()) end_ = blocks_[block_].get() + sizes_[block_];
}

Machine::Machine() : random_(std::random_device{}()) {}

void Machine::start(const Evaluation& evaluation) {
  evaluation_ = evaluation;
  if (program_ != evaluation.program) {
    program_ = evaluation.program;
    const auto number_of = [&](std::string_view name) {
      const auto it = std::ranges::find(program_->builtins, name, &Builtin::name);
      return it == program_->builtins.end() ? kNone
                                            : static_cast<std::uint32_t>(it - program_->builtins.begin());
    };
    plus_ = number_of("plus"), minus_ = number_of("minus"), mul_ = number_of("mul");
  }
  const std::size_t slots =
      program_->slots.size() + (evaluation.query != nullptr ? evaluation.query->slots.size() : 0);
  if (memo_.size() < program_->rule_sets.size()) memo_.resize(program_->rule_sets.size());
  if (slots_.size() < slots) slots_.resize(slots);
  if (++epoch_ == 0) {
    std::ranges::fill(memo_, MemoEntry{});
    std::ranges::fill(slots_, MemoEntry{});
    epoch_ = 1;
  }
  arena_.reset();
  stack_.reset();
  meter_.start(evaluation.limits, arena_);
  Work::allow(std::max(kLeastWork, evaluation.limits.steps));
  per_evaluation_.clear();
  contributions_.clear();
  remembered_.clear();
  error_.reset();
  first_builtin_error_.reset();
  deterministic_ = true;
  depth_ = 0;
  outermost_ = Context{};
  outermost_.outermost = true;
  context_ = &outermost_;
}

Arena Machine::take_arena() {
  Arena out = std::move(arena_);
  arena_ = Arena();
  return out;
}

const KnownDocument* Machine::known_document(std::uint32_t number) const {
  if (number >= program_->known.size() || !program_->known[number].known) return nullptr;
  const bool watched =
      evaluation_.tracer != nullptr || evaluation_.notes != nullptr || evaluation_.traces != nullptr;
  if (watched) return nullptr;
  const bool only_input = std::ranges::all_of(
      context_->overrides, [](const Override& o) { return o.kind == Override::Kind::Input; });
  return only_input ? &program_->known[number] : nullptr;
}

bool Machine::rule_set(std::uint32_t number, Value& out) {
  if (context_->outermost) {
    const MemoEntry& known = memo_[number];
    if (known.epoch == epoch_) {
      out = known.value;
      return true;
    }
  } else if (const Value* known = context_->memo.find(number)) {
    out = *known;
    return true;
  }
  if (const KnownDocument* known = known_document(number)) {
    out = known->value;
    return true;
  }
  if (!call(program_->functions[program_->rule_sets[number].function], {}, out)) return false;
  if (context_->outermost) {
    memo_[number] = {out, epoch_};
  } else {
    context_->memo.insert(arena_, number, out);
  }
  return true;
}

bool Machine::call(const Function& f, std::span<const Value> arguments, Value& out) {
  if (depth_ >= meter_.limits().depth) {
    meter_.stop(LimitHit::Depth);
    return limit_error();
  }
  if (!meter_.charge()) return limit_error();
  ++depth_;
  const RegisterStack::Mark mark = stack_.mark();
  Value* registers = stack_.push(f.registers);
  std::copy(arguments.begin(), arguments.end(), registers);
  const bool good = evaluation_.tracer == nullptr ? run<Watched::No>(f, registers, out)
                                                  : run_watched(f, arguments, registers, out);
  stack_.release(mark);
  --depth_;
  return good;
}

bool Machine::run_watched(const Function& f, std::span<const Value> arguments, Value* registers, Value& out) {
  evaluation_.tracer->enter(f, arguments);
  const bool good = run<Watched::Yes>(f, registers, out);
  evaluation_.tracer->leave(f, good ? out : Value());
  return good;
}

template <Machine::Watched kWatched>
bool Machine::run(const Function& f, Value* registers, Value& out) {
  const Instruction* const code = f.code.data();
  const Instruction* pc = code;
  const Value* const constants = f.constants;
  const auto at = [&](std::uint32_t operand) -> const Value& {
    return (operand & kConstantBit) != 0 ? constants[operand & ~kConstantBit] : registers[operand];
  };
  const auto arguments = [&](const Instruction& i) { return std::span<const Value>(registers + i.c, i.n); };
  for (;;) {
    const Instruction& i = *pc++;
    bool holds = true;  // false: go to d
    if constexpr (kWatched == Watched::Yes) {
      evaluation_.tracer->step(f, static_cast<std::uint32_t>(&i - code));
    }
    switch (i.op) {
      case Opcode::Move: registers[i.a] = at(i.b); break;
      case Opcode::Jump:
        if constexpr (kWatched == Watched::Yes) {
          if (i.n != 0) note_failure(f, i, registers);
        }
        pc = code + i.d;
        break;
      case Opcode::Return: out = at(i.b); return true;
      case Opcode::Undefine: registers[i.a] = Value(); break;

      case Opcode::Input:
        registers[i.a] = input_slot(i.b);
        holds = !registers[i.a].is_undefined();
        break;
      case Opcode::Tree: registers[i.a] = document(i.b); break;
      case Opcode::Dot: {
        const Value& from = at(i.b);
        if (from.internal_tag() == kLazyTag) {
          if (!child_of(*static_cast<const Lazy*>(from.internal_thing()), at(i.c), registers[i.a]))
            return false;
          holds = !registers[i.a].is_undefined() || registers[i.a].internal_tag() != 0;
        } else {
          registers[i.a] = from.at(at(i.c));
          if (i.n != 0 && registers[i.a].is_undefined()) registers[i.a] = base_document_at(from, at(i.c));
          holds = !registers[i.a].is_undefined();
        }
        break;
      }
      case Opcode::Force:
        if (!force(at(i.b), registers[i.a])) return false;
        holds = !registers[i.a].is_undefined();
        break;
      case Opcode::Rule:
        if (!rule_set(i.b, registers[i.a])) return false;
        holds = !registers[i.a].is_undefined();
        break;

      case Opcode::Truthy: holds = !at(i.b).is_false(); break;
      case Opcode::Defined: holds = !at(i.b).is_undefined(); break;
      case Opcode::Equal: holds = at(i.b) == at(i.c); break;
      case Opcode::NotEqual: holds = !(at(i.b) == at(i.c)); break;
      case Opcode::Less: holds = compare(at(i.b), at(i.c)) < 0; break;
      case Opcode::LessEqual: holds = compare(at(i.b), at(i.c)) <= 0; break;
      case Opcode::Greater: holds = compare(at(i.b), at(i.c)) > 0; break;
      case Opcode::GreaterEqual: holds = compare(at(i.b), at(i.c)) >= 0; break;
      case Opcode::Member:
        if (!meter_.charge(at(i.c).size() + 1)) return limit_error();
        holds = member(at(i.b), at(i.c));
        break;
      case Opcode::IsArray: holds = at(i.b).is_array() && at(i.b).size() == i.n; break;
      case Opcode::IsObject: holds = at(i.b).is_object() && at(i.b).size() == i.n; break;

      case Opcode::ScanBegin: holds = begin_scan(at(i.b), registers + i.a); break;
      case Opcode::ScanNext: {
        if (!meter_.charge()) return limit_error();
        const int got = next_of(registers + i.a, registers[i.b], registers[i.c]);
        if (got < 0) return false;
        holds = got != 0;
        break;
      }

      case Opcode::Add:
      case Opcode::Subtract:
      case Opcode::Multiply:
        if (!arithmetic(f, i, at(i.b), at(i.c), registers[i.a])) return false;
        holds = !registers[i.a].is_undefined();
        break;
      case Opcode::Builtin:
        if (!call_builtin(f, i, i.b, arguments(i), registers[i.a])) return false;
        holds = !registers[i.a].is_undefined();
        break;
      case Opcode::Call:
        if (!call_function(program_->functions[i.b], arguments(i), registers[i.a])) return false;
        holds = !registers[i.a].is_undefined();
        break;
      case Opcode::CallMockable:
      case Opcode::BuiltinMockable:
        if (!call_mockable(f, i, i.op == Opcode::BuiltinMockable, arguments(i), registers[i.a])) return false;
        holds = !registers[i.a].is_undefined();
        break;

      case Opcode::MakeArray: registers[i.a] = make_array(arena_, {registers + i.b, i.n}); break;
      case Opcode::MakeSet: registers[i.a] = make_set(arena_, {registers + i.b, i.n}); break;
      case Opcode::MakeObject: {
        ObjectBuilder object(arena_);
        for (std::uint32_t n = 0; n < i.n; ++n)
          object.add(registers[i.b + 2 * n], registers[i.b + 2 * n + 1]);
        registers[i.a] = object.finish();
        break;
      }
      case Opcode::BeginGroups:
        registers[i.a] = Value::internal(
            kBuilderTag, new (arena_.allocate(sizeof(Builder), alignof(Builder))) Builder(
                             i.n != 0 ? GroupBuilder::Into::Sets : GroupBuilder::Into::Arrays, arena_));
        break;
      case Opcode::AddGroup: {
        if (!meter_.charge()) return limit_error();
        auto& builder = *static_cast<Builder*>(const_cast<void*>(registers[i.a].internal_thing()));
        builder.groups.add({registers + i.b, i.n}, at(i.c));
        break;
      }
      case Opcode::ArrayGroup:
      case Opcode::SetGroup: {
        const Value group = at(i.b).at(GroupBuilder::key_of({registers + i.c, i.n}));
        registers[i.a] = group ? group : i.op == Opcode::SetGroup ? kEmptySet : kEmptyArray;
        break;
      }
      case Opcode::BeginArray:
      case Opcode::BeginSet:
      case Opcode::BeginObject:
      case Opcode::BeginDocument:
        registers[i.a] = Value::internal(
            kBuilderTag, new (arena_.allocate(sizeof(Builder), alignof(Builder))) Builder(i.op, arena_));
        break;
      case Opcode::AddElement:
      case Opcode::AddMember:
      case Opcode::AddPair:
      case Opcode::AddPath:
      case Opcode::AddPathMember: {
        if (!meter_.charge()) return limit_error();
        auto& builder = *static_cast<Builder*>(const_cast<void*>(registers[i.a].internal_thing()));
        const bool two = i.op != Opcode::AddElement && i.op != Opcode::AddMember;
        const bool path = i.op == Opcode::AddPath || i.op == Opcode::AddPathMember;
        add_to_builder(i, builder, path ? at(i.c) : at(i.b), two ? at(i.c) : Value(), registers);
        break;
      }
      case Opcode::Finish: {
        auto& builder = *static_cast<Builder*>(const_cast<void*>(registers[i.b].internal_thing()));
        if (!finish_builder(f, i, builder, registers[i.a])) return false;
        break;
      }
      case Opcode::Once:
        if (registers[i.a].is_undefined()) {
          registers[i.a] = at(i.b);
        } else if (!(registers[i.a] == at(i.b))) {
          return fail("eval_conflict_error",
                      i.n == 0 ? "complete rules must not produce multiple outputs"
                               : "functions must not produce multiple outputs for same inputs",
                      f, i);
        }
        break;

      case Opcode::ContextSave: registers[i.a] = Value::internal(kContextTag, context_); break;
      case Opcode::ContextNew: registers[i.a] = Value::internal(kContextTag, new_context()); break;
      case Opcode::WithInput:
      case Opcode::WithData:
      case Opcode::WithValue:
      case Opcode::WithFunction: {
        Override added{};
        added.target = i.b;
        added.to_builtin = (i.n & 2) != 0;
        if (i.op == Opcode::WithInput || i.op == Opcode::WithData) {
          added.kind = i.op == Opcode::WithInput ? Override::Kind::Input : Override::Kind::Data;
          added.path = at(i.b).as_array();
          added.value = at(i.c);
          if (!std::ranges::all_of(added.path, [](const Value& key) { return key.is_string(); }))
            return fail("eval_conflict_error", "bad document path", f, i);
        } else if (i.op == Opcode::WithValue) {
          added.kind = i.n != 0 ? Override::Kind::BuiltinValue : Override::Kind::FunctionValue;
          added.value = at(i.c);
        } else {
          added.kind = (i.n & 1) != 0 ? Override::Kind::BuiltinTo : Override::Kind::FunctionTo;
          added.replacement = i.c;
        }
        add_override(*static_cast<Context*>(const_cast<void*>(registers[i.a].internal_thing())), added);
        break;
      }
      case Opcode::Candidates: find_candidates(f, registers, registers + i.a); break;
      case Opcode::NextRule: {
        if (!meter_.charge()) return limit_error();
        const auto position = static_cast<std::size_t>(registers[i.a + 1].as_integer());
        holds = position < registers[i.a].size();
        if (holds) {
          registers[i.a + 1] = Value::integer(static_cast<std::int64_t>(position) + 1);
          pc = code +
               f.rule_entries[static_cast<std::size_t>(registers[i.a].as_array()[position].as_integer())];
        }
        break;
      }
      case Opcode::FanBegin: find_members(program_->fans[i.b], registers + i.a); break;
      case Opcode::FanNext: {
        const int got = next_member(program_->fans[i.n], registers + i.a, registers[i.b], registers[i.c]);
        if (got < 0) return false;
        holds = got != 0;
        break;
      }
      case Opcode::Enter: context_ = static_cast<const Context*>(registers[i.a].internal_thing()); break;
    }
    if (!holds) {
      if constexpr (kWatched == Watched::Yes) note_failure(f, i, registers);
      pc = code + i.d;
    }
  }
}

void Machine::add_to_builder(const Instruction& i, Builder& builder, const Value& first, const Value& second,
                             Value* registers) {
  switch (i.op) {
    case Opcode::AddElement:
      if (builder.kind == Opcode::BeginArray) {
        builder.array.add(first);
      } else {
        builder.set.add(first);
      }
      return;
    case Opcode::AddMember:
      builder.set.add(first);
      if (i.n != 0) contributions_.push_back({first, i.c});
      return;
    case Opcode::AddPair: builder.object.add(first, second); return;
    default: builder.document.add({registers + i.b, i.n}, first, i.op == Opcode::AddPathMember); return;
  }
}

bool Machine::finish_builder(const Function& f, const Instruction& i, Builder& builder, Value& out) {
  bool conflict = false;
  switch (builder.kind) {
    case Opcode::BeginArray: out = builder.array.finish(); break;
    case Opcode::BeginSet: out = builder.set.finish(); break;
    case Opcode::BeginGroups: out = builder.groups.finish(); break;
    case Opcode::BeginObject:
      out = builder.object.finish();
      conflict = builder.object.conflict();
      break;
    default:
      out = builder.document.finish();
      conflict = builder.document.conflict();
      break;
  }
  return !conflict || fail("eval_conflict_error", "object keys must be unique", f, i);
}

bool Machine::finish(bool good, const Value& result) {
  // A result that could not be walked to its end is not handed out: whoever prints it has no limits.
  if (good && result.kind() >= Kind::Array) static_cast<void>(hash(result));
  const bool endless = Work::exhausted();
  Work::allow(Work::kUnlimited);
  if (good && endless) {
    meter_.stop(LimitHit::Steps);
    good = limit_error();
  }
  if (!first_builtin_error_) return good;
  error_ = std::exchange(first_builtin_error_, std::nullopt);
  return false;
}

EvalError Machine::take_error() {
  EvalError out = error_.value_or(EvalError{"eval_internal_error", "no error recorded", {}});
  error_.reset();
  return out;
}

bool Machine::fail(std::string code, std::string message, const Function& f, const Instruction& i) {
  EvalError error{std::move(code), std::move(message), {}};
  const CodePosition& where = f.positions[static_cast<std::size_t>(&i - f.code.data())];
  if (where.file != kNone && where.file < program_->files.size()) error.at.file = program_->files[where.file];
  error.at.row = where.row;
  error.at.col = where.col;
  error_ = std::move(error);
  return false;
}

bool Machine::limit_error() {
  std::string why = "evaluation stopped: ";
  switch (meter_.hit()) {
    case LimitHit::Steps: why += fmt::format("step limit reached ({})", meter_.limits().steps); break;
    case LimitHit::Memory:
      why += fmt::format("memory limit reached ({} bytes)", meter_.limits().memory);
      break;
    case LimitHit::Depth: why += "calls nested too deeply"; break;
    case LimitHit::Time: why += "time limit reached"; break;
    case LimitHit::Cancelled:
    case LimitHit::None: why += "cancelled"; break;
  }
  error_ = EvalError{"eval_cancel_error", why, {}};
  return false;
}

}  // namespace signalbox::policy
