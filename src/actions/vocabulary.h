// What the catalogue tells the policy engine at load time, and the check of one request against it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "actions/spec.h"
#include "base/diagnostic.h"

namespace signalbox::policy {
struct ActionRequest;
struct Vocabulary;
}  // namespace signalbox::policy

namespace signalbox::actions {

/// The hooks and actions of this build, as the policy engine checks policies against them.
policy::Vocabulary vocabulary();

/// What is wrong with a request: unknown action or parameter (with the nearest name), missing or ill-typed
/// value. Positions are the request's. Empty = nothing.
Diagnostics validate(const policy::ActionRequest& request);

/// The same as a yes or no, without allocating: for each request of each decision.
bool parameters_fit(const ActionSpec& spec, const policy::ActionRequest& request);

/// docs/actions.md, whole.
std::string actions_markdown();
/// `signalbox actions`: a table for people, or a JSON array.
std::string actions_text();
std::string actions_json();

}  // namespace signalbox::actions
