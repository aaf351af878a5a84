// JSON Schema of `*.policy.yaml`, for editors: hooks, actions with their parameters, and the facts that
// `match` may name, all from the host's vocabulary. What the schema cannot say (Rego in `when`, templates)
// `signalbox check` does.
#pragma once

#include <string>

#include "policy/engine.h"

namespace signalbox::policy::yaml {

/// Draft 7, which editors know best. Ends in a line break.
std::string editor_schema(const Vocabulary& vocabulary);

}  // namespace signalbox::policy::yaml
