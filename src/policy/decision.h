// Decision: what the policies asked for on one event, by which rule, and whether that may be remembered.
// A value of its own: it outlives the evaluation and the policy set that made it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "policy/value/value.h"

namespace signalbox::policy {

/// Why an evaluation has no result. Codes are OPA's: eval_conflict_error, eval_type_error,
/// eval_builtin_error, eval_cancel_error (limits and cancellation), eval_with_merge_error,
/// eval_internal_error.
struct EvalError {
  std::string code;
  std::string message;
  SourcePosition at;
};
/// "file:row: code: message", as OPA prints it.
std::string to_text(const EvalError& error);

/// One action that a rule asked for: a member of data.gateway.actions.
struct ActionRequest {
  std::string action;  ///< as written: a name or an alias
  Value parameters;    ///< the whole object but "action", "priority" and "final"; memory is the decision's
  std::string policy;  ///< package below data.policies: "protect_customers"
  std::string rule;    ///< rule name, or the YAML rule's `name`; may be empty
  SourcePosition at;   ///< where the rule stands
  int priority = 0;
  bool final = false;
  bool shadow = false;  ///< the policy runs in shadow mode: to be logged, not acted on
};

struct Decision {
  std::vector<ActionRequest> actions;  ///< in Rego's order of the members
  std::string_view revision;           ///< PolicySet::revision(); valid while the set lives
  /// Nothing non-deterministic was read: the same facts give the same decision again (time, random, http.send
  /// do not).
  bool deterministic = true;
  std::optional<EvalError>
      error;                ///< set: `actions` is empty, and the caller applies on_error (default: refuse)
  std::uint64_t steps = 0;  ///< what the evaluation charged
  std::shared_ptr<Arena> memory;  ///< owns the parameters; null without actions
};

}  // namespace signalbox::policy
