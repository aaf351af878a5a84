// Reading policy sources for the policy verbs: loose files as OPA's -d reads them, and bundles.
#include "app/cli/sources.h"

#include <fnmatch.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "app/cli/bundle_roots.h"
#include "app/cli/json_text.h"
#include "app/policies/directory.h"
#include "app/policies/event_test_file.h"
#include "app/policies/library.h"
#include "policy/bundle/bundle.h"
#include "policy/syntax/parsing.h"

namespace signalbox::app::cli {
namespace {

namespace fs = std::filesystem;
using Files = std::vector<policy::SourceFile>;

constexpr std::size_t kMaxFiles = 10'000;

std::unexpected<Diagnostics> unreadable(const std::string& path, std::string message, std::string hint) {
  return std::unexpected(Diagnostics{
      {Severity::Error, "policy_unreadable", std::move(message), {path, 0, 0}, {}, std::move(hint)}});
}

bool is_policy(const std::string& name) {
  return name.ends_with(".rego") || name.ends_with(".policy.yaml") || name.ends_with(".policy.yml");
}
bool is_document(const std::string& name) {
  return name.ends_with(".json") || name.ends_with(".yaml") || name.ends_with(".yml");
}
bool is_archive(const std::string& name) {
  return name.ends_with(".tar.gz") || name.ends_with(".tgz");
}
bool named_in(const std::vector<std::string>& patterns, const fs::path& path) {
  return std::ranges::any_of(patterns, [name = path.filename().string()](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

/// `folder` is where a document is placed: "a/b" is data.a.b.
std::expected<policy::SourceFile, Diagnostics> read_file(const fs::path& path, const std::string& folder) {
  std::ifstream in(path, std::ios::binary);
  if (!in || fs::is_directory(path))
    return unreadable(path.string(), "cannot read the file", "check the path");
  policy::SourceFile file{path.string(), std::string(std::istreambuf_iterator<char>(in), {}), {}};
  if (is_policy(path.filename().string())) return file;
  file.shown = path.string();
  file.path = folder.empty() ? "" : folder + "/";
  file.path += path.extension() == ".json" ? "data.json" : "data.yaml";
  return file;
}

std::expected<void, Diagnostics> add_bundle(Files& all, const fs::path& path,
                                            const policy::VerificationKey* key = nullptr,
                                            BundleRoots* roots = nullptr) {
  policy::BundleOptions options;
  options.verification = key;
  auto bundle = policy::read_bundle(path, options);
  if (!bundle) return std::unexpected(std::move(bundle.error()));
  if (roots != nullptr) {
    if (roots->contains(path.string())) return {};  // named twice
    roots->emplace(path.string(), bundle->manifest.value_or(policy::Manifest{}).roots);
  }
  std::ranges::move(bundle->files, std::back_inserter(all));
  return {};
}

/// Reads what `-d` names.
class LooseReader {
 public:
  LooseReader(Files& all, const std::vector<std::string>& ignore) : all_(all), ignore_(ignore) {}

  std::expected<void, Diagnostics> read(const std::string& named) {
    const auto [folder, path] = split(named);
    if (fs::is_directory(path)) return read_directory(path, folder);
    return read_one(path, folder);
  }

 private:
  /// "a.b:path" places documents below data.a.b.
  static std::pair<std::string, fs::path> split(const std::string& named) {
    const auto colon = named.find(':');
    if (colon == std::string::npos || named.find('/') < colon) return {"", named};
    if (named.starts_with("file://")) return {"", named.substr(7)};
    std::string folder = named.substr(0, colon);
    if (folder.starts_with("data.")) folder.erase(0, 5);
    std::ranges::replace(folder, '.', '/');
    return {folder, named.substr(colon + 1)};
  }

  std::expected<void, Diagnostics> read_one(const fs::path& path, const std::string& folder) {
    if (is_archive(path.filename().string())) return add_bundle(all_, path);
    auto file = read_file(path, folder);
    if (!file) return std::unexpected(std::move(file.error()));
    all_.push_back(std::move(*file));
    return {};
  }

  std::expected<void, Diagnostics> read_directory(const fs::path& root, const std::string& folder) {
    std::vector<fs::path> found;
    std::error_code error;
    fs::recursive_directory_iterator at(root, fs::directory_options::follow_directory_symlink, error);
    for (const fs::recursive_directory_iterator end; !error && at != end; at.increment(error)) {
      const std::string name = at->path().filename().string();
      if (named_in(ignore_, at->path()) || at.depth() > 32) {
        at.disable_recursion_pending();
      } else if (at->is_regular_file(error) && !is_event_test(name) &&
                 (is_policy(name) || is_document(name))) {
        found.push_back(at->path());
      }
      if (found.size() > kMaxFiles) return unreadable(root.string(), "more than 10,000 files", "");
    }
    if (error) return unreadable(root.string(), "cannot read the directory: " + error.message(), "");
    std::ranges::sort(found);
    for (const fs::path& path : found) {
      std::string place = path.parent_path().lexically_relative(root).string();
      if (place == ".") place.clear();
      if (!folder.empty()) place = place.empty() ? folder : folder + "/" + place;
      if (auto done = read_one(path.lexically_normal(), place); !done) return done;
    }
    return {};
  }

  Files& all_;
  const std::vector<std::string>& ignore_;
};

}  // namespace

CLI::Option* repeated(CLI::App& verb, const std::string& names, std::vector<std::string>& values,
                      const std::string& text) {
  return verb.add_option(names, values, text)->allow_extra_args(false);
}

void VerificationOptions::add_options(CLI::App& verb) {
  verb.add_option("--verification-key", key,
                  "Bundles must be signed with this key: a PEM file, or the secret of an HS* algorithm");
  verb.add_option("--verification-alg", algorithm, "Algorithm of the signature (default RS256)");
  verb.add_option("--scope", scope, "Scope that the signature must have");
}

std::optional<policy::VerificationKey> VerificationOptions::read() const {
  if (key.empty()) return std::nullopt;
  std::error_code error;
  std::ifstream in(key, std::ios::binary);
  const bool file = fs::is_regular_file(key, error) && in;
  return policy::VerificationKey{file ? std::string(std::istreambuf_iterator<char>(in), {}) : key, algorithm,
                                 scope};
}

void SourceOptions::add_options(CLI::App& verb) {
  repeated(verb, "-d,--data", data, "Policy and data files or directories; may be repeated");
  repeated(verb, "-b,--bundle", bundles, "Bundles: directories or *.tar.gz files; may be repeated");
  repeated(verb, "--ignore", ignore, "Names of files and directories to pass over, such as *_test.rego")
      ->delimiter(',');
  verification.add_options(verb);
}

std::expected<Files, Diagnostics> read_sources(const SourceOptions& options) {
  Files all;
  LooseReader loose(all, options.ignore);
  for (const auto& path : options.data) {
    if (auto done = loose.read(path); !done) return std::unexpected(std::move(done.error()));
  }
  const auto key = options.verification.read();
  BundleRoots roots;
  for (const auto& path : options.bundles) {
    if (auto done = add_bundle(all, path, key ? &*key : nullptr, &roots); !done)
      return std::unexpected(std::move(done.error()));
  }
  if (auto wrong = overlapping(roots); !wrong.empty()) return std::unexpected(std::move(wrong));
  return all;
}

std::expected<Files, Diagnostics> read_policy_paths(const std::vector<std::string>& paths) {
  Files all;
  for (const auto& path : paths) {
    if (is_archive(path)) {
      if (auto done = add_bundle(all, path); !done) return std::unexpected(std::move(done.error()));
    } else if (fs::is_directory(path)) {
      auto files = read_directory(path, Tests::Included);
      if (!files) return std::unexpected(std::move(files.error()));
      for (auto& file : *files) {
        file.shown = (fs::path(path) / file.path).lexically_normal().string();
        all.push_back(std::move(file));
      }
    } else {
      auto file = read_file(path, "");
      if (!file) return std::unexpected(std::move(file.error()));
      all.push_back(std::move(*file));
    }
  }
  return all;
}

std::expected<std::vector<fs::path>, Diagnostics> find_event_tests(const std::vector<std::string>& paths,
                                                                   const std::vector<std::string>& ignore) {
  std::vector<fs::path> found;
  for (const auto& path : paths) {
    if (!fs::is_directory(path)) {
      if (is_event_test(path)) found.emplace_back(path);
      continue;
    }
    std::error_code error;
    fs::recursive_directory_iterator at(path, fs::directory_options::follow_directory_symlink, error);
    for (const fs::recursive_directory_iterator end; !error && at != end; at.increment(error)) {
      const bool hidden = at->path().filename().string().starts_with('.');
      if (hidden || named_in(ignore, at->path()) || at.depth() > 32) {
        at.disable_recursion_pending();
      } else if (at->is_regular_file(error) && is_event_test(at->path())) {
        found.push_back(at->path());
      }
      if (found.size() > kMaxFiles) return unreadable(path, "more than 10,000 files", "");
    }
    if (error) return unreadable(path, "cannot read the directory: " + error.message(), "");
  }
  std::ranges::sort(found);
  return found;
}

void add_schema_option(CLI::App& verb, std::string& path) {
  verb.add_option("-s,--schema", path,
                  "JSON Schemas: a file for input, or a directory for what annotations name");
}

std::expected<Files, Diagnostics> read_schemas(const std::string& path) {
  Files all;
  if (path.empty()) return all;
  const auto add = [&](const fs::path& file, std::string name) {
    std::ifstream in(file, std::ios::binary);
    if (in)
      all.push_back({std::move(name), std::string(std::istreambuf_iterator<char>(in), {}), file.string()});
    return static_cast<bool>(in);
  };
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    if (!add(path, "")) return unreadable(path, "unable to load schema", "check the path");
    return all;
  }
  fs::recursive_directory_iterator at(path, fs::directory_options::follow_directory_symlink, error);
  for (const fs::recursive_directory_iterator end; !error && at != end; at.increment(error)) {
    if (!at->is_regular_file(error)) continue;
    if (all.size() == kMaxFiles) return unreadable(path, "more than 10,000 schemas", "");
    if (!add(at->path(), at->path().lexically_relative(path).string()))
      return unreadable(at->path().string(), "unable to load schema", "check the file's permissions");
  }
  if (error) return unreadable(path, "cannot read the directory: " + error.message(), "");
  std::ranges::sort(all, {}, &policy::SourceFile::path);
  return all;
}

policy::Vocabulary vocabulary_for(const Files& files) {
  const bool gateway = std::ranges::any_of(files, [](const policy::SourceFile& file) {
    if (!file.path.ends_with(".rego")) return is_policy(file.path);
    policy::ast::ParseOptions parsing;
    parsing.annotations = false;
    const auto module = policy::ast::parse_module(policy::ast::make_source("", file.text), parsing);
    return module && policy::ast::dotted_name(module->package.path).starts_with("data.policies.");
  });
  return gateway ? host_vocabulary() : policy::Vocabulary{};
}

namespace {

/// The parser of OPA adds the line to what it reports itself, not to what is found about whole statements.
bool shows_line(const Diagnostic& d) {
  static constexpr std::string_view kAboutStatements[] = {
      "`if` keyword is required",
      "`contains` keyword is required",
      "empty module",
      "package expected",
      "unexpected package",
      "annotation scope",
      "annotation entrypoint",
      "invalid annotation scope",
      "rule must have value assignment",
      "rule name conflicts with built-in",
  };
  if (d.code != "rego_parse_error" || (d.at.col == 0 && d.source_line.empty())) return false;
  if (d.message.ends_with("cannot be used for rule name") ||
      d.message.ends_with("cannot be used for rule head"))
    return false;
  return std::ranges::none_of(kAboutStatements,
                              [&](std::string_view start) { return d.message.starts_with(start); });
}

/// The byte that OPA points at in the line: that of the place, or what stands before it where that is blank.
/// The end of the text (column 0) is the end of its last line.
std::size_t index_in_line(const Diagnostic& d) {
  const std::string_view line = d.source_line;
  if (line.empty()) return 0;
  std::size_t at = d.at.col == 0 ? line.size() - 1 : 0;
  for (std::uint32_t col = 1; col < d.at.col && at < line.size(); ++col) {
    ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0) == 0x80) ++at;
  }
  if (at >= line.size()) return at;
  while (at > 0 && std::isspace(static_cast<unsigned char>(line[at])) != 0) --at;
  return at;
}

}  // namespace

std::string opa_error_list(const Diagnostics& diagnostics) {
  std::string out = "[";
  for (const auto& d : diagnostics) {
    if (out.size() > 1) out += ',';
    out += R"({"message":)" + json_string(d.message) + R"(,"code":)" + json_string(d.code);
    if (d.at.row != 0 || !d.at.file.empty()) out += R"(,"location":)" + json_location(d.at);
    if (shows_line(d)) {
      out += R"(,"details":{"line":)" + json_string(d.source_line) + R"(,"idx":)" +
             std::to_string(index_in_line(d)) + "}";
    }
    if (!d.details.empty()) out += R"(,"details":)" + d.details;
    out += '}';
  }
  return out + "]";
}

Diagnostics limited(Diagnostics diagnostics, std::size_t count) {
  if (count == 0 || diagnostics.size() <= count) return diagnostics;
  diagnostics.resize(count);
  diagnostics.push_back({Severity::Error, "rego_compile_error", "error limit reached", {}, {}, {}});
  return diagnostics;
}

std::string as_opa_errors(const Diagnostics& diagnostics) {
  return indented(R"({"errors":)" + opa_error_list(diagnostics) + "}");
}

}  // namespace signalbox::app::cli
