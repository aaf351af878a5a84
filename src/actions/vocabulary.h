// What the catalogue tells the policy engine at load time, and the check of requests against it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actions/spec.h"

namespace signalbox::policy {
struct ActionFault;
struct ActionRequest;
struct WrittenAction;
struct Vocabulary;
}  // namespace signalbox::policy

namespace signalbox::actions {

/// The hooks and actions of this build, as the policy engine checks policies against them.
policy::Vocabulary vocabulary();

/// Actions that policies write, before anything is evaluated: unknown names (with the nearest), missing,
/// ill-typed and senseless parameters, hooks where an action has no meaning, actions of one rule that cannot
/// both have an effect. No hooks: at any.
std::vector<policy::ActionFault> judge(std::span<const policy::WrittenAction> together,
                                       std::span<const std::string> hooks);

/// A request of a decision fits the catalogue. Does not allocate: it is asked for each request of each
/// decision.
bool parameters_fit(const ActionSpec& spec, const policy::ActionRequest& request, Hook hook);

/// docs/actions.md, whole.
std::string actions_markdown();
/// `signalbox actions`: a table for people, or a JSON array.
std::string actions_text();
std::string actions_json();

}  // namespace signalbox::actions
