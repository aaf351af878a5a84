// A rehearsal: what would happen to a statement in a session that is only described. The same facts, engine
// and interlock as on live traffic; nothing is sent, queued or recorded.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "actions/interlock.h"
#include "admin/scene.h"
#include "base/clock.h"
#include "base/result.h"
#include "policy/engine.h"

namespace signalbox::admin {

/// {"input", "decision": {...as recorded...}, "rules": [...], "read": {PATH: VALUE}, "statements": [the same
/// for each statement that is decided]} as JSON. Input and decision are those of the statement whose verdict
/// holds for the whole; `rules` says what became of every rule, `read` what they looked at. `set` null = no
/// policy is loaded. Bounded: of very many statements, each with the whole input, there is an error instead.
Result<std::string> rehearse(const std::shared_ptr<const policy::PolicySet>& set,
                             policy::Evaluator& evaluator, const actions::InterlockOptions& options,
                             const Clock& clock, const Scene& scene);

/// The same for a recorded event: an input document, or a record of a decision (its `facts` are what was read
/// then), or the answer of a rehearsal (its `input`). Nothing is computed from a statement's text: what the
/// record does not have is undefined.
Result<std::string> rehearse_recorded(const std::shared_ptr<const policy::PolicySet>& set,
                                      policy::Evaluator& evaluator, const actions::InterlockOptions& options,
                                      const Clock& clock, std::string_view json);

/// What a request asks for: {"event": RECORDED}, or else a scene.
Result<std::string> rehearse_request(const std::shared_ptr<const policy::PolicySet>& set,
                                     policy::Evaluator& evaluator, const actions::InterlockOptions& options,
                                     const Clock& clock, std::string_view json);

}  // namespace signalbox::admin
