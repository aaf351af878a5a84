// Any arguments to any built-in: the call ends within limits, with a value that prints, or undefined, or an
// error. The first two bytes choose the built-in; the rest is a JSON array of arguments, in which {"$set":
// [...]} is a set.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string_view>

#include "policy/builtins/builtin.h"
#include "policy/value/builder.h"
#include "policy/value/json.h"

using namespace signalbox::policy;

namespace {

Value with_sets(Arena& arena, const Value& value) {
  if (value.is_array()) {
    ArrayBuilder out(arena);
    for (const Value& item : value.as_array()) out.add(with_sets(arena, item));
    return out.finish();
  }
  if (!value.is_object()) return value;
  if (const Value members = value.at("$set"); members.is_array() && value.size() == 1) {
    SetBuilder out(arena);
    for (const Value& item : members.as_array()) out.add(with_sets(arena, item));
    return out.finish();
  }
  ObjectBuilder out(arena);
  for (const Pair& pair : value.as_object()) out.add(pair.key, with_sets(arena, pair.value));
  return out.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const auto builtins = all_builtins();
  const Builtin& builtin = *builtins[(data[0] * 256u + data[1]) % builtins.size()];
  if (builtin.fn == nullptr || builtin.nondeterministic) return 0;
  Arena arena;
  const auto read = parse_json(arena, {reinterpret_cast<const char*>(data) + 2, size - 2});
  if (!read || !read->is_array()) return 0;
  const Value arguments = with_sets(arena, *read);
  if (!builtin.variadic && arguments.size() != builtin.arity) return 0;
  Limits limits;
  limits.steps = 500'000;
  limits.memory = 64u << 20;
  Meter meter;
  meter.start(limits, arena);
  static BuiltinStore kept;
  BuiltinStore evaluation;
  const BuiltinHost host;
  std::mt19937_64 random(1);
  BuiltinContext context{arena,  meter, kept,    evaluation, host, 1'700'000'000'000'000'000,
                         random, true,  nullptr, "fuzz"};
  const BuiltinResult result = builtin.fn(context, arguments.as_array());
  if (result && *result && to_json(*result).empty()) std::abort();
  if (!result && result.error().message.empty() && meter.hit() == LimitHit::None) std::abort();
  return 0;
}
