// OpaServer: a real `opa run --server` on a free port of the loopback, for asking OPA what it answers.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "policy/support/generator.h"
#include "policy/value/value.h"

namespace httplib {
class Client;
}

namespace signalbox::policy::test {

/// What an evaluator made of a query.
struct Answer {
  std::string error;                 ///< code of the evaluation error; empty: none
  std::string message;               ///< of the error
  std::vector<std::string> results;  ///< bindings as JSON, sorted, each once
};

struct CompileError {
  std::string file;
  std::uint32_t row = 0;
  std::string code;
  std::string message;
};

class OpaServer {
 public:
  /// The program of $SIGNALBOX_OPA or `opa` on the PATH; empty when there is none.
  static std::string find_program();

  explicit OpaServer(const std::string& program);
  ~OpaServer();
  OpaServer(const OpaServer&) = delete;
  OpaServer& operator=(const OpaServer&) = delete;

  bool ready() const { return ready_; }
  /// Replaces policies and data by the program's; what does not compile.
  std::vector<CompileError> load(const GeneratedProgram& program);
  Answer query(const std::string& query, const std::string& input);
  /// The document below data, with strict built-in errors.
  Answer strict_document(const std::string& path, const std::string& input);

 private:
  void forget_policies();
  pid_t pid_ = -1;
  bool ready_ = false;
  std::vector<std::string> policies_;
  std::unique_ptr<httplib::Client> client_;
};

}  // namespace signalbox::policy::test
