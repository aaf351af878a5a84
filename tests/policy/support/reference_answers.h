// What the reference evaluator makes of a generated program, in the form of OpaServer's answers.
#pragma once

#include "policy/support/opa_server.h"
#include "policy/support/reference_program.h"

namespace signalbox::policy::test {

class ReferenceAnswers {
 public:
  explicit ReferenceAnswers(const GeneratedProgram& program);
  Answer query(const std::string& query, const std::string& input, bool strict = false);

 private:
  ReferenceProgram program_;
};

}  // namespace signalbox::policy::test
