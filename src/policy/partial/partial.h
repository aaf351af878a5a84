// Partial evaluation: what is known is evaluated, what is not known stays as conditions. The answer to a
// query is a list of bodies over the unknowns, any of which makes it hold, and modules with the rules that
// those bodies refer to (package data.partial...). Data filtering and the compile API stand on it.
//
// Meaning, not text, is what holds: for every value of the unknowns a body of the answer holds (with the
// support modules loaded) exactly when the query does, with OPA's own exception that a conflict between
// complete rules of which one depends on unknowns goes unnoticed.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine.h"
#include "policy/syntax/ast.h"

namespace signalbox::policy {

struct PartialOptions {
  std::vector<std::string> unknowns = {"input"};  ///< references; what lies below is unknown too
  std::vector<std::string> disable_inlining;      ///< documents whose rules become support rules
  bool shallow_inlining = false;  ///< every rule that depends on unknowns becomes a support rule
  std::string input;              ///< what is known of input, JSON; empty = nothing
  Limits limits;
};

struct PartialResult {
  std::vector<ast::Body> queries;  ///< an empty body always holds; no body: the query never holds
  std::vector<ast::Module> support;
};

/// Partial evaluation of queries about a policy set. Immutable, shared between threads; keeps the set alive.
class PartialProgram {
 public:
  explicit PartialProgram(std::shared_ptr<const PolicySet> set) : set_(std::move(set)) {}
  static std::expected<std::unique_ptr<PartialProgram>, Diagnostics> load(std::vector<SourceFile> files);

  std::expected<PartialResult, Diagnostics> evaluate(std::string_view query,
                                                     const PartialOptions& options) const;

 private:
  std::shared_ptr<const PolicySet> set_;
};

/// As `opa eval --partial --format source` prints it: queries one a block, then the support modules.
std::string to_text(const PartialResult& result);

/// As POST /v1/compile answers: {"queries": [...], "support": [...]}, the tree as JSON.
std::string to_json(const PartialResult& result);

}  // namespace signalbox::policy
