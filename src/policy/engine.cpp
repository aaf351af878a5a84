// The facade's small parts: what a PolicySet and a PreparedQuery tell about themselves.
#include "policy/engine.h"

#include <fmt/format.h>

#include "policy/loaded.h"

namespace signalbox::policy {

PolicySet::PolicySet(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {}
PolicySet::~PolicySet() = default;

std::string_view PolicySet::revision() const {
  return loaded_->revision;
}
std::span<const InputPath> PolicySet::input_paths() const {
  return loaded_->program.slots;
}
std::span<const RuleReads> PolicySet::rule_reads() const {
  return loaded_->reads;
}
const Diagnostics& PolicySet::warnings() const {
  return loaded_->warnings;
}
const Program& PolicySet::program() const {
  return loaded_->program;
}

std::span<const ast::Module> PolicySet::modules() const {
  return loaded_->checked.modules;
}
std::size_t PolicySet::base_document_bytes() const {
  return loaded_->base.bytes();
}

PreparedQuery::PreparedQuery(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
PreparedQuery::~PreparedQuery() = default;
std::span<const QueryExpression> PreparedQuery::expressions() const {
  return compiled_->expressions;
}
std::span<const std::string> PreparedQuery::variables() const {
  return compiled_->code->variables;
}

std::string to_text(const EvalError& error) {
  std::string out;
  if (!error.at.file.empty()) out += error.at.file + ":";
  if (error.at.row != 0) out += fmt::format("{}: ", error.at.row);
  return out + error.code + ": " + error.message;
}

}  // namespace signalbox::policy
