// RetiredPolicies: frees policy sets where no session waits. A session may be the last to hold a set that has
// been replaced, and freeing ten thousand rules takes some 20 ms, in which its worker would serve nobody.
#pragma once

#include <memory>

#include "proxy/hooks/policies.h"

namespace signalbox::proxy {

class RetiredPolicies {
 public:
  RetiredPolicies();
  /// Frees what it still has. Sets that are held longer are freed by whoever lets go of them.
  ~RetiredPolicies();
  RetiredPolicies(const RetiredPolicies&) = delete;
  RetiredPolicies& operator=(const RetiredPolicies&) = delete;

  /// Shares `policies`: whichever thread lets go of it last, another one frees it.
  std::shared_ptr<const Policies> share(std::unique_ptr<const Policies> policies);

 private:
  class Queue;
  std::shared_ptr<Queue> queue_;
};

}  // namespace signalbox::proxy
