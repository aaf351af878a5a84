// ExprForm: in which form the checker leaves the expressions of rules. They mean the same in each.
#pragma once

#include <cstdint>

namespace signalbox::policy::check {

/// Those of OPA are for who watches which expressions are reached (trace/coverage_program.h).
enum class ExprForm : std::uint8_t {
  Fast,        ///< references stay in the operands, where the machine reads them fastest
  Opa,         ///< one by one as OPA evaluates them; rules of one name in the order that its index gives them
  OpaIndexed,  ///< and a rule begins with what OPA's index looks at: one that is ruled out is left before its
               ///< body
};

}  // namespace signalbox::policy::check
