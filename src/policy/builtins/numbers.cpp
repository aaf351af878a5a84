// Arithmetic operators, rounding, ranges, rand.intn. `-` serves numbers and sets.
#include <map>

#include "policy/builtins/big_float.h"
#include "policy/builtins/big_integer.h"
#include "policy/builtins/declare.h"
#include "policy/builtins/digits.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/set_algebra.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

template <NumberResult (*Compute)(Arena&, const Value&, const Value&)>
BuiltinResult arithmetic(BuiltinContext& context, Number a, Number b) {
  if (!context.meter.charge(cost_of_digits(a.value, b.value))) return limit_failure();
  NumberResult result = Compute(context.arena, a.value, b.value);
  if (!result) return builtin_failure(std::string(message(result.error())));
  return *result;
}

BuiltinResult abs(BuiltinContext& context, Number a) {
  return absolute(context.arena, a.value);
}

// The fraction is cut off first, and a sign that is lost by that is not remembered: OPA's ceil(-0.5) is 1.
template <bool Up>
BuiltinResult toward(BuiltinContext& context, Number a) {
  if (a.value.is_integer()) return a.value;
  BigFloat exact(a.value);
  BigInteger whole = exact.truncated();
  bool is_whole = mpfr_cmp_z(exact.get(), whole.get()) == 0;
  if (!is_whole && Up && whole.sign() >= 0) mpz_add_ui(whole.get(), whole.get(), 1);
  if (!is_whole && !Up && whole.sign() < 0) mpz_sub_ui(whole.get(), whole.get(), 1);
  return to_value(context, whole);
}

BuiltinResult round(BuiltinContext& context, Number a) {
  if (a.value.is_integer()) return a.value;
  BigFloat shifted(a.value);
  mpfr_add_d(shifted.get(), shifted.get(), shifted.negative() ? -0.5 : 0.5, MPFR_RNDN);
  return to_value(context, shifted.truncated());
}

BuiltinResult minus(BuiltinContext& context, Value a, Value b) {
  static constexpr std::string_view kNumberOrSet[] = {"number", "set"};
  if (a.is_number() && b.is_number()) return arithmetic<subtract>(context, Number{a}, Number{b});
  if (a.is_set() && b.is_set()) return set_difference(context, Set{a}, Set{b});
  if (!a.is_number() && !a.is_set()) return operand_error(1, kNumberOrSet, a);
  return operand_error(2, b.is_number() ? "set" : "number", b);
}

BuiltinResult small_range(BuiltinContext& context, std::int64_t from, std::int64_t to, std::uint64_t step) {
  auto span =
      static_cast<std::uint64_t>(from <= to ? to : from) - static_cast<std::uint64_t>(from <= to ? from : to);
  std::uint64_t count = span / step + 1;
  if (count == 0 || !context.meter.charge(count) || !context.meter.fits(count * sizeof(Value)))
    return limit_failure();
  Value* out = context.arena.allocate_array<Value>(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t offset = i * step;
    out[i] = Value::integer(static_cast<std::int64_t>(static_cast<std::uint64_t>(from) +
                                                      (from <= to ? offset : std::uint64_t{0} - offset)));
  }
  return Value::array({out, count});
}

BuiltinResult big_range(BuiltinContext& context, BigInteger from, const BigInteger& to,
                        const BigInteger& step) {
  bool up = mpz_cmp(from.get(), to.get()) <= 0;
  ArrayBuilder out(context.arena);
  while (up ? mpz_cmp(from.get(), to.get()) <= 0 : mpz_cmp(from.get(), to.get()) >= 0) {
    if (!context.meter.charge(1 + from.bits() / 64) || !context.meter.fits(sizeof(Value)))
      return limit_failure();
    out.add(to_value(context, from));
    (up ? mpz_add : mpz_sub)(from.get(), from.get(), step.get());
  }
  return out.finish();
}

BuiltinResult range_by(BuiltinContext& context, std::span<const Value> args, const BigInteger& step) {
  auto from = operand<BigInteger>(args[0], 1);
  auto to = operand<BigInteger>(args[1], 2);
  if (args[0].is_integer() && args[1].is_integer() && mpz_fits_ulong_p(step.get()) != 0)
    return small_range(context, args[0].as_integer(), args[1].as_integer(), mpz_get_ui(step.get()));
  return big_range(context, std::move(*from), *to, step);
}

BuiltinResult range(BuiltinContext& context, std::span<const Value> args) {
  for (int i = 0; i < 2; ++i)
    if (auto integer = operand<BigInteger>(args[static_cast<std::size_t>(i)], i + 1); !integer)
      return std::unexpected(integer.error());
  return range_by(context, args, BigInteger("1"));
}

BuiltinResult range_step(BuiltinContext& context, std::span<const Value> args) {
  for (int i = 0; i < 3; ++i)
    if (auto integer = operand<BigInteger>(args[static_cast<std::size_t>(i)], i + 1); !integer)
      return std::unexpected(integer.error());
  auto step = operand<BigInteger>(args[2], 3);
  if (step->sign() <= 0) return builtin_failure("numbers.range_step: step must be a positive integer");
  return range_by(context, args, *step);
}

// One seed gives one number within an evaluation: the evaluator caches by arguments, and the sign of n is
// dropped first.
struct DrawnNumbers {
  std::map<std::pair<std::string, std::uint64_t>, std::int64_t> by_seed;
};

BuiltinResult intn(BuiltinContext& context, std::string_view seed, Int n) {
  if (n.value == 0) return Value::integer(0);
  auto bound = n.value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(n.value)
                           : static_cast<std::uint64_t>(n.value);
  if (!charge_bytes(context, seed.size())) return limit_failure();
  auto& drawn = context.evaluation.of<DrawnNumbers>().by_seed;
  auto [at, fresh] = drawn.try_emplace({std::string(seed), bound}, 0);
  if (fresh)
    at->second =
        static_cast<std::int64_t>(std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(context.random));
  return Value::integer(at->second);
}

constexpr Builtin row(std::string_view name, std::string_view signature, BuiltinFn fn, Traits traits = {}) {
  return declare("numbers", name, signature, fn, traits);
}

constexpr std::string_view kOne = "(number) => number";
constexpr std::string_view kTwo = "(number, number) => number";

constexpr Builtin kTable[] = {
    row("abs", kOne, typed<abs>),
    row("ceil", kOne, typed<toward<true>>),
    row("div", kTwo, typed<arithmetic<divide>>, {.infix = "/"}),
    row("floor", kOne, typed<toward<false>>),
    row("minus", "(any<number, set[any]>, any<number, set[any]>) => any<number, set[any]>", typed<minus>,
        {.infix = "-"}),
    row("mul", kTwo, typed<arithmetic<multiply>>, {.infix = "*"}),
    row("numbers.range", "(number, number) => array[number]", range),
    row("numbers.range_step", "(number, number, number) => array[number]", range_step),
    row("plus", kTwo, typed<arithmetic<add>>, {.infix = "+"}),
    row("rand.intn", "(string, number) => number", typed<intn>, {.nondeterministic = true}),
    row("rem", kTwo, typed<arithmetic<remainder>>, {.infix = "%"}),
    row("round", kOne, typed<round>),
};

}  // namespace

std::span<const Builtin> numbers() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
