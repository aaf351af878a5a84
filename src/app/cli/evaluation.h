// Evaluation: policies loaded once and asked queries, with what watches them. What eval, bench and the REPL
// share.
#pragma once

#include <chrono>
#include <cstdio>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/eval_result.h"
#include "app/cli/sources.h"
#include "policy/engine.h"
#include "policy/partial/partial.h"
#include "policy/trace/coverage_program.h"
#include "policy/value/json.h"

namespace signalbox::app::cli {

struct EvalOptions {
  policy::QueryContext context{{}, {}, ""};
  std::string input;                      ///< file; empty = none
  std::optional<std::string> input_text;  ///< instead of a file
  std::string schema;                     ///< file or directory; empty = none
  std::string explain = "off";
  std::chrono::nanoseconds timeout{0};
  std::uint64_t max_steps = 10'000'000'000;  ///< some two minutes; 0 = no limit
  std::size_t max_memory = 0;                ///< bytes; 0 = half of the machine's, 8 GiB at most
  std::vector<policy::ProfileOrder> profile_sort;
  std::size_t profile_limit = 10;
  std::size_t pretty_limit = 80;  ///< bytes of a table's cell; 0 = all
  std::FILE* prints = stderr;     ///< where print() writes
  bool metrics = false, instrument = false, profile = false, coverage = false;
  bool strict = false, strict_builtin_errors = false, show_builtin_errors = false, v0 = false;
  policy::CoverageKinds coverage_kinds;
  std::string capabilities;  ///< version or file; empty = everything
  bool indexing = true;      ///< rule indices and early exit; answers are the same without
  std::optional<policy::PartialOptions> partial;  ///< set: evaluate partially, with these unknowns
};

/// "total_time_ns", "num_eval", ...
std::optional<policy::ProfileOrder> profile_order(std::string_view key);

/// A file, or a file:// URL; nullopt when it cannot be read.
std::optional<std::string> read_text(const std::string& path);
/// JSON, or YAML where the name does not say that it is JSON.
std::expected<policy::Value, policy::JsonError> parse_document(policy::Arena& arena, std::string_view name,
                                                               std::string_view text);

/// How the policy verbs load: print() kept, the network allowed, opa.runtime() filled in.
policy::LoadOptions command_line_loading();
/// Wide bounds: a person waits, and can press Ctrl-C. But a hostile policy ends.
policy::Limits command_line_limits(std::chrono::nanoseconds timeout);
policy::Limits limits_of(const EvalOptions& options);

class Evaluation {
 public:
  explicit Evaluation(const EvalOptions& options);

  /// Reads and compiles everything. Only the errors of the result count.
  EvalResult load(const SourceOptions& sources);
  EvalResult load(std::vector<policy::SourceFile> files);
  /// In place of the input that was loaded; copied.
  void set_input(const policy::Value& input) { input_ = policy::copy(documents_, input); }
  /// Asks. Values of the result live until the next run.
  EvalResult run(const std::string& query);

  const std::shared_ptr<const policy::PolicySet>& set() const { return set_; }
  policy::Value input() const { return input_; }

 private:
  std::optional<Diagnostics> read_input();
  std::optional<Diagnostics> prepare_partial(const std::vector<policy::SourceFile>& files);
  void time_query(const std::string& query, EvalResult& result);
  void run_partial(const std::string& query, EvalResult& result);
  void run_whole(const std::string& query, EvalResult& result);
  void find_builtin_error(EvalResult& result);
  void answer(const policy::QueryOptions& asking, EvalResult& result);
  void watch(const std::string& text, const policy::PreparedQuery& query, EvalResult& result);

  EvalOptions options_;
  std::shared_ptr<const policy::PolicySet> set_;
  std::optional<policy::CoverageProgram> coverage_;
  std::unique_ptr<policy::PartialProgram> partial_;
  std::shared_ptr<const policy::PreparedQuery> query_;
  policy::Arena documents_;
  policy::Value input_;
  policy::Evaluator evaluator_;
  std::map<std::string, std::int64_t> load_metrics_;
};

}  // namespace signalbox::app::cli
