// One question to an external OPA and its answer, as bytes: the HTTP around them is the caller's.
//
//   Exchange exchange(set->input_paths());             // once for each policy set
//   exchange.append_request(input, arena, body);       // {"input": {"query": {"kind": "delete"}, ...}}
//   ... POST /v1/data/gateway/actions ...
//   Decision decision = parse_decision(status, answer);
//
// Only the facts that the policies read are sent, and facts that are undefined are left out, so OPA sees what
// the embedded engine would see. Thread rule: an Exchange is immutable; the functions are pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/decision.h"
#include "policy/input.h"

namespace signalbox::policy::opa {

/// Where the entry data.gateway.actions is in OPA's REST API.
inline constexpr std::string_view kDecisionPath = "/v1/data/gateway/actions";
/// An answer larger than this is refused unread.
inline constexpr std::size_t kMaxAnswer = 1u << 20;

class Exchange {
 public:
  /// The facts are the slots of a policy set: asked by number.
  static Exchange learned(std::span<const InputPath> paths);
  /// The facts are named by the site ("query.kind"): asked by path.
  static Exchange declared(std::span<const std::string> dotted);

  /// Appends the request's body. `arena` holds what the facts need.
  void append_request(const Input& input, Arena& arena, std::string& out) const;

 private:
  struct Node {
    std::string key;  // "" at the root
    InputPath path;
    std::int64_t slot = -1;  // a fact ends here: its slot
    bool wanted = false;     // a fact ends here
    std::vector<Node> children;
  };

  static Exchange over(std::span<const InputPath> paths, bool by_slot);
  static void plant(Node& root, const InputPath& path, std::int64_t slot);
  bool append(const Node& node, const Input& input, Arena& arena, std::string& out) const;

  Node root_;
};

/// The answer as a decision. Everything that is not a set of actions is `Decision::error`: another status
/// than 200, no `result` (the document is undefined there: no policies are loaded), an element that is no
/// action. Actions are attributed to the policy "opa". Never `deterministic`: OPA may have read the clock.
Decision parse_decision(int status, std::string_view body);

/// The decision for an exchange that did not happen: deadline passed, connection refused, circuit open.
Decision failed_decision(std::string message);

}  // namespace signalbox::policy::opa
