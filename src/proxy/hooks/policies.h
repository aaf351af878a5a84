// Policies: a PolicySet bound to the fact table: which hooks anybody asks about, what is read there, and
// whether a decision made there may be remembered. Immutable, shared by all workers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "actions/hook.h"
#include "policy/engine.h"
#include "proxy/hooks/event_input.h"

namespace signalbox::proxy {

/// What is read at one hook.
struct HookReads {
  bool subscribed = false;
  bool memo = true;          ///< everything read is derived from the session's attributes and the text
  bool transaction = false;  ///< the transaction status is read
  bool text = false;         ///< something that an integer constant of the text can change is read
  bool parameters = false;   ///< something that bound values can change is read
  bool query = false;        ///< the statement is parsed, so the session's settings matter
  std::vector<std::uint32_t> session_slots;  ///< slots whose value belongs to the memo's key
  std::vector<std::uint32_t> slots;          ///< all
};

/// What policies want of answers beside looking at them when they are over.
struct AnswerNeeds {
  bool rows = false;     ///< some rule may ask for a sync action: it has a say before rows pass
  bool columns = false;  ///< what rows are described as is read, or put into an async action
};

class Policies {
 public:
  /// `number` grows with every set that the gateway is given. `set` null = nobody asks for anything.
  Policies(std::shared_ptr<const policy::PolicySet> set, std::uint64_t number);

  bool subscribed(actions::Hook hook) const { return reads(hook).subscribed; }
  const HookReads& reads(actions::Hook hook) const { return hooks_[static_cast<std::size_t>(hook)]; }
  const AnswerNeeds& answer_needs() const { return answer_needs_; }
  const policy::PolicySet* set() const { return set_.get(); }
  const std::vector<BoundPath>& slots() const { return slots_; }
  std::uint64_t number() const { return number_; }
  /// Something reads this row of the fact table, or a part of it, at some hook.
  bool reads_fact(std::string_view path) const;
  /// The paths that rules at this hook read, dotted, for an external engine's input.
  std::vector<std::string> paths(actions::Hook hook) const;

 private:
  void read_slot(HookReads& reads, const policy::SlotRead& read);
  void note_asked();

  std::shared_ptr<const policy::PolicySet> set_;
  std::uint64_t number_;
  std::vector<BoundPath> slots_;
  std::array<HookReads, actions::kHookCount> hooks_;
  AnswerNeeds answer_needs_;
};

}  // namespace signalbox::proxy
