// bits.*: two's complement of unbounded width, as Go's big.Int. 64-bit operands stay in registers.
#include "policy/builtins/big_integer.h"
#include "policy/builtins/declare.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

using Combine = void (*)(mpz_ptr, mpz_srcptr, mpz_srcptr);

std::int64_t small_and(std::int64_t a, std::int64_t b) {
  return a & b;
}
std::int64_t small_or(std::int64_t a, std::int64_t b) {
  return a | b;
}
std::int64_t small_xor(std::int64_t a, std::int64_t b) {
  return a ^ b;
}

template <std::int64_t (*Small)(std::int64_t, std::int64_t), Combine Big>
BuiltinResult combine(BuiltinContext& context, std::span<const Value> args) {
  if (args[0].is_integer() && args[1].is_integer())
    return Value::integer(Small(args[0].as_integer(), args[1].as_integer()));
  auto a = operand<BigInteger>(args[0], 1);
  if (!a) return std::unexpected(a.error());
  auto b = operand<BigInteger>(args[1], 2);
  if (!b) return std::unexpected(b.error());
  BigInteger out;
  Big(out.get(), a->get(), b->get());
  return to_value(context, out);
}

BuiltinResult negate(BuiltinContext& context, BigInteger a) {
  mpz_com(a.get(), a.get());
  return to_value(context, a);
}

BuiltinResult shift_left(BuiltinContext& context, BigInteger a, BigInteger by) {
  if (by.sign() < 0)
    return operand_complaint(2, "must be an unsigned integer number but got a negative integer");
  if (a.sign() == 0) return Value::integer(0);
  constexpr std::size_t kMaxBits = kMaxNumberDigits * 3;
  if (mpz_cmp_ui(by.get(), kMaxBits) > 0 || a.bits() + mpz_get_ui(by.get()) > kMaxBits)
    return builtin_failure(std::string(message(NumberError::TooLarge)));
  if (!charge_bytes(context, mpz_get_ui(by.get()) / 8)) return limit_failure();
  mpz_mul_2exp(a.get(), a.get(), mpz_get_ui(by.get()));
  return to_value(context, a);
}

BuiltinResult shift_right(BuiltinContext& context, BigInteger a, BigInteger by) {
  if (by.sign() < 0)
    return operand_complaint(2, "must be an unsigned integer number but got a negative integer");
  if (mpz_fits_ulong_p(by.get()) == 0) return Value::integer(a.sign() < 0 ? -1 : 0);
  mpz_fdiv_q_2exp(a.get(), a.get(), mpz_get_ui(by.get()));
  return to_value(context, a);
}

constexpr Builtin row(std::string_view name, std::string_view signature, BuiltinFn fn) {
  return declare("bits", name, signature, fn);
}

constexpr Builtin kTable[] = {
    row("bits.and", "(number, number) => number", combine<small_and, mpz_and>),
    row("bits.lsh", "(number, number) => number", typed<shift_left>),
    row("bits.negate", "(number) => number", typed<negate>),
    row("bits.or", "(number, number) => number", combine<small_or, mpz_ior>),
    row("bits.rsh", "(number, number) => number", typed<shift_right>),
    row("bits.xor", "(number, number) => number", combine<small_xor, mpz_xor>),
};

}  // namespace

std::span<const Builtin> bits() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
