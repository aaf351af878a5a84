// The real OPA, as a server for the length of a test.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace signalbox::admin {

/// The program: $SIGNALBOX_OPA, or `opa` on the PATH; "" when there is none.
std::string opa_program();

class OpaProcess {
 public:
  /// `opa run --server` over the files, listening on loopback; ready when it returns. Null when it did not
  /// start.
  static std::unique_ptr<OpaProcess> start(const std::vector<std::string>& files);
  ~OpaProcess();
  int port() const { return port_; }

 private:
  OpaProcess(pid_t pid, int port) : pid_(pid), port_(port) {}
  pid_t pid_;
  int port_;
};

}  // namespace signalbox::admin
