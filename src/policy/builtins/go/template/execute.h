// Executing a parsed template on data.
#pragma once

#include <expected>
#include <string>

#include "policy/builtins/builtin.h"
#include "policy/builtins/go/template/tree.h"

namespace signalbox::policy::go::tmpl {

/// What the template prints. Errors read as Go's:
/// `template: template:1:2: executing "template" at <.a.b>: can't evaluate field b in type interface {}`;
/// functions.h's kLimitHit alone when a limit of the evaluation is hit.
std::expected<std::string, std::string> execute(BuiltinContext& context, const Templates& templates,
                                                const Value& data);

}  // namespace signalbox::policy::go::tmpl
