// A policy directory: the files that make a policy set, laid out like an OPA bundle.
#pragma once

#include <expected>
#include <filesystem>
#include <vector>

#include "base/diagnostic.h"
#include "policy/engine.h"

namespace signalbox::app {

enum class Tests : bool { PassedOver, Included };

/// `*.rego`, `*.policy.yaml`, `data.json`, `data.yaml` below `directory`, sorted by path, paths relative to
/// it. Hidden files and directories are passed over (editors' and Kubernetes' own), and so are tests
/// (`*_test.rego`) unless asked for. Bounded: 10,000 files, 256 MiB together.
std::expected<std::vector<policy::SourceFile>, Diagnostics> read_directory(
    const std::filesystem::path& directory, Tests tests = Tests::PassedOver);

}  // namespace signalbox::app
