// OpaSource: decisions by an external OPA over HTTP, with a deadline and a circuit breaker.
#pragma once

#include <memory>
#include <string>

#include "policy/opa/exchange.h"
#include "proxy/gateway_options.h"
#include "proxy/hooks/decision_source.h"
#include "proxy/net/http_client.h"

namespace signalbox::proxy {

class OpaSource final : public DecisionSource {
 public:
  /// Errors name what is wrong with the URL or a file; check() finds the same without making one.
  static Result<std::unique_ptr<DecisionSource>> make(const ExternalEngineOptions& options, Loop& loop,
                                                      Resolver& resolver);

  static Result<void> check(const ExternalEngineOptions& options);

  Task<policy::Decision> decide(const EventView& view, std::shared_ptr<const Policies> policies) override;

 private:
  OpaSource(const ExternalEngineOptions& options, Loop& loop, Resolver& resolver, HttpClient::Options http);
  std::string question(const EventView& view, const Policies& policies) const;
  void note(bool answered);

  ExternalEngineOptions options_;
  Loop& loop_;
  HttpClient client_;
  unsigned failures_ = 0;           ///< in a row
  std::int64_t open_until_ns_ = 0;  ///< until then nobody is asked
};

}  // namespace signalbox::proxy
