// What an evaluation gave, and the forms in which `eval` prints it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/cli/statistics.h"
#include "base/diagnostic.h"
#include "policy/partial/partial.h"
#include "policy/trace/coverage.h"
#include "policy/trace/profile.h"
#include "policy/trace/story.h"
#include "policy/value/value.h"

namespace signalbox::app::cli {

/// One answer. Values live in the arena that the result was made with.
struct EvalAnswer {
  std::vector<policy::Value> expressions;
  std::vector<std::pair<std::string, policy::Value>> bindings;  ///< sorted by name
};

struct Note {
  std::string at;  ///< "file:row"
  std::string text;
};

struct EvalResult {
  Diagnostics errors;
  std::vector<std::pair<std::string, SourcePosition>> expressions;  ///< the query's, as written
  std::vector<EvalAnswer> answers;
  std::optional<policy::PartialResult> partial;  ///< instead of answers
  std::map<std::string, std::int64_t> metrics;
  std::optional<std::vector<policy::LineProfile>> profile;
  std::map<std::string, Statistics> aggregated_metrics;  ///< of several runs, instead of metrics
  std::vector<std::pair<policy::LineProfile, Statistics>> aggregated_profile;  ///< instead of profile
  std::optional<policy::CoverageReport> coverage;
  std::optional<policy::StoryNode> story;
  std::vector<Note> notes;  ///< of trace(), when they were asked for

  bool defined() const { return partial ? !partial->queries.empty() : !answers.empty(); }
};

/// {"errors"?, "result"?, "metrics"?, "explanation"?, "profile"?, "coverage"?}, OPA's field names.
std::string as_json(const EvalResult& result);
/// A line of JSON values, or of bindings, an answer.
std::string as_values(const EvalResult& result);
std::string as_bindings(const EvalResult& result);
/// Strings bare, blanks between expressions, a line an answer.
std::string as_raw(const EvalResult& result);
/// A value alone as JSON, several as a table, whose cells are cut after `limit` bytes (0 = never).
std::string as_pretty(const EvalResult& result, std::size_t limit);
/// What a partial evaluation left, as Rego.
std::string as_source(const EvalResult& result);
/// The result is only said to be there.
std::string as_discarded(const EvalResult& result);

}  // namespace signalbox::app::cli
