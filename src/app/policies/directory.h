// A policy directory: the files that make a policy set, laid out like an OPA bundle.
#pragma once

#include <expected>
#include <filesystem>
#include <vector>

#include "base/diagnostic.h"
#include "policy/engine.h"

namespace signalbox::app {

/// `*.rego`, `*.policy.yaml`, `data.json`, `data.yaml` below `directory`, sorted by path, paths relative to
/// it. Hidden files and directories are passed over (editors' and Kubernetes' own), and so are tests
/// (`*_test.rego`). Bounded: 10,000 files, 256 MiB together.
std::expected<std::vector<policy::SourceFile>, Diagnostics> read_directory(
    const std::filesystem::path& directory);

/// Adds the shipped entry point, `rules/gateway.rego`, unless one of the files is of package `gateway`.
void add_default_entry(std::vector<policy::SourceFile>& files);

/// The text of the shipped entry point.
std::string_view default_entry();

}  // namespace signalbox::app
