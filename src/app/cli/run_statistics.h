// RunStatistics: metrics and profiles of several runs of one query, as `opa eval --count` aggregates them.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/cli/eval_result.h"

namespace signalbox::app::cli {

class RunStatistics {
 public:
  void add(const EvalResult& result);
  /// Replaces the result's own metrics and profile, where it has them.
  void put_into(EvalResult& result) const;

 private:
  std::map<std::string, std::vector<double>> metrics_;
  std::map<SourcePosition, std::vector<double>> times_;  ///< of the profile's lines
};

}  // namespace signalbox::app::cli
