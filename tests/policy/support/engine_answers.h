// What our engine makes of a generated program, in the form in which OpaServer gives OPA's word.
#pragma once

#include <memory>
#include <vector>

#include "policy/engine.h"
#include "policy/support/opa_server.h"

namespace signalbox::policy::test {

class EngineAnswers {
 public:
  std::vector<CompileError> load(const GeneratedProgram& program, const LoadOptions& options = {});
  Answer query(const std::string& query, const std::string& input, bool strict = false);
  /// As OPA answers POST /v1/data/<path>: the document alone.
  Answer strict_document(const std::string& path, const std::string& input);

  std::shared_ptr<const PolicySet> set;

 private:
  Evaluator evaluator_;
};

/// Bindings as one JSON object.
std::string bindings_json(std::span<const std::string> names, std::span<const Value> values);

}  // namespace signalbox::policy::test
