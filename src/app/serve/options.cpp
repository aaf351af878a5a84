// Config -> options. Words become enumerators by small tables; the key tables have already refused other
// words.
#include "app/serve/options.h"

#include <algorithm>
#include <utility>

#include "app/config/address.h"
#include "app/version.h"

namespace signalbox::app {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

template <class Enum>
Enum chosen(std::string_view word, std::initializer_list<std::pair<std::string_view, Enum>> table) {
  for (const auto& [name, value] : table) {
    if (name == word) return value;
  }
  return table.begin()->second;
}

// A positive duration never becomes 0 ("no limit") by rounding.
milliseconds to_ms(Duration d) {
  return d.count() == 0 ? milliseconds(0) : std::max(milliseconds(1), duration_cast<milliseconds>(d));
}

std::vector<std::pair<std::string, std::string>> pairs(const Labels& labels) {
  return {labels.begin(), labels.end()};
}

proxy::TlsVersion tls_version(std::string_view word) {
  return chosen<proxy::TlsVersion>(word,
                                   {{"1.2", proxy::TlsVersion::V1_2}, {"1.3", proxy::TlsVersion::V1_3}});
}

proxy::ListenerOptions listener(const ListenerConfig& c) {
  using enum proxy::ClientCertificate;
  const Address address = parse_address(c.address).value_or(Address{});
  proxy::ListenerOptions o;
  o.name = c.name;
  o.host = address.host;
  o.port = address.port;
  o.tls.mode = chosen<proxy::ClientTls>(c.tls.mode, {{"disable", proxy::ClientTls::Disable},
                                                     {"allow", proxy::ClientTls::Allow},
                                                     {"require", proxy::ClientTls::Require}});
  o.tls.certificate_file = c.tls.certificate;
  o.tls.key_file = c.tls.key;
  o.tls.ca_file = c.tls.ca;
  o.tls.client_certificate = chosen<proxy::ClientCertificate>(
      c.tls_client_certificates, {{"none", Ignore}, {"optional", Verify}, {"require", Require}});
  o.tls.min_version = tls_version(c.tls_min_version);
  return o;
}

proxy::TargetOptions target(const TargetConfig& c) {
  using enum proxy::SslMode;
  const Address address = parse_address(c.address).value_or(Address{});
  proxy::TargetOptions o;
  o.name = c.name;
  o.host = address.host;
  o.port = address.port;
  o.role = c.role;
  o.tags = pairs(c.tags);
  o.weight = c.weight;
  o.user = c.user;
  o.password = c.password.reveal();
  o.tls.mode = chosen<proxy::SslMode>(c.tls.mode, {{"disable", Disable},
                                                   {"allow", Allow},
                                                   {"prefer", Prefer},
                                                   {"require", Require},
                                                   {"verify-ca", VerifyCa},
                                                   {"verify-full", VerifyFull}});
  o.tls.direct = c.tls_direct;
  o.tls.ca_file = c.tls.ca;
  o.tls.certificate_file = c.tls.certificate;
  o.tls.key_file = c.tls.key;
  o.catalog = {.user = c.catalog_user,
               .password = c.catalog_password.reveal(),
               .refresh = to_ms(c.catalog_refresh),
               .timeout = to_ms(c.catalog_timeout)};
  return o;
}

proxy::ExternalEngineOptions external(const PolicyConfig& c) {
  proxy::ExternalEngineOptions o;
  if (c.engine != "opa") return o;
  o.url = c.opa.url;
  o.bearer_token = c.opa.token.reveal();
  o.ca_file = c.opa.ca;
  o.certificate_file = c.opa.certificate;
  o.key_file = c.opa.key;
  o.deadline = to_ms(c.opa.deadline);
  o.on_error = chosen<proxy::OnError>(c.opa.on_error, {{"deny", proxy::OnError::Deny},
                                                       {"allow", proxy::OnError::Allow},
                                                       {"embedded", proxy::OnError::Embedded}});
  o.inputs = c.opa.inputs;
  o.connections = c.opa.connections;
  o.breaker_failures = static_cast<unsigned>(c.opa.breaker_failures);
  o.breaker_pause = to_ms(c.opa.breaker_pause);
  return o;
}

proxy::DecisionOptions decisions(const Config& config) {
  using actions::Fallback;
  const PolicyConfig& c = config.policy;
  proxy::DecisionOptions o;
  o.interlock.default_verdict =
      c.default_verdict == "deny" ? actions::Verdict::Deny : actions::Verdict::Allow;
  o.interlock.on_error = c.on_error == "allow" ? Fallback::Continue : Fallback::Refuse;
  o.interlock.on_conflict = c.on_conflict == "deny" ? Fallback::Refuse : Fallback::Continue;
  o.interlock.on_invalid = c.on_invalid == "ignore" ? Fallback::Continue : Fallback::Refuse;
  o.max_steps = c.max_steps;
  o.max_memory = c.max_memory.bytes;
  o.deadline = to_ms(c.deadline);
  o.trace = !config.observability.traces_endpoint.empty();
  o.record = config.queue.decisions || o.trace;
  o.external = external(c);
  return o;
}

proxy::SharedStoreOptions shared(const SharedConfig& c) {
  proxy::SharedStoreOptions o;
  if (c.address.empty()) return o;
  const bool is_path = c.address.starts_with('/');
  const Address address = is_path ? Address{c.address, 0} : parse_address(c.address).value_or(Address{});
  o.host = address.host;
  o.port = address.port;
  o.tls.mode = chosen<proxy::SslMode>(c.tls.mode, {{"disable", proxy::SslMode::Disable},
                                                   {"require", proxy::SslMode::Require},
                                                   {"verify-ca", proxy::SslMode::VerifyCa},
                                                   {"verify-full", proxy::SslMode::VerifyFull}});
  o.tls.ca_file = c.tls.ca;
  o.tls.certificate_file = c.tls.certificate;
  o.tls.key_file = c.tls.key;
  o.user = c.user;
  o.password = c.password.reveal();
  o.database = c.database;
  o.prefix = c.prefix;
  o.deadline = to_ms(c.deadline);
  o.lease = to_ms(c.lease);
  o.counts_alone = c.on_unavailable == "local";
  return o;
}

}  // namespace

PolicyLocation policy_location(const PolicyConfig& config) {
  return {config.directory, config.verification_key, config.verification_algorithm,
          config.verification_scope};
}

policy::LoadOptions policy_loading(const PolicyConfig& config) {
  policy::LoadOptions o;
  o.host.http_hosts = config.http_hosts;
  o.host.http = !o.host.http_hosts.empty();
  return o;
}

proxy::GatewayOptions gateway_options(const Config& config) {
  proxy::GatewayOptions o;
  o.node = config.gateway.node;
  o.tenant = config.gateway.tenant;
  o.labels = pairs(config.gateway.labels);
  o.threads = static_cast<unsigned>(config.gateway.threads);
  o.tick_interval = config.gateway.tick_interval;
  for (const auto& c : config.listeners) o.listeners.push_back(listener(c));
  for (const auto& c : config.targets) o.targets.push_back(target(c));
  o.routing.forward_networks = config.gateway.forward_networks;
  o.routing.check_interval = to_ms(config.gateway.check_interval);
  o.routing.check_user = config.gateway.check_user;
  o.routing.check_database = config.gateway.check_database;
  const LimitsConfig& l = config.limits;
  o.timeouts.handshake = to_ms(l.handshake_timeout);
  o.timeouts.connect = to_ms(l.connect_timeout);
  o.timeouts.idle = to_ms(l.idle_timeout);
  o.timeouts.action = to_ms(config.actions.deadline);
  o.limits.total = l.connections;
  o.limits.per_user = l.connections_per_user;
  o.limits.per_database = l.connections_per_database;
  o.limits.per_address = l.connections_per_address;
  o.memory.statement_bytes = l.statement_memory.bytes;
  o.memory.session_statement_bytes = l.prepared_memory.bytes;
  o.memory.in_flight = l.in_flight;
  o.memory.memo_entries = config.policy.memo_entries;
  o.memory.memo_bytes = config.policy.memo_memory.bytes;
  o.decisions = decisions(config);
  o.shared = shared(config.shared);
  o.scram_file = config.gateway.scram_file;
  for (const auto& [name, key] : config.actions.masking_keys) o.masking_keys.emplace_back(name, key.reveal());
  return o;
}

actions::AsyncLaneOptions lane_options(const Config& config) {
  const auto& a = config.actions;
  const auto& q = config.queue;
  actions::AsyncLaneOptions o;
  o.directory = q.directory;
  o.ring_bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(q.ring_memory.bytes, 1u << 30));
  o.runners = static_cast<std::uint32_t>(a.runners);
  o.sink_concurrency = static_cast<std::uint32_t>(a.sink_concurrency);
  o.lease = to_ms(a.lease);
  o.retry = {to_ms(a.retry_base), to_ms(a.retry_cap)};
  o.breaker = {static_cast<int>(a.breaker_failures), to_ms(a.breaker_pause)};
  o.dead_letters = {duration_cast<seconds>(q.dead_letters_for), q.dead_letters};
  o.decisions = {q.decisions, duration_cast<seconds>(q.decisions_for), q.decisions_memory.bytes};
  o.completed_for = duration_cast<seconds>(q.completed_for);
  o.backlog_bytes = q.backlog.bytes;
  o.stream_bytes = q.stream_memory.bytes;
  return o;
}

actions::WebhookOptions webhook_options(const Config& config) {
  actions::WebhookOptions o;
  for (const auto& [name, secret] : config.actions.webhook_secrets) o.secrets.emplace(name, secret.reveal());
  o.http.ca_file = config.actions.webhook_ca;
  return o;
}

std::optional<actions::TraceOptions> trace_options(const Config& config) {
  const ObservabilityConfig& c = config.observability;
  if (c.traces_endpoint.empty()) return std::nullopt;
  actions::TraceOptions o;
  o.endpoint = c.traces_endpoint;
  for (const auto& [name, value] : c.traces_headers) o.headers.emplace_back(name, value.reveal());
  o.resource = {
      .service = c.traces_service, .instance = config.gateway.node, .version = std::string(kVersion)};
  o.http.ca_file = c.traces_ca;
  return o;
}

admin::ServerOptions server_options(const Config& config) {
  const Address address = parse_address(config.admin.address).value_or(Address{});
  admin::ServerOptions o;
  o.host = address.host;
  o.port = address.port;
  o.tokens = {config.admin.read_token, config.admin.operate_token, config.admin.debug_token};
  return o;
}

log::Options log_options(const Config& config) {
  using enum log::Level;
  const auto& c = config.observability;
  log::Options o;
  o.level = chosen<log::Level>(
      c.log_level,
      {{"trace", Trace}, {"debug", Debug}, {"info", Info}, {"warn", Warn}, {"error", Error}, {"off", Off}});
  o.format = c.log_format == "json" ? log::Format::Json : log::Format::Text;
  o.output = c.log_output;
  o.asynchronous = true;
  return o;
}

}  // namespace signalbox::app
