// Policy sources named on the command line, and how the policy verbs report what is wrong with them.
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/cli/verb.h"
#include "base/diagnostic.h"
#include "policy/bundle/signature.h"
#include "policy/engine.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace signalbox::app::cli {

/// An option that may be repeated, with one value each time: what follows it is the next argument.
CLI::Option* repeated(CLI::App& verb, const std::string& names, std::vector<std::string>& values,
                      const std::string& text);

/// With which key bundles must be signed.
struct VerificationOptions {
  std::string key;  ///< a file, or the key itself; empty = signatures are not looked at
  std::string algorithm = "RS256", scope;

  void add_options(CLI::App& verb);
  std::optional<policy::VerificationKey> read() const;
};

/// What -d, -b and --ignore name, as in OPA.
struct SourceOptions {
  std::vector<std::string> data;     ///< files and directories, each perhaps as "a.b:path"
  std::vector<std::string> bundles;  ///< directories and *.tar.gz files laid out as bundles
  std::vector<std::string> ignore;   ///< patterns of file and directory names
  VerificationOptions verification;

  void add_options(CLI::App& verb);
};

/// Loose files: every *.rego, *.json and *.yaml of a directory, documents placed at their directory, whatever
/// their names (`opa eval -d`). Bundles: policies, data.json and data.yaml only, and the manifest's roots
/// hold. `*.policy.yaml` are policies in both, `*.test.yaml` are neither.
std::expected<std::vector<policy::SourceFile>, Diagnostics> read_sources(const SourceOptions& options);

/// Directories are read like policy directories, tests included; a file is taken for what it is, JSON and
/// YAML being base documents at the root.
std::expected<std::vector<policy::SourceFile>, Diagnostics> read_policy_paths(
    const std::vector<std::string>& paths);

/// The `*.test.yaml` files (app/policies/event_test_file.h) that these paths are or hold, sorted.
std::expected<std::vector<std::filesystem::path>, Diagnostics> find_event_tests(
    const std::vector<std::string>& paths, const std::vector<std::string>& ignore);

/// JSON Schemas for the type checker, as `-s` names them: a file is the schema of `input`; a directory's
/// files are what annotations call schema.<path>. An empty path: none.
std::expected<std::vector<policy::SourceFile>, Diagnostics> read_schemas(const std::string& path);
void add_schema_option(CLI::App& verb, std::string& path);

/// What the files are checked against: this build's hooks, actions and input document where one of them is a
/// policy of the gateway (package policies.*, or YAML); nothing for other Rego, whose input is its own
/// affair.
policy::Vocabulary vocabulary_for(const std::vector<policy::SourceFile>& files);

/// {"errors": [{"message", "code", "location": {"file", "row", "col"}}]}, OPA's form.
std::string as_opa_errors(const Diagnostics& diagnostics);
/// At most `count` errors (0 = all), and one more that says that there are more.
Diagnostics limited(Diagnostics diagnostics, std::size_t count);
/// The list alone, compact.
std::string opa_error_list(const Diagnostics& diagnostics);

}  // namespace signalbox::app::cli
