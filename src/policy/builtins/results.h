// What built-ins return: values in the evaluation's arena, charged to its meter before the memory is taken.
#pragma once

#include <string_view>

#include "policy/builtins/builtin.h"
#include "policy/value/builder.h"

namespace signalbox::policy::builtins {

inline constexpr std::size_t kBytesPerStep = 64;

/// Charges the work on `bytes` of text; false when a limit is hit.
inline bool charge_bytes(BuiltinContext& context, std::size_t bytes) {
  return context.meter.charge(1 + bytes / kBytesPerStep) && context.meter.fits(bytes);
}

/// A string result that does not outlive its maker: copied into the arena.
inline BuiltinResult owned_string(BuiltinContext& context, std::string_view text) {
  if (!charge_bytes(context, text.size())) return limit_failure();
  return copy_string(context.arena, text);
}

inline BuiltinResult array_of(BuiltinContext& context, std::span<const Value> elements) {
  if (!context.meter.charge(1 + elements.size())) return limit_failure();
  return make_array(context.arena, elements);
}

/// The pair [first, second].
inline Value pair_of(BuiltinContext& context, Value first, Value second) {
  const Value both[] = {first, second};
  return make_array(context.arena, both);
}

}  // namespace signalbox::policy::builtins
