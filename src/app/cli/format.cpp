// signalbox fmt: Rego in the one layout, with the flags of `opa fmt`.
#include "policy/formatter/format.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "app/cli/line_diff.h"
#include "app/cli/opa_flags.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"

namespace signalbox::app::cli {
namespace {

namespace fs = std::filesystem;
using policy::ast::RegoVersion;

struct Options {
  std::vector<std::string> paths;
  std::string capabilities;  ///< looked at by nobody: a layout needs none
  bool write = false, list = false, diff = false, fail = false;
  bool check_result = true;
  bool v0 = false, v1 = false, v0_v1 = false, drop_v0_imports = false;
};

// opa fmt's code for everything that goes wrong with a file, and for --fail.
constexpr Exit kWrong = Exit::Usage;

/// How the text is read, and in which version it is written.
RegoVersion read_as(const Options& options) {
  if (options.v0) return RegoVersion::V0;
  return options.v0_v1 && !options.v1 ? RegoVersion::V0 : RegoVersion::V1;
}
RegoVersion written_as(const Options& options) {
  if (options.v0_v1) return RegoVersion::V0CompatV1;
  return options.v0 ? RegoVersion::V0 : RegoVersion::V1;
}

std::expected<std::string, Diagnostics> formatted(const std::string& name, const std::string& text,
                                                  const Options& options) {
  policy::ast::ParseOptions parsing;
  parsing.version = read_as(options);
  parsing.annotations = false;
  parsing.repeated_keys = true;
  const auto module = policy::ast::parse_module(policy::ast::make_source(name, text), parsing);
  if (!module) return std::unexpected(module.error());
  const std::string out =
      policy::fmt_rego::format_module(*module, {written_as(options), options.drop_v0_imports});
  if (!options.check_result) return out;
  parsing.version = written_as(options);
  const auto again = policy::ast::parse_module(policy::ast::make_source(name + " (formatted)", out), parsing);
  if (!again) return std::unexpected(again.error());
  return out;
}

Exit format_file(const fs::path& path, const Options& options) {
  std::ifstream in(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) {
    complain(fmt::format("cannot read {}", path.string()));
    return kWrong;
  }
  const auto out = formatted(path.string(), text, options);
  if (!out) {
    complain(out.error());
    return kWrong;
  }
  const bool changed = *out != text;
  if (options.list && changed) print(path.string() + "\n");
  if (options.diff && changed) print(line_diff(text, *out, path.string()));
  if (options.fail && changed) {
    complain("unexpected diff", fmt::format("signalbox fmt -w {}", path.string()));
    return kWrong;
  }
  if (options.list || options.diff) return Exit::Ok;
  if (!options.write) {
    print(*out);
  } else if (changed) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    if (!(file << *out).flush()) {
      complain(fmt::format("cannot write {}", path.string()));
      return kWrong;
    }
  }
  return Exit::Ok;
}

/// As OPA does, without looking at the result unless another version is written.
Exit format_stdin(Options options) {
  if (!options.v0_v1) options.check_result = false;
  const auto out = formatted("stdin", std::string(std::istreambuf_iterator<char>(std::cin), {}), options);
  if (!out) {
    complain(out.error());
    return Exit::Finding;
  }
  print(*out);
  return Exit::Ok;
}

std::vector<fs::path> rego_files(const fs::path& path) {
  std::vector<fs::path> out;
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  fs::recursive_directory_iterator at(path, error);
  for (const fs::recursive_directory_iterator end; !error && at != end; at.increment(error)) {
    if (at->is_regular_file(error) && at->path().extension() == ".rego")
      out.push_back(at->path().lexically_normal());
  }
  std::ranges::sort(out);
  return out;
}

Exit format(const Options& options) {
  if (options.paths.empty()) return format_stdin(options);
  for (const auto& path : options.paths) {
    if (!fs::exists(path)) {
      complain(fmt::format("there is no file {}", path));
      return Exit::Finding;
    }
    for (const fs::path& file : rego_files(path)) {
      if (const Exit exit = format_file(file, options); exit != Exit::Ok) return exit;
    }
  }
  return Exit::Ok;
}

}  // namespace

void add_format(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("fmt", "Format Rego, byte for byte as `opa fmt` does");
  verb->add_option("paths", options->paths, "Files and directories; standard input when there are none");
  verb->add_flag("-w,--write", options->write, "Overwrite the files");
  verb->add_flag("-l,--list", options->list, "Only name the files that would change");
  verb->add_flag("-d,--diff", options->diff, "Only show what would change");
  verb->add_flag("--fail", options->fail, "Exit 2 when a file would change");
  verb->add_flag("--check-result,!--no-check-result", options->check_result,
                 "Make sure that the result parses");
  verb->add_flag("--v0-v1,--rego-v1", options->v0_v1, "Read Rego v0, write Rego that is v0 and v1");
  verb->add_flag("--v0-compatible", options->v0, "Read and write Rego v0");
  verb->add_flag("--v1-compatible", options->v1, "Read Rego v1, which is the default");
  add_capabilities_option(*verb, options->capabilities);
  verb->add_flag("--drop-v0-imports", options->drop_v0_imports, "Leave out imports that v1 does not need");
  verb->footer(
      "Examples:\n"
      "  signalbox fmt -w rules/\n"
      "  signalbox fmt -l --fail rules/        for CI: names the first file that is not formatted\n"
      "  signalbox fmt -d rules/server_access.rego");
  verb->callback([=, &chosen] { chosen = [=] { return format(*options); }; });
}

}  // namespace signalbox::app::cli
