// Evaluation: policies loaded once and asked queries, with what watches them. What eval, bench and the REPL
// share.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/eval_result.h"
#include "app/cli/sources.h"
#include "policy/engine.h"
#include "policy/partial/partial.h"

namespace signalbox::app::cli {

struct EvalOptions {
  policy::QueryContext context{{}, {}, ""};
  std::string input;                      ///< file; empty = none
  std::optional<std::string> input_text;  ///< instead of a file
  std::string schema;                     ///< file or directory; empty = none
  std::string explain = "off";
  std::chrono::nanoseconds timeout{0};
  std::vector<policy::ProfileOrder> profile_sort;
  std::size_t profile_limit = 10;
  bool metrics = false, instrument = false, profile = false, coverage = false;
  bool strict = false, strict_builtin_errors = false, v0 = false;
  bool indexing = true;  ///< rule indices and early exit; answers are the same without
  std::optional<policy::PartialOptions> partial;  ///< set: evaluate partially, with these unknowns
};

/// "total_time_ns", "num_eval", ...
std::optional<policy::ProfileOrder> profile_order(std::string_view key);

/// How the policy verbs load: print() kept, the network allowed, opa.runtime() filled in.
policy::LoadOptions command_line_loading();
/// No bound but memory: a person waits, and can press Ctrl-C.
policy::Limits command_line_limits(std::chrono::nanoseconds timeout);

class Evaluation {
 public:
  explicit Evaluation(const EvalOptions& options);

  /// Reads and compiles everything. Only the errors of the result count.
  EvalResult load(const SourceOptions& sources);
  /// Asks. Values of the result live until the next run.
  EvalResult run(const std::string& query);

  const std::shared_ptr<const policy::PolicySet>& set() const { return set_; }
  policy::Value input() const { return input_; }

 private:
  std::optional<Diagnostics> read_input();
  std::optional<Diagnostics> prepare_partial(const std::vector<policy::SourceFile>& files);
  void run_partial(const std::string& query, EvalResult& result);
  void run_whole(const std::string& query, EvalResult& result);
  void answer(const policy::QueryOptions& asking, EvalResult& result);
  void watch(const policy::PreparedQuery& query, EvalResult& result);

  EvalOptions options_;
  std::shared_ptr<const policy::PolicySet> set_;
  std::unique_ptr<policy::PartialProgram> partial_;
  std::vector<policy::ast::Module> modules_;  ///< as parsed, for coverage
  std::shared_ptr<const policy::PreparedQuery> query_;
  policy::Arena documents_;
  policy::Value input_;
  policy::Evaluator evaluator_;
  std::map<std::string, std::int64_t> load_metrics_;
};

}  // namespace signalbox::app::cli
