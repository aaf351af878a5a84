// The functions that a template may call. `and`, `or` and `call` are the executor's.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "policy/builtins/builtin.h"
#include "policy/builtins/go/template/datum.h"

namespace signalbox::policy::go::tmpl {

struct Function {
  std::string_view name;
  int least;        ///< arguments it needs
  bool variadic;    ///< takes more than that
  bool text_first;  ///< the first argument is a Go string
  bool any;         ///< arguments are interface {} values, not reflect.Value
  std::expected<Datum, std::string> (*call)(BuiltinContext&, std::span<const Datum> args);
};

const Function* find_function(std::string_view name);

/// Whether what a template prints fits into the evaluation's limits is asked here.
bool fits(BuiltinContext& context, std::size_t bytes);

/// The "error" that ends a template when a limit of the evaluation is hit.
inline constexpr std::string_view kLimitHit = "limit exceeded";

}  // namespace signalbox::policy::go::tmpl
