// The entrance: files are parsed and checked, a query is checked against them, and its answer is put into
// OPA's forms.
#include "policy/partial/partial.h"

#include "policy/loaded.h"
#include "policy/partial/evaluation.h"
#include "policy/syntax/ast_json.h"
#include "policy/syntax/parse.h"
#include "policy/syntax/print.h"

namespace signalbox::policy {

std::expected<std::unique_ptr<PartialProgram>, Diagnostics> PartialProgram::load(
    std::vector<SourceFile> files) {
  auto set = PolicySet::load(std::move(files), {}, {});
  if (!set) return std::unexpected(set.error());
  return std::make_unique<PartialProgram>(*set);
}

std::expected<PartialResult, Diagnostics> PartialProgram::evaluate(std::string_view text,
                                                                   const PartialOptions& options) const {
  const auto source = ast::make_source("query", std::string(text));
  const check::CheckedModules& modules = set_->loaded_->checked;
  auto body = ast::parse_query(source);
  if (!body) return std::unexpected(body.error());
  auto checked = check::check_query(std::move(*body), source, modules, checking_options(*set_->loaded_));
  if (!checked) return std::unexpected(checked.error());
  // The query's own variables keep their names: they are the answer's.
  std::map<std::string, std::string> names;
  std::vector<std::string> variables;
  for (const auto& [local, name] : checked->variables) {
    names.emplace(local, name);
    variables.push_back(name);
  }
  partial::rename(checked->body, names);
  partial::Evaluation evaluation(*set_, modules, options);
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
    for (const ast::Expr& expr : result.queries[i]) out += ast::to_text(expr) + "\n";
    out += "\n";
  }
  for (std::size_t i = 0; i < result.support.size(); ++i) {
    out += "# Module " + std::to_string(i + 1) + "\n" + ast::to_text(result.support[i]) + "\n";
  }
  return out;
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
      out += (i == 0 ? "" : ",") + ast::to_ast_json(result.support[i]);
    }
    out += "]";
  }
  return out + "}";
}

}  // namespace signalbox::policy
