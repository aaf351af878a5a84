// signalbox exec: one decision about each of many input files, with the flags and the output of `opa exec`.
// What belongs to OPA's configuration file (services, discovery, decision logs) is the gateway's own affair
// and is not here.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <random>

#include "app/cli/duration.h"
#include "app/cli/evaluation.h"
#include "app/cli/json_text.h"
#include "app/cli/opa_flags.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "policy/value/json.h"

namespace signalbox::app::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> paths;
  SourceOptions sources;
  std::string decision = "/system/main";
  std::string timeout = "0";
  bool fail = false, fail_defined = false, fail_non_empty = false;
  bool stdin_input = false, v0 = false;
};

struct Input {
  std::string name;
  std::optional<std::string> text;  ///< nullopt: a file that cannot be read
};

/// What is wrong with the flags together; empty when nothing is.
std::string contradiction(const Options& o) {
  if (o.paths.empty() && !o.stdin_input) return "requires at least 1 path arg, or the --stdin-input flag";
  if (!o.paths.empty() && o.stdin_input) return "specify paths or --stdin-input but not both";
  if (o.fail && o.fail_defined) return "specify --fail or --fail-defined but not both";
  if (o.fail && o.fail_non_empty) return "specify --fail or --fail-non-empty but not both";
  if (o.fail_defined && o.fail_non_empty) return "specify --fail-defined or --fail-non-empty but not both";
  if (!parse_duration(o.timeout))
    return fmt::format("--timeout: \"{}\" is no duration, such as 5s", o.timeout);
  return {};
}

/// The documents below the paths, in the order of their names.
std::expected<std::vector<std::string>, std::string> input_files(const std::vector<std::string>& paths) {
  constexpr std::size_t kMaxFiles = 100'000;
  std::vector<std::string> out;
  for (const auto& path : paths) {
    std::error_code error;
    if (!fs::exists(path, error)) return std::unexpected(path + ": no such file or directory");
    if (!fs::is_directory(path, error)) {
      out.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    fs::recursive_directory_iterator at(path, error);
    for (const fs::recursive_directory_iterator end; !error && at != end; at.increment(error)) {
      const auto kind = at->path().extension();
      if (kind == ".json" || kind == ".yaml" || kind == ".yml") found.push_back(at->path().string());
      if (found.size() > kMaxFiles) return std::unexpected(path + ": more than 100,000 files");
    }
    if (error) return std::unexpected(path + ": " + error.message());
    std::ranges::sort(found);
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

/// "/a/b" or "a/b": data.a.b, with parts that are no names in brackets.
std::string query_of(std::string_view decision) {
  std::string out = "data";
  while (!decision.empty()) {
    const std::size_t end = std::min(decision.find('/'), decision.size());
    if (end != 0) out += "[" + json_string(decision.substr(0, end)) + "]";
    decision.remove_prefix(std::min(end + 1, decision.size()));
  }
  return out;
}

/// A random UUID (version 4), which names a decision.
std::string decision_id() {
  static std::mt19937_64 random{std::random_device{}()};
  const std::uint64_t a = random(), b = random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, (a >> 16) & 0xFFFF, a & 0xFFF,
                     0x8000 | ((b >> 48) & 0x3FFF), b & 0xFFFF'FFFF'FFFF);
}

/// Decides on inputs one after another, and counts what --fail and its like ask for.
class Execution {
 public:
  Execution(const Options& options, Evaluation& evaluation,
            std::shared_ptr<const policy::PreparedQuery> query)
      : options_(options), evaluation_(evaluation), query_(std::move(query)) {}

  std::string decide(const Input& given) {
    const std::string path = R"("path":)" + json_string(given.name);
    if (!given.text) return failed(path, "input_error", "cannot read the file");
    policy::Arena documents;
    const auto document = parse_document(documents, given.name, *given.text);
    if (!document) return failed(path, "input_error", document.error().message);
    const auto value =
        evaluator_.value(*query_, policy::JsonInput(*document, evaluation_.set()->input_paths()),
                         command_line_limits(*parse_duration(options_.timeout)));
    if (!value) return failed(path, value.error().code, value.error().message);
    if (value->is_undefined()) return undefined(path);
    const bool empty = value->is_array() && value->size() == 0;
    const bool empty_set = value->is_set() && value->size() == 0;
    if (options_.fail_defined || (options_.fail_non_empty && !empty && !empty_set)) ++failures_;
    return fmt::format(R"({{"decision_id":"{}",{},"result":{}}})", decision_id(), path,
                       policy::to_json(*value, policy::EscapeHtml::Yes));
  }

  Exit exit() const {
    const bool asked = options_.fail || options_.fail_defined || options_.fail_non_empty;
    if (!asked || failures_ + errors_ == 0) return Exit::Ok;
    const std::string_view flag = options_.fail           ? "--fail"
                                  : options_.fail_defined ? "--fail-defined"
                                                          : "--fail-non-empty";
    complain(fmt::format("there were {} failures and {} errors counted in the results list, and {} is set",
                         failures_, errors_, flag));
    return Exit::Finding;
  }

 private:
  /// Nothing was decided: an error only for those who ask that something is.
  std::string undefined(const std::string& path) {
    std::string out = failed(path, "opa_undefined_error", options_.decision + " decision was undefined");
    if (!options_.fail) --errors_;
    return out;
  }
  std::string failed(const std::string& path, std::string_view code, std::string_view message) {
    ++errors_;
    return fmt::format(R"({{{},"error":{{"code":{},"message":{}}}}})", path, json_string(code),
                       json_string(message));
  }

  const Options& options_;
  Evaluation& evaluation_;
  std::shared_ptr<const policy::PreparedQuery> query_;
  policy::Evaluator evaluator_;
  std::size_t failures_ = 0, errors_ = 0;
};

Exit exec(const Options& options) {
  if (const std::string wrong = contradiction(options); !wrong.empty()) {
    complain(wrong);
    return Exit::Finding;
  }
  const auto files = input_files(options.paths);
  if (!files) {
    complain(files.error());
    return Exit::Finding;
  }
  EvalOptions loading;
  loading.v0 = options.v0;
  Evaluation evaluation(loading);
  if (const EvalResult loaded = evaluation.load(options.sources); !loaded.errors.empty()) {
    complain(loaded.errors);
    return Exit::Finding;
  }
  const auto query = evaluation.set()->prepare(query_of(options.decision));
  if (!query) {
    complain(query.error());
    return Exit::Finding;
  }
  Execution execution(options, evaluation, *query);
  std::string results;
  const auto add = [&](const Input& input) {
    results += (results.empty() ? "" : ",") + execution.decide(input);
  };
  for (const auto& file : *files) add({file, read_text(file)});
  if (options.stdin_input) add({"--stdin-input", std::string(std::istreambuf_iterator<char>(std::cin), {})});
  print(indented(R"({"result":[)" + results + "]}"));
  return execution.exit();
}

}  // namespace

void add_exec(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("exec", "Decide on many input files, as `opa exec` does");
  verb->add_option("paths", options->paths, "Input files, and directories with *.json and *.yaml files");
  options->sources.add_options(*verb);
  verb->add_option("--decision", options->decision, "The decision, such as policies/owners/actions");
  verb->add_flag("--fail", options->fail, "Exit 1 when a decision is undefined or an error");
  verb->add_flag("--fail-defined", options->fail_defined, "Exit 1 when a decision is defined or an error");
  verb->add_flag("--fail-non-empty", options->fail_non_empty,
                 "Exit 1 when a decision is other than an empty list, or an error");
  verb->add_flag("-I,--stdin-input", options->stdin_input, "Read one input from standard input");
  verb->add_option("--timeout", options->timeout, "Give up on an input after this long, such as 5s");
  verb->add_option("-f,--format", "json")->check(CLI::IsMember({"json"}));
  add_version_flags(*verb, options->v0);
  for (const char* name : {"--log-format", "--log-level", "--log-timestamp-format"})
    verb->add_option(name)->description("Taken for OPA's sake: nothing is logged")->group("");
  for (const char* name : {"-c,--config-file", "--set", "--set-file"})
    add_refused_option(*verb, name,
                       "there is no configuration of services here: name policies with -b or -d");
  verb->footer(
      "Exit codes: 0 ok, 1 by --fail and its like, or when policies cannot be loaded.\n"
      "Examples:\n"
      "  signalbox exec -b rules/ --decision gateway/actions events/\n"
      "  signalbox exec -b policies.tar.gz --decision ci/deny --fail-non-empty plan.json");
  verb->callback([=, &chosen] { chosen = [=] { return exec(*options); }; });
}

}  // namespace signalbox::app::cli
