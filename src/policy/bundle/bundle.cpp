// Reading bundles: a directory or an archive becomes a list of files, and the same checks follow: manifest,
// signature, roots. A bundle that claims parts of `data` may define nothing outside of them.
#include "policy/bundle/bundle.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "policy/data/base_document.h"
#include "policy/data/yaml.h"
#include "policy/syntax/parsing.h"
#include "policy/value/json.h"

namespace signalbox::policy {
namespace {

namespace fs = std::filesystem;

std::unexpected<Diagnostics> refused(std::string_view bundle, std::string message,
                                     std::string code = "bundle_error") {
  return std::unexpected(Diagnostics{
      {Severity::Error, std::move(code), std::move(message), {std::string(bundle), 0, 0}, {}, {}}});
}

bool is_policy(std::string_view path) {
  return path.ends_with(".rego") || path.ends_with(".policy.yaml") || path.ends_with(".policy.yml");
}
bool is_hidden(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with('.') && name != ".manifest" && name != ".signatures.json";
}

std::expected<std::string, Diagnostics> read_all(const fs::path& path, std::size_t limit) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  std::ifstream in(path, std::ios::binary);
  if (error || !in) return refused(path.string(), "cannot read the file", "policy_unreadable");
  if (size > limit) return refused(path.string(), fmt::format("larger than {} bytes", limit));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::expected<std::vector<ArchiveFile>, Diagnostics> read_tree(const fs::path& root,
                                                               const ArchiveLimits& limits) {
  std::vector<ArchiveFile> out;
  std::size_t total = 0;
  std::error_code error;
  fs::recursive_directory_iterator at(root, fs::directory_options::follow_directory_symlink, error);
  for (const fs::recursive_directory_iterator end; !error && at != end; at.increment(error)) {
    if (is_hidden(at->path()) || at.depth() > 32) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file(error)) {
      auto bytes = read_all(at->path(), limits.bytes - total);
      if (!bytes) return std::unexpected(std::move(bytes.error()));
      total += bytes->size();
      out.push_back({at->path().lexically_relative(root).generic_string(), std::move(*bytes)});
      if (out.size() > limits.files)
        return refused(root.string(), fmt::format("more than {} files", limits.files));
    }
  }
  if (error)
    return refused(root.string(), "cannot read the directory: " + error.message(), "policy_unreadable");
  std::ranges::sort(out, {}, &ArchiveFile::path);
  return out;
}

/// "a/b" is within the root "a".
bool within(const std::vector<std::string>& roots, std::string_view path) {
  return std::ranges::any_of(roots, [&](const std::string& root) {
    return root.empty() || path == root || (path.starts_with(root) && path[root.size()] == '/');
  });
}

class RootsCheck {
 public:
  RootsCheck(const std::string& bundle, const std::vector<std::string>& roots)
      : bundle_(bundle), roots_(roots) {}

  std::expected<void, Diagnostics> file(const SourceFile& file) {
    if (file.path.ends_with(".rego")) return module(file);
    return is_data_file(file.path) ? documents(file) : std::expected<void, Diagnostics>{};
  }

 private:
  /// Modules that do not parse are reported when they are loaded.
  std::expected<void, Diagnostics> module(const SourceFile& file) {
    ast::ParseOptions options;
    options.annotations = false;
    const auto parsed = ast::parse_module(ast::make_source(file.shown, file.text), options);
    if (!parsed) return {};
    std::string path;
    const auto& terms = parsed->package.path.terms;
    for (std::size_t i = 1; i < terms.size(); ++i) {
      const auto* part = ast::as<ast::String>(terms[i]);
      if (i > 1) path += '/';
      path += part == nullptr ? "" : part->value;
    }
    if (within(roots_, path)) return {};
    return refused(
        bundle_, fmt::format("manifest roots [{}] do not permit '{}' in module '{}'", fmt::join(roots_, " "),
                             "package " + ast::dotted_name(parsed->package.path).substr(5), file.shown));
  }

  std::expected<void, Diagnostics> documents(const SourceFile& file) {
    Arena arena;
    const auto value =
        file.path.ends_with(".json") ? parse_json(arena, file.text) : parse_yaml(arena, file.text);
    if (!value) return {};
    const auto slash = file.path.rfind('/');
    return document(*value, slash == std::string::npos ? "" : file.path.substr(0, slash));
  }

  std::expected<void, Diagnostics> document(const Value& value, const std::string& path) {
    if (!path.empty() && within(roots_, path)) return {};
    if (!value.is_object() || value.size() == 0) {
      if (path.empty()) return {};
      return refused(bundle_, fmt::format("manifest roots [{}] do not permit data at path '/{}' "
                                          "(hint: check bundle directory structure)",
                                          fmt::join(roots_, " "), path));
    }
    for (const Pair& pair : value.as_object()) {
      const std::string below = path + (path.empty() ? "" : "/") + std::string(pair.key.as_string());
      if (auto done = document(pair.value, below); !done) return done;
    }
    return {};
  }

  const std::string& bundle_;
  const std::vector<std::string>& roots_;
};

const ArchiveFile* file_named(const std::vector<ArchiveFile>& files, std::string_view path) {
  const auto it = std::ranges::find(files, path, &ArchiveFile::path);
  return it == files.end() ? nullptr : &*it;
}

std::expected<void, Diagnostics> check_signature(const Bundle& bundle, const BundleOptions& options) {
  if (options.verification == nullptr) return {};
  const ArchiveFile* signatures = file_named(bundle.everything, ".signatures.json");
  if (signatures == nullptr)
    return refused(bundle.name, "the bundle is not signed", "bundle_signature_error");
  const auto good = verify_files(bundle.everything, signatures->bytes, *options.verification);
  if (!good) return refused(bundle.name, good.error(), "bundle_signature_error");
  return {};
}

}  // namespace

std::expected<Bundle, Diagnostics> bundle_of(std::string name, std::vector<ArchiveFile> files,
                                             const BundleOptions& options) {
  Bundle out;
  out.name = std::move(name);
  out.everything = std::move(files);
  if (auto good = check_signature(out, options); !good) return std::unexpected(std::move(good.error()));
  if (const ArchiveFile* manifest = file_named(out.everything, ".manifest")) {
    auto read = manifest_from_json(manifest->bytes);
    if (!read) return refused(out.name + "/.manifest", read.error(), "bundle_manifest_error");
    out.manifest = std::move(*read);
  }
  for (const ArchiveFile& file : out.everything) {
    const bool wanted = is_data_file(file.path) || is_policy(file.path);
    if (!wanted || (!options.tests && file.path.ends_with("_test.rego"))) continue;
    out.files.push_back(
        {file.path, file.bytes, (fs::path(out.name) / file.path).lexically_normal().generic_string()});
  }
  if (out.manifest) {
    RootsCheck roots(out.name, out.manifest->roots);
    for (const SourceFile& file : out.files) {
      if (auto good = roots.file(file); !good) return std::unexpected(std::move(good.error()));
    }
  }
  return out;
}

std::expected<Bundle, Diagnostics> read_bundle(const fs::path& path, const BundleOptions& options) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    auto files = read_tree(path, options.limits);
    if (!files) return std::unexpected(std::move(files.error()));
    return bundle_of(path.lexically_normal().generic_string(), std::move(*files), options);
  }
  const auto bytes = read_all(path, options.limits.bytes);
  if (!bytes) return std::unexpected(bytes.error());
  auto files = unpack(*bytes, options.limits);
  if (!files) return refused(path.string(), files.error());
  return bundle_of(path.generic_string(), std::move(*files), options);
}

}  // namespace signalbox::policy
