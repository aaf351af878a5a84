// What a line means: a command; else a rule, if it parses as one in this package; else a query. A line that
// ends too early is kept, and the next one is put to it; an empty line gives up.
#include "app/cli/repl_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "app/cli/eval_result.h"
#include "policy/builtins/builtin.h"
#include "policy/syntax/parsing.h"
#include "policy/syntax/print.h"
#include "policy/value/json.h"
#include "policy/vm/program.h"

namespace signalbox::app::cli {
namespace {

constexpr std::string_view kHelp =
    "Expressions are evaluated; rules are defined.\n"
    "  x := 1; y := x + 1        what is bound is shown\n"
    "  data.app.allow            any document\n"
    "  p contains x if x := 1    a rule of the current package\n"
    "  input := {\"user\": \"ann\"}  the input document\n\n"
    "Commands:\n"
    "  show                      the module being written\n"
    "  unset NAME                remove a rule, or input\n"
    "  package NAME, import PATH where queries are asked and rules go\n"
    "  trace                     show how answers came about\n"
    "  metrics, profile          show how long they took\n"
    "  json, pretty              how answers are shown\n"
    "  strict-builtin-errors     an error of a built-in fails the query\n"
    "  dump                      all of data\n"
    "  help, exit\n";

constexpr std::string_view kCommands[] = {"help",
                                          "show",
                                          "unset",
                                          "package",
                                          "import",
                                          "trace",
                                          "metrics",
                                          "json",
                                          "pretty",
                                          "profile",
                                          "dump",
                                          "exit",
                                          "strict-builtin-errors"};

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

/// The text ends where more was expected.
bool ends_early(const Diagnostics& diagnostics) {
  return std::ranges::any_of(diagnostics, [](const Diagnostic& d) {
    return d.message.find("unexpected eof") != std::string::npos || d.message.starts_with("non-terminated");
  });
}

}  // namespace

std::expected<ReplSession, Diagnostics> ReplSession::open(const SourceOptions& sources,
                                                          const EvalOptions& options) {
  // The evaluation reads the input; the session only keeps what it read.
  Evaluation probe(options);
  if (EvalResult loaded = probe.load(sources); !loaded.errors.empty()) return std::unexpected(loaded.errors);
  auto files = read_sources(sources);
  if (!files) return std::unexpected(std::move(files.error()));
  ReplSession out;
  out.files_ = std::move(*files);
  out.options_ = options;
  out.memory_ = std::make_shared<policy::Arena>();
  if (probe.input()) out.input_ = policy::copy(*out.memory_, probe.input());
  if (auto done = out.reload({}); !done) return std::unexpected(std::move(done.error()));
  return out;
}

std::string ReplSession::module_text(const std::vector<Rule>& rules) const {
  std::string out = "package " + package() + "\n\n";
  for (const std::string& import : imports_) out += "import " + import + "\n";
  if (!imports_.empty()) out += "\n";
  for (const Rule& rule : rules) out += rule.text + "\n\n";
  return out;
}

std::expected<void, Diagnostics> ReplSession::reload(const std::vector<Rule>& rules) {
  std::vector<policy::SourceFile> files = files_;
  files.push_back({"repl.rego", module_text(rules)});
  policy::LoadOptions loading = command_line_loading();
  loading.v0_compatible = options_.v0;
  auto set = policy::PolicySet::load(std::move(files), vocabulary_, std::move(loading));
  if (!set) return std::unexpected(std::move(set.error()));
  set_ = std::move(*set);
  rules_ = rules;
  return {};
}

std::string ReplSession::show() const {
  return imports_.empty() && rules_.empty() && package_.empty() ? "no rules defined\n" : module_text(rules_);
}

std::string ReplSession::toggle(bool& flag, std::string_view what) {
  flag = !flag;
  return fmt::format("{} {}\n", what, flag ? "on" : "off");
}

std::optional<ReplSession::Answer> ReplSession::command(std::string_view text) {
  const auto blank = text.find(' ');
  const std::string_view word = text.substr(0, blank);
  const std::string rest(blank == std::string_view::npos ? "" : trimmed(text.substr(blank)));
  const auto reloaded = [&](const std::vector<Rule>& rules, std::string said) -> Answer {
    const auto done = reload(rules);
    return {done ? std::move(said) : to_text(done.error())};
  };
  if (word == "package" && !rest.empty()) {
    const std::string before = std::exchange(package_, rest);
    Answer answer = reloaded({}, "");
    if (!answer.text.empty()) package_ = before;
    return answer;
  }
  if (word == "import" && !rest.empty()) {
    imports_.push_back(rest);
    Answer answer = reloaded(rules_, "");
    if (!answer.text.empty()) imports_.pop_back();
    return answer;
  }
  if (word == "unset" && !rest.empty()) {
    if (rest == "input") return input_ = policy::Value(), Answer{};
    std::vector<Rule> rules = rules_;
    if (std::erase_if(rules, [&](const Rule& rule) { return rule.name == rest; }) == 0)
      return Answer{fmt::format("there is no rule {}\n", rest)};
    return reloaded(rules, "");
  }
  if (!rest.empty()) return std::nullopt;
  if (word == "help") return Answer{std::string(kHelp)};
  if (word == "exit") return Answer{"", false, true};
  if (word == "show") return Answer{show()};
  if (word == "dump") return ask("data");
  if (word == "json") return json_ = true, Answer{};
  if (word == "pretty") return json_ = false, Answer{};
  if (word == "trace") return Answer{toggle(trace_, "trace")};
  if (word == "metrics") return Answer{toggle(metrics_, "metrics")};
  if (word == "profile") return Answer{toggle(profile_, "profile")};
  if (word == "strict-builtin-errors") return Answer{toggle(strict_errors_, "strict-builtin-errors")};
  return std::nullopt;
}

ReplSession::Answer ReplSession::define(const std::string& text, const policy::ast::Module& parsed) {
  std::vector<Rule> rules = rules_;
  std::string said;
  for (const policy::ast::Rule& rule : parsed.rules) {
    Rule added{policy::ast::dotted_name(rule.head.ref), std::string(rule.span.text(*parsed.source)), false};
    if (parsed.rules.size() == 1) added.text = text;
    added.replaceable = rule.generated_body && !rule.head.is_function && rule.head.assign;
    const bool again = added.replaceable && std::erase_if(rules, [&](const Rule& old) {
                                              return old.name == added.name && old.replaceable;
                                            }) != 0;
    said += fmt::format("Rule '{}' {} in package {}. Type 'show' to see rules.\n", added.name,
                        again ? "re-defined" : "defined", package());
    rules.push_back(std::move(added));
  }
  const auto done = reload(rules);
  return {done ? said : to_text(done.error())};
}

ReplSession::Answer ReplSession::ask(const std::string& text) {
  const policy::QueryContext context{package(), imports_, ""};
  const auto query = set_->prepare(text, context);
  if (!query) return {to_text(query.error())};
  EvalResult result;
  const policy::NoteSink prints = [&](std::string_view, std::string_view said) {
    result.notes.push_back({"print", std::string(said)});
  };
  policy::QueryOptions asking;
  asking.strict_builtin_errors = strict_errors_;
  asking.notes = asking.traces = &prints;
  const policy::JsonInput input(input_, set_->input_paths());
  policy::Evaluator evaluator, watched;
  const auto begin = std::chrono::steady_clock::now();
  const auto answers = evaluator.query(**query, input, command_line_limits(options_.timeout), asking);
  if (metrics_)
    result.metrics["timer_rego_query_eval_ns"] = (std::chrono::steady_clock::now() - begin).count();
  if (!answers) return {policy::to_text(answers.error()) + "\n"};
  for (const auto& expression : (*query)->expressions())
    result.expressions.emplace_back(expression.text, expression.at);
  for (const policy::Bindings& answer : *answers) {
    EvalAnswer& out = result.answers.emplace_back();
    out.expressions.assign(answer.expressions.begin(), answer.expressions.end());
    for (std::size_t i = 0; i < answer.variables.size(); ++i) {
      if (answer.variables[i]) out.bindings.emplace_back((*query)->variables()[i], answer.variables[i]);
    }
  }
  asking.notes = asking.traces = nullptr;
  const auto limits = command_line_limits(options_.timeout);
  if (trace_) {
    policy::Story story(set_->program(), policy::Story::Rules::Every);
    asking.tracer = &story;
    (void)watched.query(**query, input, limits, asking);
    result.story = story.root();
  }
  if (profile_) {
    policy::Profile profile;
    asking.tracer = &profile;
    (void)watched.query(**query, input, limits, asking);
    const policy::ProfileOrder order[] = {policy::ProfileOrder::TotalTime};
    result.profile = profile.report(set_->program(), order, 10);
  }
  return {json_ ? as_json(result) : as_pretty(result)};
}

ReplSession::Answer ReplSession::line(const std::string& added) {
  if (trimmed(added).empty()) {
    pending_.clear();
    return {};
  }
  const std::string text = pending_.empty() ? std::string(trimmed(added)) : pending_ + "\n" + added;
  if (pending_.empty()) {
    if (auto answer = command(text)) return std::move(*answer);
  }
  std::string head = "package " + package() + "\n";
  for (const std::string& import : imports_) head += "import " + import + "\n";
  policy::ast::ParseOptions parsing;
  if (options_.v0) parsing.version = policy::ast::RegoVersion::V0;
  const auto module = policy::ast::parse_module(policy::ast::make_source("repl", head + text), parsing);
  const auto query = policy::ast::parse_query(policy::ast::make_source("repl", text), parsing);
  if (!module && !query && (ends_early(module.error()) || ends_early(query.error()))) {
    pending_ = text;
    return {"", true};
  }
  pending_.clear();
  if (text.starts_with("input :=") || text.starts_with("input =")) {
    const auto json =
        policy::parse_json(*memory_, trimmed(std::string_view(text).substr(text.find('=') + 1)));
    if (!json) return {json.error().message + "\n"};
    input_ = *json;
    return {};
  }
  // `x = y` and `f(x) = y` are questions, though they could be rules.
  const bool asks = query && module && module->rules.size() == 1 && module->rules[0].generated_body &&
                    !module->rules[0].head.assign && !module->rules[0].head.key;
  if (module && !module->rules.empty() && !asks) return define(text, *module);
  return ask(text);
}

std::vector<std::string> ReplSession::completions(const std::string& word) const {
  std::set<std::string> out;
  const auto offer = [&](std::string_view name) {
    if (name.starts_with(word)) out.insert(std::string(name));
  };
  for (const std::string_view name : kCommands) offer(name);
  for (const policy::Builtin* builtin : policy::all_builtins()) {
    if (!builtin->name.starts_with("internal.")) offer(builtin->name);
  }
  for (const policy::ast::Module& module : set_->modules()) {
    offer(policy::ast::dotted_name(module.package.path));
    for (const policy::ast::Rule& rule : module.rules) offer(policy::ast::dotted_name(rule.head.ref));
  }
  for (const Rule& rule : rules_) offer(rule.name);
  return {out.begin(), out.end()};
}

}  // namespace signalbox::app::cli
