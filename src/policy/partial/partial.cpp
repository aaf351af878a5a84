// The entrance: files are parsed and checked, a query is checked against them, and its answer is put into
// OPA's forms.
#include "policy/partial/partial.h"

#include <algorithm>
#include <array>
#include <set>

#include "policy/check/context.h"
#include "policy/formatter/format.h"
#include "policy/loaded.h"
#include "policy/partial/evaluation.h"
#include "policy/query_context.h"
#include "policy/syntax/ast_json.h"
#include "policy/syntax/parsing.h"
#include "policy/syntax/print.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy {
namespace {

void check_unsafe_calls(check::Context& context, const ast::Body& body,
                        const std::vector<std::string>& unsafe) {
  ast::for_each_expr(body, [&](const ast::Expr& expr) {
    const auto* call = ast::as<ast::Call>(expr);
    const std::string name = call != nullptr ? ast::operator_name(*call) : "";
    if (std::ranges::find(unsafe, name) != unsafe.end())
      context.error(check::kTypeError, expr.span, "unsafe built-in function calls in expression: " + name);
    return true;
  });
}

/// The comparison that holds of `b` and `a` when `op` holds of `a` and `b`; "" = `op` is none.
std::string_view mirrored(std::string_view op) {
  static constexpr std::pair<std::string_view, std::string_view> kMirrored[] = {
      {"eq", "eq"}, {"equal", "equal"}, {"neq", "neq"}, {"lt", "gt"},
      {"gt", "lt"}, {"lte", "gte"},     {"gte", "lte"}};
  const auto at = std::ranges::find(kMirrored, op, &std::pair<std::string_view, std::string_view>::first);
  return at == std::end(kMirrored) ? std::string_view() : at->second;
}

/// One expression of a body on a line of its own. A line that begins with a minus would go on with the line
/// before:
/// `-1 = x` is written as `x = -1`.
std::string line_of(const ast::Expr& expr) {
  std::string line = ast::to_text(expr);
  const auto* call = ast::as<ast::Call>(expr);
  if (!line.starts_with('-') || call == nullptr || call->arity() != 2) return "\t" + line + "\n";
  const std::string_view op = mirrored(ast::operator_name(*call));
  if (op.empty()) return "\t" + line + "\n";
  ast::Expr other = expr;
  auto& terms = ast::as<ast::Call>(other)->terms;
  terms.front() = ast::make_operator(op);
  std::swap(terms[1], terms[2]);
  return "\t" + ast::to_text(other) + "\n";
}

/// Whether the formatter will begin the line with a minus.
bool begins_with_minus(const std::string& line) {
  constexpr std::array<std::string_view, 3> kBeginnings = {"\t-", "\tinternal.member_2(-",
                                                           "\tinternal.member_3(-"};
  return std::ranges::any_of(kBeginnings, [&](std::string_view each) { return line.starts_with(each); });
}

/// A body, an expression a line. What still begins with a minus (`-1 in xs`) comes first.
std::string lines_of(const ast::Body& body) {
  std::vector<std::string> lines;
  for (const ast::Expr& expr : body) lines.push_back(line_of(expr));
  std::ranges::stable_partition(lines, begins_with_minus);
  std::string out;
  for (const std::string& line : lines) out += line;
  return out;
}

/// A rule on lines of its own: short bodies as one line, which is how the formatter leaves them.
std::string source_text(const ast::Rule& rule) {
  ast::Rule head = rule;
  head.generated_body = true;
  std::string out = ast::to_text(head);
  if (rule.is_default || rule.generated_body) return out;
  if (rule.body.size() == 1) return out + " if " + ast::to_text(rule.body.front());
  return out + " if {\n" + lines_of(rule.body) + "}";
}

constexpr std::string_view kKeywords = "import future.keywords\n\n";

/// Formatted as if every keyword were imported; `imports` are.
std::string formatted(const std::string& package, const std::string& rules, const std::string& imports = "") {
  std::string text = package + "\n" + std::string(kKeywords) + rules;
  text = fmt_rego::format_source("", text).value_or(text) + "\n";  // an empty line behind, also without rules
  text.replace(text.find(kKeywords), kKeywords.size(), imports).pop_back();
  return text;
}

/// For the words that are none by themselves: `not { ... }`, `and`, `or`.
std::string imports_of(const ast::Module& module) {
  std::set<std::string> words;
  for (const ast::Rule& rule : module.rules) {
    ast::for_each_expr(rule, [&](const ast::Expr& expr) {
      if (ast::as<ast::Not>(expr) != nullptr) words.insert("not");
      const auto* logical = ast::as<ast::Logical>(expr);
      if (logical != nullptr) words.insert(logical->op == ast::LogicalOp::And ? "and" : "or");
      return true;
    });
  }
  std::string out;
  for (const std::string& word : words) out += "import future.keywords." + word + "\n";
  return out.empty() ? out : out + "\n";
}

/// As the formatter writes an expression of a body.
std::string formatted_body(const ast::Body& body) {
  const std::string text = formatted("package p\n", "p if {\n" + lines_of(body) + "}\n");
  const std::size_t begin = text.find("{\n") + 2;
  std::string out;
  for (std::size_t at = begin; at < text.rfind('}');) {
    const std::size_t end = text.find('\n', at);
    out += text.substr(at + 1, end - at);
    at = end + 1;
  }
  return out;
}

}  // namespace

std::expected<std::unique_ptr<PartialProgram>, Diagnostics> PartialProgram::load(
    std::vector<SourceFile> files) {
  auto set = PolicySet::load(std::move(files), {}, {});
  if (!set) return std::unexpected(set.error());
  return std::make_unique<PartialProgram>(*set);
}

std::expected<PartialResult, Diagnostics> PartialProgram::evaluate(std::string_view text,
                                                                   const PartialOptions& options) const {
  const auto source = ast::make_source(options.context.name, std::string(text));
  const check::CheckedModules& modules = set_->loaded_->checked;
  const auto surroundings = surroundings_of(options.context, set_->loaded_->options);
  if (!surroundings) return std::unexpected(surroundings.error());
  auto body = ast::parse_query(source, parsing_in(*surroundings));
  if (!body) return std::unexpected(body.error());
  const check::CheckOptions checking = checking_options(*set_->loaded_);
  const ast::Package* package = options.context.package.empty() ? nullptr : &surroundings->package;
  auto checked =
      check::check_query(std::move(*body), source, modules, checking, package, surroundings->imports);
  if (!checked) return std::unexpected(checked.error());
  check::Context context(const_cast<std::vector<ast::Module>&>(modules.modules), checking);  // only read
  context.rules = modules.rules;
  context.source = source.get();
  check_unsafe_calls(context, checked->body, options.unsafe_builtins);
  if (!context.errors.empty()) return std::unexpected(std::move(context.errors));
  // The query's own variables keep their names: they are the answer's.
  std::map<std::string, std::string> names;
  std::vector<std::string> variables;
  for (const auto& [local, name] : checked->variables) {
    names.emplace(local, name);
    variables.push_back(name);
  }
  partial::rename(checked->body, names);
  partial::Evaluation evaluation(*set_, modules, options, context.arity());
  PartialResult out;
  out.queries = evaluation.query(checked->body, variables);
  if (evaluation.error()) return std::unexpected(Diagnostics{*evaluation.error()});
  out.support = evaluation.support();
  return out;
}

std::string to_text(const PartialResult& result) {
  std::string out;
  for (std::size_t i = 0; i < result.queries.size(); ++i) {
    out += "# Query " + std::to_string(i + 1) + "\n";
    if (!result.queries[i].empty()) out += formatted_body(result.queries[i]);
    out += "\n";
  }
  for (std::size_t i = 0; i < result.support.size(); ++i)
    out += "# Module " + std::to_string(i + 1) + "\n" + support_text(result.support[i]);
  return out;
}

std::string support_text(const ast::Module& support) {
  ast::Module head = support;
  head.rules.clear();
  std::string rules;
  for (const ast::Rule& rule : support.rules) rules += source_text(rule) + "\n\n";
  return formatted(ast::to_text(head), rules, imports_of(support));
}

std::string to_json(const PartialResult& result) {
  static const ast::Source kNowhere;
  std::string out = "{";
  if (!result.queries.empty()) {
    out += "\"queries\":[";
    for (std::size_t i = 0; i < result.queries.size(); ++i) {
      out += (i == 0 ? "" : ",") +
             (result.queries[i].empty() ? "[]" : ast::to_ast_json(result.queries[i], kNowhere));
    }
    out += "]";
  }
  if (!result.support.empty()) {
    out += out.size() == 1 ? "\"support\":[" : ",\"support\":[";
    for (std::size_t i = 0; i < result.support.size(); ++i) {
      ast::Module module = result.support[i];
      for (ast::Rule& rule : module.rules)
        rule.head.assign = false;  // how it was written is nobody's business
      out += (i == 0 ? "" : ",") + ast::to_ast_json(module);
    }
    out += "]";
  }
  return out + "}";
}

}  // namespace signalbox::policy
