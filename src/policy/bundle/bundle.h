// Bundles: policies and base documents in one directory tree or archive, as OPA lays them out. A directory
// and a tarball load the same way and give the same files.
#pragma once

#include <expected>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "policy/bundle/archive.h"
#include "policy/bundle/signature.h"
#include "policy/engine.h"

namespace signalbox::policy {

/// `.manifest`. Roots are the parts of `data` that the bundle owns: nothing outside of them may be in it.
struct Manifest {
  std::string revision;
  std::vector<std::string> roots = {""};
  std::optional<int> rego_version;
  std::map<std::string, int> file_rego_versions;
  std::string metadata;  ///< JSON text; empty when there is none
};

std::expected<Manifest, std::string> manifest_from_json(std::string_view text);
/// Compact JSON, members in OPA's order.
std::string to_json(const Manifest& manifest);

struct Bundle {
  std::string name;  ///< as it was given: a path
  std::optional<Manifest> manifest;
  std::vector<SourceFile> files;        ///< policies, data.json, data.yaml; paths within the bundle
  std::vector<ArchiveFile> everything;  ///< every file of the bundle as it is, for signatures and inspection
};

struct BundleOptions {
  ArchiveLimits limits;
  /// Set: the bundle must be signed with this key, and every file must be as it was signed.
  const VerificationKey* verification = nullptr;
  bool tests = true;  ///< read `*_test.rego` too
};

/// Reads a directory or a *.tar.gz file. Hidden files and directories other than .manifest and
/// .signatures.json are passed over.
std::expected<Bundle, Diagnostics> read_bundle(const std::filesystem::path& path,
                                               const BundleOptions& options = {});

/// The bundle that these files are. Manifest, signature and roots are checked.
std::expected<Bundle, Diagnostics> bundle_of(std::string name, std::vector<ArchiveFile> files,
                                             const BundleOptions& options = {});

}  // namespace signalbox::policy
