// The steps are those of docs/interlock.md: classify, apply `final`, merge duplicates, settle contradictions,
// rank, refuse by rule, sort into lists. Candidates are kept in precedence order throughout (priority,
// policy, rule, action, parameters), which is what makes the outcome independent of the order in which the
// decision lists its actions.
//
// The surprise: a route or an edit is not a permission. Where the default is to deny, somebody has to say
// `allow`.
#include "actions/interlock.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory_resource>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "actions/vocabulary.h"
#include "policy/decision.h"

namespace signalbox::actions {

namespace {

struct Candidate {
  const ActionSpec* spec;
  const policy::ActionRequest* request;
  std::uint32_t index;
};
using Candidates = std::pmr::vector<Candidate>;

bool is_sync(const Candidate& c) {
  return c.spec->lane == Lane::Sync;
}

/// Which of two requests prevails when both cannot: true when `a` does. A total order up to equal requests.
bool precedes(const Candidate& a, const Candidate& b) {
  const auto& x = *a.request;
  const auto& y = *b.request;
  if (x.priority != y.priority) return x.priority > y.priority;
  if (const int order = x.policy.compare(y.policy); order != 0) return order < 0;
  if (const int order = x.rule.compare(y.rule); order != 0) return order < 0;
  if (a.spec != b.spec) return a.spec->name < b.spec->name;
  if (const int order = policy::compare(x.parameters, y.parameters); order != 0) return order < 0;
  if (x.final != y.final) return x.final;
  if (x.at != y.at) return x.at < y.at;
  return a.index < b.index;
}

/// Orders by action, then parameters: equal ones are the same action.
int compare_actions(const Candidate& a, const Candidate& b) {
  if (a.spec != b.spec) return a.spec->name.compare(b.spec->name);
  return policy::compare(a.request->parameters, b.request->parameters);
}

/// Orders by exclusive group, then by the parameter that divides the group: equal ones exclude each other.
int compare_groups(const Candidate& a, const Candidate& b) {
  const ExclusiveGroup& group = a.spec->group;
  if (const int order = group.name.compare(b.spec->group.name); order != 0) return order;
  if (group.name.empty()) return a.index < b.index ? -1 : a.index > b.index;
  if (group.by.empty()) return 0;
  return policy::compare(a.request->parameters.at(group.by), b.request->parameters.at(b.spec->group.by));
}

/// A response that edits a real one lets the message go on; one that answers a request ends it.
bool ends(Verdict verdict, Hook hook) {
  return refuses(verdict) || (verdict == Verdict::Response && !kResponseHooks.contains(hook));
}

class Interlock {
 public:
  Interlock(const policy::Decision& decision, Hook hook, const InterlockOptions& options, Plan& plan)
      : decision_(decision), hook_(hook), options_(options), plan_(plan) {}

  void run() {
    plan_.clear();
    candidates_.reserve(decision_.actions.size());
    classify();
    if (!candidates_.empty()) {
      std::ranges::sort(candidates_, precedes);
      apply_final();
      merge_duplicates();
      settle_contradictions();
    }
    rank();
    refuse_by_rule();
    fill_lists();
  }

 private:
  void set_aside(std::uint32_t index, Fate fate, std::uint32_t because = kNoRequest) {
    plan_.set_aside.push_back({index, fate, because});
  }

  void classify() {
    for (std::uint32_t i = 0; i < decision_.actions.size(); ++i) {
      const policy::ActionRequest& request = decision_.actions[i];
      if (request.shadow) {
        set_aside(i, Fate::Shadow);
        continue;
      }
      const ActionSpec* spec = find_action(request.action);
      if (spec == nullptr) {
        set_aside(i, Fate::Unknown);
      } else if (!spec->hooks.contains(hook_)) {
        set_aside(i, Fate::WrongHook);
      } else if (!parameters_fit(*spec, request, hook_)) {
        set_aside(i, Fate::BadParameter);
      } else {
        candidates_.push_back({spec, &request, i});
        continue;
      }
      // An async action that cannot run decides nothing about the message; anything else might have refused
      // it.
      if (spec == nullptr || spec->lane == Lane::Sync) invalid_ = true;
    }
  }

  /// Sync actions below the highest priority that a final sync action has are out. Async ones are always
  /// queued.
  void apply_final() {
    const auto last_word =
        std::ranges::find_if(candidates_, [](const Candidate& c) { return is_sync(c) && c.request->final; });
    if (last_word == candidates_.end()) return;
    const Candidate final_action = *last_word;
    std::erase_if(candidates_, [&](const Candidate& c) {
      if (!is_sync(c) || c.request->priority >= final_action.request->priority) return false;
      set_aside(c.index, Fate::Overridden, final_action.index);
      return true;
    });
  }

  void merge_duplicates() { keep_first_of_equals(compare_actions, Fate::Duplicate); }

  void settle_contradictions() {
    const std::size_t before = candidates_.size();
    keep_first_of_equals(compare_groups, Fate::Conflict);
    contradiction_ = candidates_.size() != before;
  }

  void rank() {
    const Candidate* strictest = nullptr;
    bool permitted = options_.default_verdict == Verdict::Allow;
    for (const Candidate& c : candidates_) {
      if (!is_sync(c) || !c.spec->verdict) continue;
      const Verdict verdict = *c.spec->verdict;
      if (verdict == Verdict::Allow || verdict == Verdict::Transmit) permitted = true;
      if (strictest == nullptr || stricter(verdict, *strictest->spec->verdict)) strictest = &c;
    }
    const bool forwards = strictest != nullptr && !ends(*strictest->spec->verdict, hook_);
    if (strictest == nullptr || *strictest->spec->verdict == Verdict::Fallthrough ||
        (forwards && !permitted)) {
      plan_.verdict = options_.default_verdict;
      plan_.reason = Reason::Default;
    } else {
      plan_.verdict = *strictest->spec->verdict;
      plan_.reason = Reason::Requested;
      plan_.decided_by = strictest->index;
    }
  }

  void refuse_by_rule() {
    std::optional<Reason> reason;
    if (contradiction_ && options_.on_conflict == Fallback::Refuse) reason = Reason::Conflict;
    if (invalid_ && options_.on_invalid == Fallback::Refuse) reason = Reason::Invalid;
    if (decision_.error && options_.on_error == Fallback::Refuse) reason = Reason::PolicyError;
    if (!reason || (plan_.verdict <= Verdict::Deny && plan_.reason == Reason::Requested)) return;
    plan_.verdict = Verdict::Deny;
    plan_.reason = *reason;
    plan_.decided_by = kNoRequest;
  }

  void fill_lists() {
    for (const Candidate& c : candidates_) {
      if (!is_sync(c)) {
        plan_.async.push_back({c.spec, c.index});
      } else if (const auto fate = fate_of(c)) {
        set_aside(c.index, *fate, plan_.decided_by);
      } else {
        plan_.sync.push_back({c.spec, c.index});
      }
    }
    // Insertion sort: lists are short, and the candidates' precedence is kept within a phase.
    for (std::size_t i = 1; i < plan_.sync.size(); ++i) {
      for (std::size_t j = i; j > 0 && plan_.sync[j].spec->phase < plan_.sync[j - 1].spec->phase; --j) {
        std::swap(plan_.sync[j], plan_.sync[j - 1]);
      }
    }
    std::ranges::sort(plan_.set_aside, {}, &SetAside::request);
  }

  /// Why a sync candidate does not run under the plan's verdict; nothing when it does.
  std::optional<Fate> fate_of(const Candidate& c) const {
    if (c.index == plan_.decided_by) return std::nullopt;
    return fate_under(plan_.verdict, *c.spec, hook_);
  }

  /// Of candidates that `compare` calls equal, only the one with precedence stays. Sorting keeps this n log
  /// n: how many requests there are may be the client's doing (a rule that asks once a table).
  void keep_first_of_equals(int (*compare)(const Candidate&, const Candidate&), Fate fate) {
    if (candidates_.size() < 2) return;
    std::ranges::sort(candidates_, [&](const Candidate& a, const Candidate& b) {
      const int order = compare(a, b);
      return order != 0 ? order < 0 : precedes(a, b);
    });
    auto last = candidates_.begin();
    for (auto c = last + 1; c != candidates_.end(); ++c) {
      if (compare(*last, *c) == 0) {
        set_aside(c->index, fate, last->index);
      } else {
        *++last = *c;
      }
    }
    candidates_.erase(last + 1, candidates_.end());
    std::ranges::sort(candidates_, precedes);
  }

  const policy::Decision& decision_;
  const Hook hook_;
  const InterlockOptions& options_;
  Plan& plan_;
  // Room for the requests of any ordinary decision; a larger one takes from the heap.
  alignas(std::max_align_t) std::array<std::byte, 1024> memory_;
  std::pmr::monotonic_buffer_resource resource_{memory_.data(), memory_.size()};
  Candidates candidates_{&resource_};
  bool invalid_ = false;
  bool contradiction_ = false;
};

}  // namespace

std::optional<Fate> fate_under(Verdict verdict, const ActionSpec& spec, Hook hook) {
  if (spec.phase == Phase::Guard || spec.lane == Lane::Async) return std::nullopt;
  if (!spec.verdict) {
    const bool moot = spec.phase == Phase::Session ? ends_session(verdict) : ends(verdict, hook);
    return moot ? std::optional(Fate::Skipped) : std::nullopt;
  }
  // An edited message can also be routed: the two do not contradict each other.
  const bool goes_along = spec.phase == Phase::Routing || spec.phase == Phase::Rewriting;
  const bool edited =
      verdict == Verdict::Request || verdict == Verdict::Route || verdict == Verdict::Response;
  if (goes_along && edited && !ends(verdict, hook)) return std::nullopt;
  return Fate::Outranked;
}

void interlock(const policy::Decision& decision, Hook hook, const InterlockOptions& options, Plan& plan) {
  Interlock(decision, hook, options, plan).run();
}

Plan interlock(const policy::Decision& decision, Hook hook, const InterlockOptions& options) {
  Plan plan;
  interlock(decision, hook, options, plan);
  return plan;
}

}  // namespace signalbox::actions
