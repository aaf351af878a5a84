// Plan: what the interlock made of a decision: one verdict, the sync actions in the order in which they run,
// the async actions to queue, and for every request that is in neither list, why. Requests are named by their
// index in `Decision::actions`; a plan is read beside its decision, which holds the parameters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "actions/spec.h"
#include "actions/verdict.h"

namespace signalbox::actions {

inline constexpr std::uint32_t kNoRequest = 0xffff'ffff;

struct PlannedAction {
  const ActionSpec* spec = nullptr;  ///< never null in a plan
  std::uint32_t request = kNoRequest;
  bool operator==(const PlannedAction&) const = default;
};

/// Why the plan has the verdict it has.
enum class Reason : std::uint8_t {
  Undecided,    ///< no interlock has run: a default-constructed plan refuses
  Requested,    ///< `decided_by` asked for it
  Default,      ///< nobody asked for a verdict
  PolicyError,  ///< evaluation failed and `on_error` refuses
  Conflict,     ///< a contradiction and `on_conflict` refuses
  Invalid,      ///< a sync action that cannot run here was asked for, and `on_invalid` refuses
};
std::string_view name(Reason reason);

/// What became of a request that is not in the plan's lists.
enum class Fate : std::uint8_t {
  Shadow,      ///< its policy is in shadow mode: recorded only
  Duplicate,   ///< equal to `because`
  Overridden,  ///< below the priority of the `final` action `because`
  Outranked,   ///< `because` brought a stricter verdict, or the same one with precedence
  Conflict,    ///< contradicts `because`, which has precedence
  Skipped,  ///< the verdict of `because` (or a refusal by rule) ends the message, so there is nothing to act
            ///< on
  Unknown,  ///< no such action in the catalogue
  WrongHook,     ///< the action does not exist at this hook
  BadParameter,  ///< its parameters do not fit the schema
};
std::string_view name(Fate fate);

struct SetAside {
  std::uint32_t request = kNoRequest;
  Fate fate = Fate::Shadow;
  std::uint32_t because = kNoRequest;  ///< the request that prevailed, or kNoRequest
  bool operator==(const SetAside&) const = default;
};

struct Plan {
  Verdict verdict = Verdict::Deny;
  Reason reason = Reason::Undecided;
  std::uint32_t decided_by = kNoRequest;  ///< the request behind the verdict when `reason` is Requested
  std::vector<PlannedAction> sync;        ///< in running order: by phase, then precedence
  std::vector<PlannedAction> async;       ///< by precedence; queued once the plan is final
  std::vector<SetAside> set_aside;        ///< by request index

  /// Empties the lists, keeps their memory, and refuses again.
  void clear();
  bool operator==(const Plan&) const = default;
};

/// How many entries of `plan.set_aside` have this fate.
std::size_t count(const Plan& plan, Fate fate);

}  // namespace signalbox::actions
