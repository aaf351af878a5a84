// Policy sources named on the command line, and how the policy verbs report what is wrong with them.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "app/cli/verb.h"
#include "base/diagnostic.h"
#include "policy/engine.h"

namespace signalbox::app::cli {

/// Directories are read like policy directories, tests included; a file is taken for what it is, JSON and
/// YAML being base documents at the root, as `opa -d` has it.
std::expected<std::vector<policy::SourceFile>, Diagnostics> read_sources(
    const std::vector<std::string>& paths);

/// {"errors": [{"message", "code", "location": {"file", "row", "col"}}]}, OPA's form.
std::string as_opa_errors(const Diagnostics& diagnostics);

}  // namespace signalbox::app::cli
