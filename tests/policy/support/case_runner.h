// Behaviour cases in OPA's YAML format: reading and running one.
#pragma once

#include <string>
#include <vector>

#include "policy/value/value.h"

namespace signalbox::policy::test {

struct Case {
  std::string file;
  std::string note;
  Value fields;  ///< the case as written
};

/// All cases of a *.yaml file; empty with `error` set when it cannot be read. Values live in `arena`.
std::vector<Case> read_cases(Arena& arena, const std::string& path, std::string& error);

/// Who answers a case: the engine as it is, without its optimisations, or the reference evaluator.
enum class Answering { Engine, EngineUnoptimised, Reference };

/// "" when the case holds; else what differs.
std::string run_case(const Case& test_case, Answering by = Answering::Engine);

}  // namespace signalbox::policy::test
