// Machine, calls: functions, built-ins and what `with` puts in their place.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "policy/builtins/digits.h"
#include "policy/value/number.h"
#include "policy/vm/machine_parts.h"

namespace signalbox::policy {

std::int64_t Machine::now_ns() {
  if (evaluation_.now_ns == 0) {
    const auto& clock = program_->host.wall_clock_ns;
    evaluation_.now_ns = clock ? clock()
                               : std::chrono::duration_cast<std::chrono::nanoseconds>(
                                     std::chrono::system_clock::now().time_since_epoch())
                                     .count();
  }
  return evaluation_.now_ns;
}

std::string Machine::location(const Function& f, const Instruction& i) const {
  const CodePosition& where = f.positions[static_cast<std::size_t>(&i - f.code.data())];
  const std::string file = where.file < program_->files.size() ? program_->files[where.file] : std::string();
  return fmt::format("{}:{}", file, where.row);
}

/// Numbers of thousands of digits take their time, whatever is made of them.
static std::uint64_t cost_of_reading(std::span<const Value> arguments) {
  std::uint64_t digits = 0;
  for (const Value& each : arguments) digits += each.is_number() ? builtins::digits_of(each) : 0;
  return digits / 8;
}

bool Machine::call_builtin(const Function& f, const Instruction& i, std::uint32_t number,
                           std::span<const Value> arguments, Value& out) {
  const Builtin& builtin = *program_->builtins[number];
  if (!meter_.charge(1 + cost_of_reading(arguments))) return limit_error();
  if (builtin.nondeterministic) {
    if (evaluation_.only_known) {
      meter_.stop(LimitHit::Cancelled);
      return limit_error();
    }
    deterministic_ = false;
    for (const RememberedCall& known : remembered_) {
      if (known.builtin == number && known.arguments == Value::array(arguments)) {
        out = known.result;
        return true;
      }
    }
  }
  if (builtin.fn == nullptr) {
    return fail("eval_internal_error", fmt::format("built-in {} cannot be called", builtin.name), f, i);
  }
  const NoteSink* notes = builtin.name == "trace" ? evaluation_.traces : evaluation_.notes;
  std::string where;
  if (notes != nullptr) where = location(f, i);
  BuiltinContext context{arena_,         meter_,
                         kept_,          per_evaluation_,
                         program_->host, builtin.can_skip_bctx ? evaluation_.now_ns : now_ns(),
                         random_,        evaluation_.strict,
                         notes,          where};
  const BuiltinResult result = builtin.fn(context, arguments);
  if (meter_.hit() != LimitHit::None) return limit_error();
  if (result.has_value()) {
    out = *result;
    if (builtin.nondeterministic) {
      remembered_.push_back({number, make_array(arena_, arguments), out});
    }
    return true;
  }
  out = Value();
  const BuiltinError& error = result.error();
  const bool halt = error.kind == BuiltinError::Kind::Halt;
  if (!halt && (!evaluation_.strict || first_builtin_error_)) return true;
  fail(error.kind == BuiltinError::Kind::Type ? "eval_type_error" : "eval_builtin_error",
       fmt::format("{}: {}", builtin.name, error.message), f, i);
  if (halt) return false;
  first_builtin_error_ = std::exchange(error_, std::nullopt);
  return true;
}

bool Machine::arithmetic(const Function& f, const Instruction& i, const Value& a, const Value& b,
                         Value& out) {
  if (a.is_integer() && b.is_integer()) {
    std::int64_t result = 0;
    const std::int64_t x = a.as_integer(), y = b.as_integer();
    const bool overflow = i.op == Opcode::Add        ? __builtin_add_overflow(x, y, &result)
                          : i.op == Opcode::Subtract ? __builtin_sub_overflow(x, y, &result)
                                                     : __builtin_mul_overflow(x, y, &result);
    if (!overflow) {
      out = Value::integer(result);
      return true;
    }
  }
  const Value arguments[] = {a, b};
  const std::uint32_t number = i.op == Opcode::Add ? plus_ : i.op == Opcode::Subtract ? minus_ : mul_;
  return call_builtin(f, i, number, arguments, out);
}

bool Machine::member(const Value& element, const Value& collection) const {
  switch (collection.kind()) {
    case Kind::Set: return collection.contains(element);
    case Kind::Array:
      for (const Value& item : collection.as_array()) {
        if (item == element) return true;
      }
      return false;
    case Kind::Object:
      for (const Pair& pair : collection.as_object()) {
        if (pair.value == element) return true;
      }
      return false;
    default: return false;
  }
}

/// Where a collection is: the same identity means the same value, not the reverse.
static std::uint64_t identity_of(const Value& collection) {
  switch (collection.kind()) {
    case Kind::Array:
      return reinterpret_cast<std::uintptr_t>(collection.as_array().data()) + collection.size();
    case Kind::Object: return reinterpret_cast<std::uintptr_t>(collection.object_rep());
    default: return reinterpret_cast<std::uintptr_t>(collection.set_rep());
  }
}

/// Results are remembered by the arguments' identity: scalars by value, collections by where they are.
/// Comparing large arguments could cost more than the call.
bool Machine::call_function(const Function& f, std::span<const Value> arguments, Value& out) {
  if (!f.memo) return call(f, arguments, out);
  std::uint64_t key = reinterpret_cast<std::uintptr_t>(&f);
  for (const Value& argument : arguments) {
    key = key * 0x9E37'79B9'7F4A'7C15u +
          (argument.kind() < Kind::Array ? hash(argument) : identity_of(argument));
  }
  const auto same = [](const Value& a, const Value& b) {
    return a.same_bits(b) || (a.kind() < Kind::Array && a == b);
  };
  const Value* known = context_->calls.find(key);
  if (known != nullptr && known->as_array()[0].same_bits(Value::internal(kFunctionTag, &f)) &&
      std::equal(arguments.begin(), arguments.end(), known->as_array().begin() + 1, same)) {
    out = known->as_array().back();
    return true;
  }
  if (!call(f, arguments, out)) return false;
  if (known != nullptr) return true;
  Value* entry = arena_.allocate_array<Value>(arguments.size() + 2);
  entry[0] = Value::internal(kFunctionTag, &f);
  std::copy(arguments.begin(), arguments.end(), entry + 1);
  entry[arguments.size() + 1] = out;
  context_->calls.insert(arena_, key, Value::array({entry, arguments.size() + 2}));
  return true;
}

static bool is_of_builtin(const Override& o) {
  return o.kind == Override::Kind::BuiltinValue || o.kind == Override::Kind::BuiltinTo;
}
static bool is_of_function(const Override& o) {
  return o.kind == Override::Kind::FunctionValue || o.kind == Override::Kind::FunctionTo;
}

bool Machine::call_mockable(const Function& f, const Instruction& i, bool builtin,
                            std::span<const Value> arguments, Value& out) {
  for (auto it = context_->overrides.rbegin(); it != context_->overrides.rend(); ++it) {
    if (it->target != i.b || (builtin ? !is_of_builtin(*it) : !is_of_function(*it))) continue;
    if (it->kind == Override::Kind::BuiltinValue || it->kind == Override::Kind::FunctionValue) {
      out = it->value;
      return true;
    }
    if (it->to_builtin) return call_builtin(f, i, it->replacement, arguments, out);
    // Within the replacement every function is the original again.
    const Context* outside = context_;
    Context* original = new_context();
    auto* kept = arena_.allocate_array<Override>(original->overrides.size());
    std::size_t count = 0;
    for (const Override& o : outside->overrides) {
      if (!is_of_builtin(o) && !is_of_function(o)) kept[count++] = o;
    }
    original->overrides = {kept, count};
    context_ = original;
    const bool good = call(program_->functions[it->replacement], arguments, out);
    context_ = outside;
    return good;
  }
  if (builtin) return call_builtin(f, i, i.b, arguments, out);
  return call_function(program_->functions[i.b], arguments, out);
}

}  // namespace signalbox::policy
