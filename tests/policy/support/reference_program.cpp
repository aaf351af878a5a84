// ReferenceProgram: shares parser and checker with the engine, and nothing behind them.
#include "policy/support/reference_program.h"

#include "policy/syntax/parsing.h"

namespace signalbox::policy::test {

ReferenceProgram::ReferenceProgram(const std::vector<SourceFile>& files,
                                   const std::vector<const Builtin*>& own, bool v0) {
  ast::ParseOptions parsing;
  if (v0) parsing.version = ast::RegoVersion::V0;
  checking_.own_builtins = own;
  Diagnostics errors;
  std::vector<ast::Module> modules;
  std::vector<DataFile> data;
  for (const SourceFile& file : files) {
    if (is_data_file(file.path)) {
      data.push_back({file.path, file.text});
    } else if (auto module = ast::parse_module(ast::make_source(file.path, file.text), parsing)) {
      modules.push_back(std::move(*module));
    } else {
      trouble_ = to_text(module.error());
      return;
    }
  }
  base_ = read_base_documents(data, nullptr, errors);
  auto checked = check::check_modules(std::move(modules), checking_);
  if (!checked || has_errors(errors)) {
    trouble_ = to_text(checked ? errors : checked.error());
    return;
  }
  checked_ = std::move(*checked);
  reference_ = std::make_unique<Reference>(checked_, base_.whole, own);
}

Reference::Answers ReferenceProgram::ask(const std::string& query, Value input, bool strict) {
  const auto refused = [](const Diagnostics& why) {
    Reference::Answers out;
    out.error = EvalError{why.front().code, why.front().message, {}};
    return out;
  };
  const auto source = ast::make_source("query", query);
  auto body = ast::parse_query(source);
  if (!body) return refused(body.error());
  auto checked = check::check_query(std::move(*body), source, checked_, checking_);
  if (!checked) return refused(checked.error());
  return reference_->query(*checked, input, strict);
}

}  // namespace signalbox::policy::test
