// ReferenceProgram: a policy set in the hands of the reference evaluator: parsed, checked, with its
// documents.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/data/base_document.h"
#include "policy/engine.h"
#include "policy/support/reference.h"

namespace signalbox::policy::test {

class ReferenceProgram {
 public:
  ReferenceProgram(const std::vector<SourceFile>& files, const std::vector<const Builtin*>& own,
                   bool v0 = false);
  /// Why it cannot be asked; empty when it can.
  const std::string& trouble() const { return trouble_; }
  /// Values live until the next question. A query that does not compile is an error with its code.
  Reference::Answers ask(const std::string& query, Value input, bool strict);

 private:
  BaseDocuments base_;
  check::CheckOptions checking_;
  check::CheckedModules checked_;
  std::unique_ptr<Reference> reference_;
  std::string trouble_;
};

}  // namespace signalbox::policy::test
