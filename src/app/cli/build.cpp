// signalbox build: a bundle from policy files. YAML policies go in as the Rego they stand for, so that OPA
// can load the bundle too. The same files give the same bytes.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "app/cli/opa_flags.h"
#include "app/cli/signing.h"
#include "app/cli/sources.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "app/policies/library.h"
#include "policy/bundle/bundle.h"
#include "policy/data/base_document.h"
#include "policy/formatter/format.h"
#include "policy/syntax/print.h"
#include "policy/value/json.h"
#include "policy/yaml/policy.h"

namespace signalbox::app::cli {
namespace {

namespace fs = std::filesystem;
using Done = std::expected<void, Diagnostics>;

struct Options {
  std::vector<std::string> paths, ignore, entrypoints;
  std::string output = "bundle.tar.gz", target = "rego";
  std::string capabilities;
  std::optional<std::string> revision;
  int optimise = 0;
  bool bundle = false, v0 = false;
  VerificationOptions verification;
  SigningOptions signing;
};

/// Policies and documents, and the manifest they get.
struct Material {
  std::vector<policy::SourceFile> files;
  policy::Manifest manifest;
};

/// Bundles keep what their manifests say; several own what each of them owns.
std::expected<Material, Diagnostics> read_bundles(const Options& options) {
  Material out;
  const auto key = options.verification.read();
  policy::BundleOptions reading;
  reading.verification = key ? &*key : nullptr;
  std::vector<std::string> roots;
  for (const auto& path : options.paths) {
    auto bundle = policy::read_bundle(path, reading);
    if (!bundle) return std::unexpected(std::move(bundle.error()));
    const policy::Manifest manifest = bundle->manifest.value_or(policy::Manifest{});
    roots.insert(roots.end(), manifest.roots.begin(), manifest.roots.end());
    if (options.paths.size() == 1) out.manifest = manifest;
    std::ranges::move(bundle->files, std::back_inserter(out.files));
  }
  out.manifest.roots = std::move(roots);
  return out;
}

std::expected<Material, Diagnostics> read_material(const Options& options) {
  if (options.bundle) return read_bundles(options);
  SourceOptions sources;
  sources.data = options.paths;
  sources.ignore = options.ignore;
  auto files = read_sources(sources);
  if (!files) return std::unexpected(std::move(files.error()));
  return Material{std::move(*files), {}};
}

/// Makes the files of a bundle from policies and documents that have been checked.
class Assembly {
 public:
  explicit Assembly(const Options& options) : options_(options) {}

  std::expected<std::vector<policy::ArchiveFile>, Diagnostics> make(Material material) {
    policy::LoadOptions loading;
    loading.v0_compatible = options_.v0;
    loading.keep_prints = true;
    auto beyond = beyond_capabilities(options_.capabilities, material.files, options_.v0);
    if (!beyond.empty()) return std::unexpected(std::move(beyond));
    const auto set = policy::PolicySet::load(material.files, vocabulary_for(material.files), loading);
    if (!set) return std::unexpected(set.error());
    for (const auto& entry : options_.entrypoints) {
      if (!exists(**set, entry)) return std::unexpected(bundle_error("undefined entrypoint data." + entry));
    }
    if (auto good = documents(material.files); !good) return std::unexpected(good.error());
    for (const auto& file : material.files) {
      if (auto good = policy_file(file); !good) return std::unexpected(good.error());
    }
    std::ranges::sort(out_, {}, &policy::ArchiveFile::path);
    material.manifest.revision = options_.revision.value_or(material.manifest.revision);
    if (!material.manifest.rego_version) material.manifest.rego_version = options_.v0 ? 0 : 1;
    out_.push_back({".manifest", policy::to_json(material.manifest) + "\n"});
    return std::move(out_);
  }

 private:
  /// "gateway/actions" names the rule data.gateway.actions.
  static bool exists(const policy::PolicySet& set, std::string entry) {
    std::ranges::replace(entry, '/', '.');
    return std::ranges::any_of(set.modules(), [&](const policy::ast::Module& module) {
      return std::ranges::any_of(module.rules, [&](const policy::ast::Rule& rule) {
        return policy::ast::dotted_name(rule.head.ref) == "data." + entry;
      });
    });
  }

  Done documents(const std::vector<policy::SourceFile>& files) {
    policy::Arena arena;
    Diagnostics errors;
    const policy::Value merged = policy::merge_base_documents(arena, policy::data_files_of(files), errors);
    if (has_errors(errors)) return std::unexpected(errors);
    out_.push_back({"data.json", policy::to_json(merged) + "\n"});
    return {};
  }

  static std::string path_inside(const std::string& given) {
    const fs::path path = given;
    std::string out = policy::archive_path((path.is_absolute() ? path.relative_path() : path).string());
    return out.empty() ? path.filename().string() : out;
  }

  Done policy_file(const policy::SourceFile& file) {
    if (policy::is_data_file(file.path)) return {};
    std::string path = path_inside(file.path);
    if (file.path.ends_with(".rego")) {
      out_.push_back({std::move(path), file.text});
      return {};
    }
    const auto module =
        policy::yaml::parse_policy(policy::ast::make_source(file.path, file.text), host_vocabulary());
    if (!module) return std::unexpected(module.error());
    auto text = policy::fmt_rego::format_source(file.path, policy::ast::to_text(*module));
    if (!text) return std::unexpected(std::move(text.error()));
    out_.push_back({path.substr(0, path.rfind('.')) + ".rego", std::move(*text)});
    return {};
  }

  const Options& options_;
  std::vector<policy::ArchiveFile> out_;
};

Done build_bundle(const Options& options) {
  auto material = read_material(options);
  if (!material) return std::unexpected(std::move(material.error()));
  auto files = Assembly(options).make(std::move(*material));
  if (!files) return std::unexpected(std::move(files.error()));
  if (!options.signing.key.empty()) {
    const auto key = options.signing.read();
    if (!key) return std::unexpected(key.error());
    const auto signature = policy::sign_files(*files, *key);
    if (!signature) return std::unexpected(bundle_error(signature.error()));
    files->push_back({".signatures.json", *signature + "\n"});
  }
  return write_file(options.output, policy::pack(*files));
}

Exit build(const Options& options) {
  if (options.optimise != 0 && options.entrypoints.empty()) {
    complain("bundle optimizations require at least one entrypoint");
    return Exit::Finding;
  }
  if (const auto done = build_bundle(options); !done) {
    complain(done.error());
    return Exit::Finding;
  }
  return Exit::Ok;
}

/// Flags that change nothing here, and those that cannot be had.
void add_opa_flags(CLI::App& verb) {
  verb.add_flag("--follow-symlinks")->description("Links are always followed");
  verb.add_flag("--prune-unused")->description("Taken for OPA's sake: rules are all kept");
  verb.add_option("--partial-namespace")->description("Taken for OPA's sake: nothing is evaluated partially");
  verb.add_option("--verification-key-id")->description("Taken for OPA's sake: there is one key");
  add_refused_option(verb, "--exclude-files-verify", "every file of a signed bundle is verified");
  verb.add_flag("--debug")->description("Taken for OPA's sake");
  add_refused_option(verb, "--signing-plugin", "there are no plugins for signatures: use --signing-key");
  add_refused_option(verb, "--format", "plans are not made: bundles hold Rego only");
  add_refused_option(verb, "--plan-addons", "plans are not made: bundles hold Rego only");
  add_refused_flag(verb, "--wasm-include-print", "wasm is not made: bundles hold Rego only");
}

}  // namespace

void add_build(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("build", "Build a bundle that signalbox and OPA load");
  verb->add_option("paths", options->paths, "Files and directories")->required();
  verb->add_option("-o,--output", options->output, "The bundle's file (default bundle.tar.gz)");
  verb->add_option("-r,--revision", options->revision, "Revision in the manifest");
  repeated(*verb, "-e,--entrypoint", options->entrypoints, "A rule that must exist, such as gateway/actions");
  verb->add_flag("-b,--bundle", options->bundle, "Paths are bundles, with their manifests");
  repeated(*verb, "--ignore", options->ignore, "Names of files and directories to pass over")->delimiter(',');
  verb->add_option("-t,--target", options->target, "rego: other targets are refused")
      ->check([](const std::string& target) -> std::string {
        if (target == "rego") return {};
        return target + ": bundles hold Rego only; `opa build` makes wasm and plans";
      });
  verb->add_option("-O,--optimize", options->optimise,
                   "Needs an entrypoint. Policies go in as they are written: they are optimised when loaded")
      ->check(CLI::Range(0, 2));
  add_capabilities_option(*verb, options->capabilities);
  add_opa_flags(*verb);
  options->verification.add_options(*verb);
  options->signing.add_options(*verb);
  add_version_flags(*verb, options->v0);
  verb->footer(
      "Policies are checked before anything is written; YAML policies go in as Rego.\n"
      "Examples:\n"
      "  signalbox build -b rules/ -o policies.tar.gz --revision $(git rev-parse HEAD)\n"
      "  signalbox build -b --ignore '*_test.rego' --signing-key key.pem rules/\n"
      "  signalbox run --policies policies.tar.gz --target 127.0.0.1:5432 --listen '*:6432'");
  verb->callback([=, &chosen] { chosen = [=] { return build(*options); }; });
}

}  // namespace signalbox::app::cli
