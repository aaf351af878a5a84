// One question, one POST. An engine that keeps failing is left alone for a while: its sessions are answered
// by on_error at once instead of waiting for the deadline each.
#include "proxy/hooks/opa_source.h"

#include "base/log.h"

namespace signalbox::proxy {

namespace {

Result<HttpClient::Options> http_options(const ExternalEngineOptions& options) {
  auto address = HttpAddress::parse(options.url);
  if (!address) return std::unexpected(address.error());
  HttpClient::Options http{.address = std::move(*address),
                           .tls = nullptr,
                           .bearer_token = options.bearer_token,
                           .connections = options.connections,
                           .max_answer = policy::opa::kMaxAnswer};
  if (!http.address.tls) return http;
  auto tls = make_target_tls({.mode = SslMode::VerifyFull,
                              .ca_file = options.ca_file,
                              .certificate_file = options.certificate_file,
                              .key_file = options.key_file});
  if (!tls) return std::unexpected(tls.error());
  http.tls = std::move(*tls);
  return http;
}

}  // namespace

Result<std::unique_ptr<DecisionSource>> OpaSource::make(const ExternalEngineOptions& options, Loop& loop,
                                                        Resolver& resolver) {
  auto http = http_options(options);
  if (!http) return std::unexpected(http.error());
  return std::unique_ptr<DecisionSource>(new OpaSource(options, loop, resolver, std::move(*http)));
}

Result<void> OpaSource::check(const ExternalEngineOptions& options) {
  const auto http = http_options(options);
  if (!http) return std::unexpected(http.error());
  return {};
}

OpaSource::OpaSource(const ExternalEngineOptions& options, Loop& loop, Resolver& resolver,
                     HttpClient::Options http)
    : options_(options), loop_(loop), client_(loop, resolver, std::move(http)) {}

/// The facts that the site declares, or those that the loaded policies read.
std::string OpaSource::question(const EventView& view, const Policies& policies) const {
  policy::Arena arena;
  std::string body;
  const EventInput input(view, policies.slots());
  const bool declared = !options_.inputs.empty() || policies.set() == nullptr;
  const auto exchange = declared ? policy::opa::Exchange::declared(options_.inputs)
                                 : policy::opa::Exchange::learned(policies.set()->input_paths());
  exchange.append_request(input, arena, body);
  return body;
}

Task<policy::Decision> OpaSource::decide(const EventView& view, std::shared_ptr<const Policies> policies) {
  if (loop_.now_ns() < open_until_ns_) co_return policy::opa::failed_decision("circuit breaker is open");
  const auto answer = co_await client_.post(std::string(policy::opa::kDecisionPath),
                                            question(view, *policies), options_.deadline);
  note(answer.has_value());
  if (!answer) co_return policy::opa::failed_decision(answer.error().message);
  co_return policy::opa::parse_decision(answer->status, answer->body);
}

void OpaSource::note(bool answered) {
  if (answered) {
    failures_ = 0;
    return;
  }
  if (++failures_ < options_.breaker_failures) return;
  failures_ = 0;
  open_until_ns_ = loop_.now_ns() + std::chrono::nanoseconds(options_.breaker_pause).count();
  log::warn("the external engine keeps failing; it is left alone for a while", {{"url", options_.url}});
}

}  // namespace signalbox::proxy
