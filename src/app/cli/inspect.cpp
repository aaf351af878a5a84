// signalbox inspect: what is in a bundle, a directory or a file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "app/cli/annotation_text.h"
#include "app/cli/box_table.h"
#include "app/cli/json_text.h"
#include "app/cli/opa_flags.h"
#include "app/cli/sources.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "app/policies/library.h"
#include "policy/bundle/bundle.h"
#include "policy/capabilities.h"
#include "policy/data/base_document.h"
#include "policy/syntax/parsing.h"
#include "policy/yaml/policy.h"

namespace signalbox::app::cli {
namespace {

namespace ast = policy::ast;

struct Options {
  std::string path;
  std::string format = "pretty";
  VerificationOptions verification;
  bool annotations = false;
  bool v0 = false;
};

struct Contents {
  policy::Bundle bundle;
  std::vector<ast::Module> modules;
  std::map<std::string, std::vector<std::string>> namespaces;  ///< package or data path: files
  std::shared_ptr<const policy::PolicySet> set;  ///< null: the policies do not load, but may be looked at
  bool is_bundle = false;                        ///< rather than a policy file
};

std::string path_of(const policy::SourceFile& file) {
  const auto slash = file.path.rfind('/');
  std::string out = "data";
  if (slash == std::string::npos) return out;
  std::string folder = "." + file.path.substr(0, slash);
  std::ranges::replace(folder, '/', '.');
  return out + folder;
}

ast::Parsed<ast::Module> parse_file(const policy::SourceFile& file, bool v0) {
  auto source = ast::make_source(file.shown, file.text);
  if (!file.path.ends_with(".rego")) return policy::yaml::parse_policy(std::move(source), host_vocabulary());
  ast::ParseOptions parsing;
  if (v0) parsing.version = ast::RegoVersion::V0;
  return ast::parse_module(std::move(source), parsing);
}

std::expected<policy::Bundle, Diagnostics> open(const Options& options) {
  const auto key = options.verification.read();
  policy::BundleOptions reading;
  reading.verification = key ? &*key : nullptr;
  return policy::read_bundle(options.path, reading);
}

std::expected<Contents, Diagnostics> read(const Options& options) {
  Contents out;
  if (options.path.ends_with(".rego") || options.path.ends_with(".policy.yaml")) {
    auto files = read_policy_paths({options.path});
    if (!files) return std::unexpected(std::move(files.error()));
    files->front().shown = options.path;
    out.bundle.files = std::move(*files);
  } else {
    auto bundle = open(options);
    if (!bundle) return std::unexpected(std::move(bundle.error()));
    out.bundle = std::move(*bundle);
    out.is_bundle = true;
  }
  for (const auto& file : out.bundle.files) {
    if (policy::is_data_file(file.path)) {
      out.namespaces[path_of(file)].push_back(file.shown);
      continue;
    }
    auto module = parse_file(file, options.v0);
    if (!module) return std::unexpected(std::move(module.error()));
    out.namespaces[ast::dotted_name(module->package.path)].push_back(file.shown);
    out.modules.push_back(std::move(*module));
  }
  policy::LoadOptions loading;
  loading.v0_compatible = options.v0;
  out.set = policy::PolicySet::load(out.bundle.files, {}, std::move(loading)).value_or(nullptr);
  return out;
}

/// What the policies need of an engine. Compiling adds `eq`, which `:=`, `==` and much else become.
std::string capabilities_json(const Contents& contents) {
  policy::Capabilities needed = policy::required_capabilities(contents.modules);
  if (needed.builtins.contains("equal") || needed.builtins.contains("assign")) needed.builtins.emplace("eq");
  if (contents.set != nullptr) {
    const std::span<const ast::Module> checked = contents.set->modules();
    if (policy::required_capabilities({checked.begin(), checked.end()}).builtins.contains("eq"))
      needed.builtins.emplace("eq");
  }
  return policy::to_json(needed);
}

std::string as_json(const Contents& contents, bool annotations) {
  std::string out = "{";
  if (contents.bundle.manifest) {
    out += R"("manifest":)" + policy::to_json(*contents.bundle.manifest) + ",";
  } else if (contents.is_bundle) {
    out += R"("manifest":{"revision":"","roots":[""]},)";
  }
  out += R"("signatures_config":)";
  const auto signature =
      std::ranges::find(contents.bundle.everything, ".signatures.json", &policy::ArchiveFile::path);
  out += signature == contents.bundle.everything.end() ? "{}" : signature->bytes;
  out += R"(,"namespaces":{)";
  for (const auto& [name, files] : contents.namespaces) {
    if (!out.ends_with('{')) out += ',';
    out += json_string(name) + ":[";
    for (const auto& file : files) out += (out.ends_with('[') ? "" : ",") + json_string(file);
    out += ']';
  }
  out += '}';
  if (annotations) {
    std::string list;
    for (const auto& module : contents.modules) {
      for (const auto& one : module.annotations)
        list += (list.empty() ? "" : ",") + annotation_json(module, one);
    }
    if (!list.empty()) out += R"(,"annotations":[)" + list + "]";
  }
  if (const std::string needed = capabilities_json(contents); needed != "{}")
    out += R"(,"capabilities":)" + needed;
  return indented(out + "}");
}

void show_manifest(const policy::Manifest& manifest) {
  std::vector<std::vector<std::string>> rows;
  if (manifest.rego_version) rows.push_back({"Rego Version", std::to_string(*manifest.rego_version)});
  if (!manifest.revision.empty()) rows.push_back({"Revision", manifest.revision});
  for (const auto& root : manifest.roots) {
    if (!root.empty()) rows.push_back({&root == &manifest.roots.front() ? "Roots" : "", root});
  }
  if (!manifest.metadata.empty()) rows.push_back({"Metadata", manifest.metadata});
  if (!rows.empty()) print("MANIFEST:\n" + box_table({"FIELD", "VALUE"}, rows));
}

Exit inspect(const Options& options) {
  const auto contents = read(options);
  if (!contents) {
    complain(contents.error());
    return Exit::Finding;
  }
  if (options.format == "json") {
    print(as_json(*contents, options.annotations));
    return Exit::Ok;
  }
  if (contents->bundle.manifest) show_manifest(*contents->bundle.manifest);
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, files] : contents->namespaces) {
    for (const auto& file : files) rows.push_back({&file == &files.front() ? name : "", file});
  }
  if (!rows.empty()) print("NAMESPACES:\n" + box_table({"NAMESPACE", "FILE"}, rows));
  std::string annotations;
  for (const auto& module : contents->modules) {
    for (const auto& one : module.annotations) annotations += annotation_text(module, one);
  }
  if (options.annotations && !annotations.empty()) print("ANNOTATIONS:\n" + annotations);
  return Exit::Ok;
}

}  // namespace

void add_inspect(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("inspect", "Print what is in a bundle, a directory or a policy file");
  verb->add_option("path", options->path, "A bundle, a directory laid out like one, or a policy file")
      ->required();
  verb->add_option("-f,--format", options->format, "pretty or json")
      ->check(CLI::IsMember({"pretty", "json"}));
  verb->add_flag("-a,--annotations", options->annotations, "List annotations as well");
  options->verification.add_options(*verb);
  add_version_flags(*verb, options->v0);
  verb->footer(
      "Examples:\n"
      "  signalbox inspect policies.tar.gz\n"
      "  signalbox inspect -a -f json rules/");
  verb->callback([=, &chosen] { chosen = [=] { return inspect(*options); }; });
}

}  // namespace signalbox::app::cli
