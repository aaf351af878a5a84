// Loading, asking, watching. Coverage and the profile each need an evaluation of their own: a watched
// machine is slower, and times of one that two watch would mean nothing.
#include "app/cli/evaluation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>

#include "app/cli/json_text.h"
#include "app/cli/opa_flags.h"
#include "app/version.h"
#include "policy/data/base_document.h"
#include "policy/data/yaml.h"
#include "policy/syntax/parsing.h"
#include "policy/trace/quotes.h"
#include "policy/value/json.h"
#include "policy/vm/program.h"

extern char** environ;

namespace signalbox::app::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::int64_t ns_since(SteadyClock::time_point begin) {
  return (SteadyClock::now() - begin).count();
}

Diagnostics one_error(std::string code, std::string message, SourcePosition at) {
  return {{Severity::Error, std::move(code), std::move(message), std::move(at), {}, {}}};
}

EvalResult failed(Diagnostics errors) {
  EvalResult out;
  out.errors = std::move(errors);
  return out;
}

/// What opa.runtime() gives: environment, version, and OPA's other members.
std::string runtime_json() {
  std::string env;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    if (!env.empty()) env += ',';
    env += json_string(text.substr(0, equals)) + ":" + json_string(text.substr(equals + 1));
  }
  return fmt::format(
      R"({{"authorization_enabled":false,"commit":"","env":{{{}}},"skip_known_schema_check":false,"version":{}}})",
      env, json_string(kVersion));
}

/// Loading parses documents together with everything else: only how long that takes is wanted here.
void time_data(const std::vector<policy::SourceFile>& files, std::map<std::string, std::int64_t>& metrics) {
  for (const policy::SourceFile& file : files) {
    if (!policy::is_data_file(file.path)) continue;
    policy::Arena memory;
    const auto since = SteadyClock::now();
    (void)parse_document(memory, file.path, file.text);
    metrics["timer_rego_data_parse_ns"] += ns_since(since);
  }
}

}  // namespace

std::optional<std::string> read_text(const std::string& path) {
  std::ifstream in(path.starts_with("file://") ? path.substr(7) : path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::expected<policy::Value, policy::JsonError> parse_document(policy::Arena& arena, std::string_view name,
                                                               std::string_view text) {
  auto value = policy::parse_json(arena, text);
  if (value || name.ends_with(".json")) return value;
  if (const auto yaml = policy::parse_yaml(arena, text)) return *yaml;
  return value;
}

std::optional<policy::ProfileOrder> profile_order(std::string_view key) {
  using enum policy::ProfileOrder;
  if (key == "total_time_ns") return TotalTime;
  if (key == "num_eval") return NumEval;
  if (key == "num_redo") return NumRedo;
  if (key == "num_gen_expr") return NumGenExpr;
  if (key == "file") return File;
  if (key == "line") return Line;
  return std::nullopt;
}

policy::LoadOptions command_line_loading() {
  policy::LoadOptions out;
  out.keep_prints = true;
  out.host.http = true;
  out.host.dns = true;
  out.host.runtime_json = runtime_json();
  return out;
}

policy::Limits command_line_limits(std::chrono::nanoseconds timeout) {
  EvalOptions options;
  options.timeout = timeout;
  return limits_of(options);
}

policy::Limits limits_of(const EvalOptions& options) {
  const auto pages = static_cast<std::size_t>(std::max(::sysconf(_SC_PHYS_PAGES), 0L));
  const std::size_t half = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) / 2;
  policy::Limits out;
  out.steps = options.max_steps != 0 ? options.max_steps : std::numeric_limits<std::int64_t>::max();
  out.memory = options.max_memory != 0 ? options.max_memory : std::min(std::size_t{8} << 30, half);
  out.time = options.timeout;
  return out;
}

Evaluation::Evaluation(const EvalOptions& options) : options_(options) {}

std::optional<Diagnostics> Evaluation::read_input() {
  std::optional<std::string> text = options_.input_text;
  if (!options_.input.empty()) {
    text = read_text(options_.input);
    if (!text) return one_error("input_unreadable", "cannot read the input", {options_.input, 0, 0});
  }
  if (!text) return std::nullopt;
  const auto value = parse_document(documents_, options_.input, *text);
  if (!value) {
    return one_error("input_not_json", "unable to parse input: " + value.error().message,
                     {options_.input, value.error().row, value.error().col});
  }
  input_ = *value;
  return std::nullopt;
}

EvalResult Evaluation::load(const SourceOptions& sources) {
  const auto begin = SteadyClock::now();
  auto files = read_sources(sources);
  if (!files) return failed(std::move(files.error()));
  if (!sources.data.empty()) load_metrics_["timer_rego_load_files_ns"] = ns_since(begin);
  if (!sources.bundles.empty()) load_metrics_["timer_rego_load_bundles_ns"] = ns_since(begin);
  return load(std::move(*files));
}

EvalResult Evaluation::load(std::vector<policy::SourceFile> files) {
  auto schemas = read_schemas(options_.schema);
  if (!schemas) return failed(std::move(schemas.error()));
  policy::LoadOptions loading = command_line_loading();
  loading.schemas = std::move(*schemas);
  loading.strict = options_.strict;
  loading.v0_compatible = options_.v0;
  loading.optimise = options_.indexing ? policy::Optimise::Yes : policy::Optimise::No;
  allow_hosts(options_.capabilities, loading.host);
  if (auto wrong = beyond_capabilities(options_.capabilities, files, options_.v0); !wrong.empty())
    return failed(std::move(wrong));
  if (options_.metrics) time_data(files, load_metrics_);
  auto since = SteadyClock::now();
  bool has_modules = false;
  loading.adapt = [&](std::vector<policy::ast::Module>& modules) {
    has_modules = !modules.empty();
    if (has_modules) load_metrics_["timer_rego_module_parse_ns"] = ns_since(since);
    since = SteadyClock::now();
  };
  auto set = policy::PolicySet::load(files, {}, loading);
  if (!set) return failed(std::move(set.error()));
  if (has_modules) load_metrics_["timer_rego_module_compile_ns"] = ns_since(since);
  set_ = std::move(*set);
  if (options_.coverage) {
    loading.adapt = {};
    auto watched = policy::CoverageProgram::load(files, {}, loading, options_.coverage_kinds);
    if (!watched) return failed(std::move(watched.error()));
    coverage_ = std::move(*watched);
  }
  if (auto wrong = read_input()) return failed(std::move(*wrong));
  if (auto wrong = prepare_partial(files)) return failed(std::move(*wrong));
  return {};
}

void Evaluation::watch(const std::string& text, const policy::PreparedQuery& query, EvalResult& result) {
  const policy::JsonInput input(input_, set_->input_paths());
  const policy::Limits limits = limits_of(options_);
  policy::Evaluator evaluator;  // the answers of the other one stay alive
  const auto evaluate = [&](policy::Tracer& tracer) {
    policy::QueryOptions watched;
    watched.tracer = &tracer;
    (void)evaluator.query(query, input, limits, watched);
  };
  if (options_.profile) {
    policy::Profile profile;
    evaluate(profile);
    std::vector<policy::ProfileOrder> order = options_.profile_sort;
    using enum policy::ProfileOrder;
    for (const auto key : {TotalTime, NumEval, NumRedo, File, Line}) order.push_back(key);
    result.profile = profile.report(set_->program(), order, options_.profile_limit);
  }
  if (coverage_) {
    policy::Reached reached;
    coverage_->watch(text, options_.context, input_, limits, evaluator, reached);
    result.coverage = coverage_->report(reached);
  }
  if (options_.explain == "full" || options_.explain == "debug" || options_.explain == "fails") {
    const bool every_rule = options_.explain != "full";
    policy::Story story(set_->program(),
                        every_rule ? policy::Story::Rules::Every : policy::Story::Rules::Indexed);
    evaluate(story);
    result.story = story.root();
    policy::quote(*result.story, set_->modules());
  }
}

std::optional<Diagnostics> Evaluation::prepare_partial(const std::vector<policy::SourceFile>& files) {
  if (!options_.partial) return std::nullopt;
  policy::LoadOptions loading;  // without print(), which would be left as a condition
  loading.v0_compatible = options_.v0;
  auto set = policy::PolicySet::load(files, {}, std::move(loading));
  if (!set) return std::move(set.error());
  partial_ = std::make_unique<policy::PartialProgram>(std::move(*set));
  options_.partial->context = options_.context;
  if (input_) options_.partial->input = policy::to_json(input_);
  options_.partial->limits = limits_of(options_);
  return std::nullopt;
}

EvalResult Evaluation::run(const std::string& text) {
  EvalResult result;
  result.errors = query_beyond_capabilities(options_.capabilities, text);
  if (!result.errors.empty()) return result;
  if (options_.metrics) result.metrics = load_metrics_;
  if (partial_) {
    run_partial(text, result);
  } else {
    run_whole(text, result);
  }
  return result;
}

/// Partial evaluation parses and compiles the query itself: only how long that takes is wanted here.
void Evaluation::time_query(const std::string& text, EvalResult& result) {
  auto since = SteadyClock::now();
  (void)policy::ast::parse_query(policy::ast::make_source("", text));
  result.metrics["timer_rego_query_parse_ns"] = ns_since(since);
  since = SteadyClock::now();
  (void)set_->prepare(text, options_.context);
  result.metrics["timer_rego_query_compile_ns"] = ns_since(since);
}

void Evaluation::run_partial(const std::string& text, EvalResult& result) {
  if (options_.metrics) time_query(text, result);
  const auto since = SteadyClock::now();
  auto partial = partial_->evaluate(text, *options_.partial);
  if (options_.metrics) result.metrics["timer_rego_partial_eval_ns"] = ns_since(since);
  if (partial) {
    result.partial = std::move(*partial);
  } else {
    result.errors = std::move(partial.error());
  }
}

void Evaluation::run_whole(const std::string& text, EvalResult& result) {
  auto since = SteadyClock::now();
  if (options_.metrics) {
    (void)policy::ast::parse_query(policy::ast::make_source("", text));  // only to know how long it takes
    result.metrics["timer_rego_query_parse_ns"] = ns_since(since);
    since = SteadyClock::now();
  }
  auto query = set_->prepare(text, options_.context);
  if (!query) {
    result.errors = std::move(query.error());
    return;
  }
  query_ = std::move(*query);
  if (options_.metrics) result.metrics["timer_rego_query_compile_ns"] = ns_since(since);
  const policy::NoteSink prints = [&](std::string_view, std::string_view line) {
    fmt::print(options_.prints, "{}\n", line);
  };
  const policy::NoteSink traces = [&](std::string_view at, std::string_view line) {
    result.notes.push_back({std::string(at), std::string(line)});
  };
  policy::QueryOptions asking;
  asking.strict_builtin_errors = options_.strict_builtin_errors;
  asking.notes = &prints;
  if (options_.explain != "off") asking.traces = &traces;
  answer(asking, result);
  if (options_.show_builtin_errors) find_builtin_error(result);
  watch(text, *query_, result);
}

/// Strict evaluation stops at nothing either, but gives the first error in place of the answers.
void Evaluation::find_builtin_error(EvalResult& result) {
  policy::QueryOptions asking;
  asking.strict_builtin_errors = true;
  policy::Evaluator evaluator;
  const policy::JsonInput input(input_, set_->input_paths());
  const auto answers = evaluator.query(*query_, input, limits_of(options_), asking);
  if (!answers && result.errors.empty())
    result.errors = one_error(answers.error().code, answers.error().message, answers.error().at);
}

void Evaluation::answer(const policy::QueryOptions& asking, EvalResult& result) {
  const auto since = SteadyClock::now();
  const auto answers =
      evaluator_.query(*query_, policy::JsonInput(input_, set_->input_paths()), limits_of(options_), asking);
  if (options_.metrics) result.metrics["timer_rego_query_eval_ns"] = ns_since(since);
  if (!answers) {
    const policy::EvalError& e = answers.error();
    result.errors = one_error(e.code, e.message, e.at);
    return;
  }
  for (const auto& expression : query_->expressions())
    result.expressions.emplace_back(expression.text, expression.at);
  for (const policy::Bindings& one : *answers) {
    EvalAnswer& out = result.answers.emplace_back();
    out.expressions.assign(one.expressions.begin(), one.expressions.end());
    for (std::size_t i = 0; i < one.variables.size(); ++i) {
      if (one.variables[i]) out.bindings.emplace_back(query_->variables()[i], one.variables[i]);
    }
  }
}

}  // namespace signalbox::app::cli
