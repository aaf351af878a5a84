// declare(): one line of a category's table. The arity is read off the signature.
#pragma once

#include "policy/builtins/builtin.h"

namespace signalbox::policy::builtins {

/// What sets a built-in apart; most have nothing here.
struct Traits {
  std::string_view infix = {};
  bool nondeterministic = false;
  bool relation = false;
  bool deprecated = false;
  bool variadic = false;
  bool reads_context = false;  ///< depends on clock, host, caches or random numbers: never folded at load
};

/// Number of parameters in "(string, any<null, array[string]>) => boolean".
constexpr std::uint8_t arity_of(std::string_view signature) {
  int depth = 0;
  std::uint8_t commas = 0;
  bool any = false;
  for (std::size_t i = 0; i < signature.size(); ++i) {
    char c = signature[i];
    if (c == '(' || c == '<' || c == '[') {
      ++depth;
    } else if (c == ')' && depth == 1) {
      break;
    } else if (c == ')' || c == ']' || (c == '>' && signature[i - 1] != '=')) {
      --depth;
    } else if (c == ',' && depth == 1) {
      ++commas;
    } else if (c != ' ') {
      any = true;
    }
  }
  return any ? static_cast<std::uint8_t>(commas + 1) : 0;
}

constexpr Builtin declare(std::string_view category, std::string_view name, std::string_view signature,
                          BuiltinFn fn, Traits traits = {}) {
  Builtin builtin;
  builtin.name = name;
  builtin.infix = traits.infix;
  builtin.category = category;
  builtin.signature = signature;
  builtin.fn = fn;
  builtin.arity = arity_of(signature);
  builtin.variadic = traits.variadic;
  builtin.nondeterministic = traits.nondeterministic;
  builtin.relation = traits.relation;
  builtin.deprecated = traits.deprecated;
  builtin.can_skip_bctx = !traits.reads_context && !traits.nondeterministic;
  return builtin;
}

}  // namespace signalbox::policy::builtins
