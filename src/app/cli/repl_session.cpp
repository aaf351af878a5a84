// What a line means: a command; else an assignment or a rule, which is defined; else a query. `x = 1` defines
// where there is no x yet, and asks afterwards. A line that ends too early is kept, and the next ones are put
// to it until an empty one.
#include "app/cli/repl_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/cli/eval_result.h"
#include "policy/query_context.h"
#include "policy/syntax/parser.h"
#include "policy/syntax/parsing.h"
#include "policy/syntax/print.h"
#include "policy/value/json.h"

namespace signalbox::app::cli {
namespace {

namespace ast = policy::ast;

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

/// The two sides of a query that is `a := b` or `a = b`; null when it is not.
const ast::Call* assignment(const ast::Body& query) {
  const auto* call = query.size() == 1 ? ast::as<ast::Call>(query.front()) : nullptr;
  if (call == nullptr || query.front().negated || !query.front().with.empty()) return nullptr;
  const std::string op = ast::operator_name(*call);
  return (op == "assign" || op == "eq") && call->arity() == 2 ? call : nullptr;
}

/// What is wrong with a text that is neither: the reading that got farther meant it.
const Diagnostics& farther(const Diagnostics& a, const Diagnostics& b) {
  return a.front().at < b.front().at ? b : a;
}

bool is_root(std::string_view name) {
  return name == "data" || name == "input";
}

std::string first_name(const ast::Term& term) {
  const auto* ref = ast::as<ast::Ref>(term);
  const auto* var = ast::as<ast::Var>(ref != nullptr ? ref->terms.front() : term);
  return var != nullptr ? var->name : "";
}

/// The rule whose absolute reference is `rule`, in a package of `depth` parts, defines `term` or what it is a
/// part of. A variable of `term` may stand for any part of the rule's.
bool covers(const ast::Ref& rule, std::size_t depth, const ast::Term& term) {
  const auto* ref = ast::as<ast::Ref>(term);
  const std::size_t parts = ref != nullptr ? ref->terms.size() : 1;
  const std::string name = ast::quote(first_name(term));
  for (std::size_t i = 0; depth + i < rule.terms.size(); ++i) {
    const ast::Term& part = rule.terms[depth + i];
    if (ast::as<ast::Var>(part) != nullptr) return true;
    if (i == parts) return false;
    if (i != 0 && ast::as<ast::Var>(ref->terms[i]) != nullptr) return true;
    if (ast::to_text(part) != (i == 0 ? name : ast::to_text(ref->terms[i]))) return false;
  }
  return true;
}

/// `input := {..}`: no rule can have that name, so that it can only mean this.
bool gives_input(const ast::Body& query) {
  const ast::Call* sides = assignment(query);
  if (sides == nullptr || ast::operator_name(*sides) != "assign") return false;
  const auto* ref = ast::as<ast::Ref>(sides->terms[1]);
  return ref != nullptr && ref->terms.size() == 1 && first_name(sides->terms[1]) == "input";
}

/// It can be nothing but a part of a module. `p := 1` could be a question, `p contains 1` could not, though
/// it parses as three of them.
bool only_a_rule(const ast::Module& module) {
  return std::ranges::any_of(module.rules, [](const ast::Rule& rule) {
    return rule.is_default || !rule.generated_body || rule.head.keywords.contains;
  });
}

}  // namespace

std::expected<ReplSession, Diagnostics> ReplSession::open(const SourceOptions& sources,
                                                          const EvalOptions& options) {
  auto files = read_sources(sources);
  if (!files) return std::unexpected(std::move(files.error()));
  ReplSession out;
  out.files_ = std::move(*files);
  out.options_ = options;
  out.options_.prints = stdout;
  if (Diagnostics wrong = out.refresh(); !wrong.empty()) return std::unexpected(std::move(wrong));
  return out;
}

/// With the keywords that the current package imports.
ast::ParseOptions ReplSession::parsing() const {
  policy::LoadOptions loading;
  loading.v0_compatible = options_.v0;
  const auto around = policy::surroundings_of({modules_.package(), modules_.imports(), ""}, loading);
  return around ? policy::parsing_in(*around) : ast::ParseOptions{};
}

Diagnostics ReplSession::change(ReplModules next) {
  const ReplModules before = std::exchange(modules_, std::move(next));
  evaluation_.reset();
  Diagnostics wrong = refresh();
  if (!wrong.empty()) modules_ = before;
  return wrong;
}

Diagnostics ReplSession::refresh() {
  if (evaluation_) return {};
  std::vector<policy::SourceFile> files = files_;
  std::ranges::move(modules_.files(), std::back_inserter(files));
  options_.context = {modules_.package(), modules_.imports(), ""};
  auto fresh = std::make_unique<Evaluation>(options_);
  EvalResult loaded = fresh->load(std::move(files));
  if (!loaded.errors.empty()) return std::move(loaded.errors);
  evaluation_ = std::move(fresh);
  load_input();
  return {};
}

/// As in OPA, data.repl.input is the input where there is such a document.
void ReplSession::load_input() {
  const auto query = evaluation_->set()->prepare("data.repl.input");
  if (!query) return;
  policy::Evaluator evaluator;
  const policy::JsonInput nothing(evaluation_->input(), evaluation_->set()->input_paths());
  const auto value = evaluator.value(**query, nothing, command_line_limits(options_.timeout));
  if (value && *value) evaluation_->set_input(*value);
}

ReplSession::Answer ReplSession::ask(const std::string& text) {
  if (Diagnostics wrong = refresh(); !wrong.empty()) return {to_text(wrong)};
  const EvalResult result = evaluation_->run(text);
  if (json_) return {as_json(result)};
  return {result.errors.empty() ? as_pretty(result, options_.pretty_limit) : to_text(result.errors)};
}

ReplSession::Answer ReplSession::give_input(const std::string& text) {
  if (Diagnostics wrong = refresh(); !wrong.empty()) return {to_text(wrong)};
  const auto query = evaluation_->set()->prepare(text, options_.context);
  if (!query) return {to_text(query.error())};
  policy::Evaluator evaluator;
  const policy::JsonInput input(evaluation_->input(), evaluation_->set()->input_paths());
  const auto value = evaluator.value(**query, input, command_line_limits(options_.timeout));
  if (!value) return {policy::to_text(value.error()) + "\n"};
  if (value->is_undefined()) return {"undefined\n"};
  options_.input.clear();
  options_.input_text = policy::to_json(*value);
  evaluation_.reset();
  return {};
}

/// Rules of the package define it, or something that it is a part of; or an import brings its name.
bool ReplSession::is_defined(const ast::Term& term) const {
  const std::string name = first_name(term);
  if (is_root(name)) return true;
  for (const ast::Module& module : evaluation_->set()->modules()) {
    if (ast::dotted_name(module.package.path) != "data." + modules_.package()) continue;
    const std::size_t depth = module.package.path.terms.size();
    if (std::ranges::any_of(module.rules,
                            [&](const ast::Rule& rule) { return covers(rule.head.ref, depth, term); }))
      return true;
  }
  return std::ranges::any_of(modules_.imports(), [&](const std::string& import) {
    return import.ends_with("." + name) || import.ends_with(" as " + name);
  });
}

ReplSession::Answer ReplSession::define(const ast::Module& parsed, const std::string& text) {
  ReplModules next = modules_;
  next.enter(ast::dotted_name(parsed.package.path).substr(sizeof "data." - 1));
  std::string said;
  for (const ast::Import& import : parsed.imports) {
    next.import(ast::to_text(import).substr(sizeof "import"));
  }
  for (const ast::Rule& rule : parsed.rules) {
    const std::string name = ast::dotted_name(rule.head.ref);
    const bool again = rule.head.assign && next.remove(name);
    next.add({name, parsed.rules.size() == 1 && parsed.imports.empty()
                        ? text
                        : std::string(rule.span.text(*parsed.source))});
    said += fmt::format("Rule '{}' {} in package {}. Type 'show' to see rules.\n", name,
                        again ? "re-defined" : "defined", next.package());
  }
  const Diagnostics wrong = change(std::move(next));
  return {wrong.empty() ? (json_ ? "" : said) : to_text(wrong)};
}

/// A module that is this text, in the current package. Errors are where the text has them.
policy::ast::Parsed<ast::Module> ReplSession::parse_rules(const std::string& text) const {
  const std::string head = text.starts_with("package ") ? "" : "package " + modules_.package() + "\n";
  auto module = ast::parse_module(ast::make_source("", head + text), parsing());
  if (!module && !head.empty()) {
    for (Diagnostic& d : module.error()) d.at.row -= std::min(d.at.row, 1U);
  }
  return module;
}

/// The text is a question, though `x = 1` could be a rule as well.
bool ReplSession::asks(const ast::Body& query) const {
  const ast::Call* sides = assignment(query);
  if (sides == nullptr) return true;
  const ast::Term& left = sides->terms[1];
  if (is_root(first_name(left))) return true;
  const bool known = ast::operator_name(*sides) == "eq" && is_defined(left);
  return known || !ast::rule_from_body(query);
}

ReplSession::Answer ReplSession::statement(const std::string& text) {
  if (Diagnostics wrong = refresh(); !wrong.empty()) return {to_text(wrong)};
  const auto module = parse_rules(text);
  if (module && only_a_rule(*module)) return define(*module, text);
  const auto query = ast::parse_query(ast::make_source("", text), parsing());
  if (query && gives_input(*query)) return give_input(text.substr(text.find('=') + 1));
  if (query && asks(*query)) return ask(text);
  if (module && module->rules.empty() && module->imports.empty() && !text.starts_with("package ")) return {};
  if (module) return define(*module, text);
  if (query) return ask(text);
  return {to_text(farther(module.error(), query.error()))};
}

/// Only of the first line it is asked whether it is whole: what follows may belong to it (`else`), until an
/// empty line ends it.
ReplSession::Answer ReplSession::line(const std::string& added) {
  const bool ended = trimmed(added).empty();
  if (!pending_.empty()) {
    if (ended) return statement(std::exchange(pending_, {}));
    pending_ += "\n" + added;
    return {"", true};
  }
  if (ended) return {};
  std::string text(trimmed(added));
  if (auto answer = command(text)) return std::move(*answer);
  const auto query = ast::parse_query(ast::make_source("", text), parsing());
  const auto rules = query ? ast::Parsed<ast::Module>() : parse_rules(text);
  if (!query && !rules && (ends_early(query.error()) || ends_early(rules.error()))) {
    pending_ = std::move(text);
    return {"", true};
  }
  return statement(text);
}

}  // namespace signalbox::app::cli
