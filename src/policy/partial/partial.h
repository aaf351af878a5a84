// Partial evaluation: what is known is evaluated, what is not known stays as conditions. The answer to a
// query is a list of bodies over the unknowns, any of which makes it hold, and modules with the rules that
// those bodies refer to (package data.partial...). Data filtering and the compile API stand on it.
//
// What holds: for every value of the unknowns a body of the answer holds exactly when the query does (with
// the policies and the support modules loaded: rules with `else`, closures and `with` are asked as they
// stand), with OPA's own exception that a conflict between complete rules of which one depends on unknowns
// goes unnoticed. The text is OPA's but for the names of support rules of negations and the order of rules
// that OPA's index tells apart.
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
  /// Built-ins such as time.now_ns are called now; otherwise they stay as conditions.
  bool nondeterministic_builtins = false;
  std::vector<std::string> unsafe_builtins;  ///< a query that calls one of these is refused
  std::string input;                         ///< what is known of input, JSON; empty = nothing
  Limits limits;
  QueryContext context;  ///< where the query is asked
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

/// One of the support modules, formatted.
std::string support_text(const ast::Module& support);

/// As POST /v1/compile answers: {"queries": [...], "support": [...]}, the tree as JSON.
std::string to_json(const PartialResult& result);

}  // namespace signalbox::policy
