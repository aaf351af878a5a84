// ActionSpec: everything there is to know about an action without running it. One table drives load-time
// validation, the interlock, docs/actions.md, `signalbox actions` and the admin API, so they cannot disagree.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "actions/hook.h"
#include "actions/verdict.h"

namespace signalbox::actions {

enum class ParameterType : std::uint8_t {
  Text,     ///< string; `templated` ones may hold {{ path }}
  Name,     ///< string that is one of `choices`
  Integer,  ///< within [min, max]
  Number,   ///< within [min, max]
  Boolean,
  Duration,  ///< string like "250ms", "30s", "5m", "2h", "7d", or a number of seconds; within [min, max]
             ///< seconds
  SqlState,  ///< five characters, digits and upper-case letters
  Url,       ///< http:// or https://, with a host, without user information
  TextList,  ///< array of strings
  TextMap,   ///< object whose values are strings
  Any,       ///< any JSON value; strings in it may hold {{ path }} when `templated`
};

/// A parameter that is given (`value` empty), or has this value; one that is not given has its fallback. With
/// `hooks`: at these alone.
struct Condition {
  std::string_view parameter;
  std::string_view value = {};
  HookSet hooks = {};
};

struct ParameterSpec {
  std::string_view name;
  ParameterType type = ParameterType::Text;
  std::string_view summary;
  std::string_view fallback = {};  ///< what holds when it is absent, as documentation; "" = nothing
  bool required = false;
  bool templated = false;
  std::span<const std::string_view> choices = {};
  double min = 0;
  double max = std::numeric_limits<double>::infinity();
  HookSet hooks = {};                         ///< where it has a meaning; empty = wherever the action has
  std::span<const Condition> only_if = {};    ///< it has a meaning when one of these holds; empty = always
  std::span<const Condition> needed_if = {};  ///< it must be given when one of these holds
  bool is_code = false;                       ///< read as a program: no fact may be put into it as text
};

/// Two conditions that cannot both be meant.
struct Exclusion {
  Condition one;
  Condition other;
};

enum class Lane : std::uint8_t { Sync, Async };

/// How an async action's record is kept until it is done.
enum class Storage : std::uint8_t {
  None,    ///< sync action
  Job,     ///< one row each: retry, result, dead letter
  Stream,  ///< ordered segment log with a cursor for its sink
};

/// Where a sync action stands in the plan. Phases run in this order.
enum class Phase : std::uint8_t {
  Guard,      ///< effects that outlive the message and apply even when it is refused (block)
  Session,    ///< session parameters, credentials, re-authentication
  Limit,      ///< police, limit
  Routing,    ///< route, forward
  Rewriting,  ///< request, response
  Verdict,    ///< everything else
};

/// Actions of one group exclude each other when they differ; "" = no group. With `by`, only requests whose
/// parameter of that name is equal exclude each other (two `set` of one setting do, of two settings do not).
struct ExclusiveGroup {
  std::string_view name = {};
  std::string_view by = {};
};

struct ActionSpec {
  std::string_view name;
  std::span<const std::string_view> aliases = {};
  Lane lane = Lane::Sync;
  Storage storage = Storage::None;
  HookSet hooks;
  Phase phase = Phase::Verdict;
  std::optional<Verdict> verdict = {};  ///< the rank; absent = says nothing about the message
  ExclusiveGroup group = {};
  std::span<const ParameterSpec> parameters = {};
  std::span<const std::string_view> one_of =
      {};  ///< one of these at least, of those with a meaning at the hook
  std::span<const Exclusion> excludes = {};
  std::string_view summary;  ///< one sentence
  std::string_view details = {};
  std::string_view example;  ///< one element of a YAML policy's `then`
};

/// "a string", "one of its names", ...: completes "must be".
std::string_view describe(ParameterType type);

const ParameterSpec* parameter_named(const ActionSpec& spec, std::string_view name);
/// Where a parameter has a meaning.
inline HookSet hooks_of(const ActionSpec& action, const ParameterSpec& parameter) {
  return parameter.hooks.empty() ? action.hooks : parameter.hooks;
}

/// Every action of this build, in the order of the documentation. Static: pointers into it live for ever.
std::span<const ActionSpec> catalogue();

/// By name or alias; nullptr when there is none.
const ActionSpec* find_action(std::string_view name_or_alias);

}  // namespace signalbox::actions
