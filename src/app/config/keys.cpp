// The tables of signalbox.yaml: every key once, with its default, its documentation and whether it reloads.
// Adding a key = a member in config.h and a line here.
#include "app/config/config.h"
#include "app/config/key.h"

namespace signalbox::app {
namespace {

Keys keys(GatewayConfig& c) {
  return {
      {"node", &c.node, "signalbox",
       "Name of this gateway: `input.gateway.node`, logs and decision records."},
      {"tenant", &c.tenant, "", "Tenant this gateway serves: `input.gateway.tenant`."},
      {"labels", &c.labels, "{}", "Free labels for policies to read: `input.gateway.labels`."},
      {"threads", &c.threads, "0", "Event loops, one thread each; 0 means one for every processor."},
      {"tick_interval", &c.tick_interval, "5s",
       "How often the hook `tick` is raised, where a policy is about it; 0: never.", Reload::Live},
      {"drain_timeout", &c.drain_timeout, "30s",
       "On SIGTERM, how long sessions may go on before they are closed; idle ones are closed at once.",
       Reload::Live},
      {"scram_file", &c.scram_file, "",
       "SCRAM verifiers, lines `user SCRAM-SHA-256$...` as in pg_authid, for log-ins over TLS on both legs "
       "with "
       "different certificates (docs/operations.md).",
       Reload::Live},
      {"forward_networks", &c.forward_networks, "[]",
       "Networks to which the action `forward` may send; none: it is off.", Reload::Live},
      {"check_interval", &c.check_interval, "0",
       "How often targets are asked whether they are up and how far they have come; 0: not at all, and a "
       "target is down "
       "for 5 s when it could not be reached (docs/routing.md)."},
      {"check_user", &c.check_user, "postgres",
       "User of these checks, for targets that have no `user` of their own."},
      {"check_database", &c.check_database, "postgres", "Their database."},
  };
}

Keys keys(ListenerConfig& c) {
  return {
      {"name", &c.name, "main", "Name of the listener: `input.gateway.listener`."},
      {"address", &c.address, "",
       "`host:port`, `[v6]:port`, `*:port`, or `/directory:port` for the UNIX socket "
       "`/directory/.s.PGSQL.port`."},
      {"tls.mode",
       &c.tls.mode,
       "disable",
       "Whether clients may or must use TLS.",
       Reload::Live,
       {"disable", "allow", "require"}},
      {"tls.certificate", &c.tls.certificate, "", "Certificate chain, PEM. Read again on reload.",
       Reload::Live},
      {"tls.key", &c.tls.key, "", "Private key, PEM.", Reload::Live},
      {"tls.client_ca", &c.tls.ca, "", "Authorities that client certificates must come from, PEM.",
       Reload::Live},
      {"tls.client_certificates",
       &c.tls_client_certificates,
       "none",
       "Whether clients present a certificate.",
       Reload::Live,
       {"none", "optional", "require"}},
      {"tls.min_version",
       &c.tls_min_version,
       "1.2",
       "Oldest TLS version accepted.",
       Reload::Live,
       {"1.2", "1.3"}},
  };
}

Keys keys(TargetConfig& c) {
  return {
      {"name", &c.name, "main", "Name of the target: `input.server.target`.", Reload::Live},
      {"address", &c.address, "",
       "Where the PostgreSQL server is: `host:port`, or `/directory:port` for its UNIX socket.",
       Reload::Live},
      {"role", &c.role, "", "What the server is, for policies: `input.server.role`; `primary` or `replica`.",
       Reload::Live},
      {"tags", &c.tags, "{}", "Free tags for policies: what `route` can choose by.", Reload::Live},
      {"weight", &c.weight, "1",
       "Share of this target among those that fit a `route` equally; 0 only if no other does.", Reload::Live},
      {"user", &c.user, "",
       "The gateway's own account there, for sessions that move to it and for checks; empty: the session's "
       "user.",
       Reload::Live},
      {"password", &c.password, "", "Its password.", Reload::Live},
      {"tls.mode",
       &c.tls.mode,
       "prefer",
       "libpq's `sslmode` towards the server.",
       Reload::Live,
       {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}},
      {"tls.direct", &c.tls_direct, "false", "TLS without asking first (PostgreSQL 17 and later).",
       Reload::Live},
      {"tls.ca", &c.tls.ca, "",
       "Authorities that the server's certificate must come from, PEM; empty: the system's.", Reload::Live},
      {"tls.certificate", &c.tls.certificate, "", "The gateway's own certificate towards the server, PEM.",
       Reload::Live},
      {"tls.key", &c.tls.key, "", "Its private key, PEM.", Reload::Live},
      {"catalog.user", &c.catalog_user, "",
       "Role as which the gateway reads pg_catalog of the sessions' databases, so that facts see through "
       "views, "
       "functions and search_path (docs/input.md). It needs to log in and nothing else. Empty: nothing is "
       "read."},
      {"catalog.password", &c.catalog_password, "", "Its password."},
      {"catalog.refresh", &c.catalog_refresh, "60s",
       "How often it is read again; soon after DDL that passes the gateway in any case."},
      {"catalog.timeout", &c.catalog_timeout, "10s", "Of connecting for it, and of each query."},
  };
}

Keys keys(PolicyConfig& c) {
  return {
      {"directory", &c.directory, "",
       "Policies: a directory with `*.rego`, `*.policy.yaml`, `data.json`, `data.yaml`, also in "
       "sub-directories, or a bundle (`*.tar.gz`). Empty: there are none, and `default` holds."},
      {"verification.key", &c.verification_key, "",
       "Policies must be a bundle signed with this key: PEM, or the secret of an HS* algorithm, in a file. "
       "Empty: signatures are not looked at."},
      {"verification.algorithm", &c.verification_algorithm, "RS256", "Algorithm of the signature."},
      {"verification.scope", &c.verification_scope, "", "Scope that the signature must have."},
      {"watch", &c.watch, "true", "Load the policies again when a file of theirs changes."},
      {"engine",
       &c.engine,
       "embedded",
       "Who decides: the built-in engine, or an external OPA (docs/opa.md).",
       Reload::Live,
       {"embedded", "opa"}},
      {"default",
       &c.default_verdict,
       "allow",
       "What holds when no policy asks for a verdict.",
       Reload::Live,
       {"allow", "deny"}},
      {"on_error",
       &c.on_error,
       "deny",
       "What a decision that failed means: error, timeout, too many steps.",
       Reload::Live,
       {"deny", "allow"}},
      {"on_conflict",
       &c.on_conflict,
       "resolve",
       "What contradicting actions mean: the one with precedence wins, or the message is refused.",
       Reload::Live,
       {"resolve", "deny"}},
      {"on_invalid",
       &c.on_invalid,
       "deny",
       "What a sync action means that cannot run at the hook.",
       Reload::Live,
       {"deny", "ignore"}},
      {"deadline", &c.deadline, "100ms", "Longest time one decision of the embedded engine may take.",
       Reload::Live},
      {"max_steps", &c.max_steps, "10000000", "Most steps of the embedded engine in one decision.",
       Reload::Live},
      {"max_memory", &c.max_memory, "64MiB", "Most memory of the embedded engine in one decision.",
       Reload::Live},
      {"memo_entries", &c.memo_entries, "65536",
       "Plans remembered by each event loop, under exactly the facts they were made from; 0 remembers none.",
       Reload::Live},
      {"memo_memory", &c.memo_memory, "64MiB", "Most memory for those facts.", Reload::Live},
      {"http_hosts", &c.http_hosts, "[]",
       "Hosts that policies may ask with http.send; none: http.send is off. It blocks the event loop that "
       "decides."},
      {"opa.url", &c.opa.url, "http://127.0.0.1:8181", "Where OPA is: `http://`, `https://` or `unix:/path`.",
       Reload::Live},
      {"opa.token", &c.opa.token, "", "Bearer token that OPA wants.", Reload::Live},
      {"opa.ca", &c.opa.ca, "",
       "Authorities that OPA's certificate must come from, PEM; empty: the system's.", Reload::Live},
      {"opa.certificate", &c.opa.certificate, "", "The gateway's own certificate towards OPA, PEM.",
       Reload::Live},
      {"opa.key", &c.opa.key, "", "Its private key, PEM.", Reload::Live},
      {"opa.deadline", &c.opa.deadline, "500ms", "Longest wait for OPA's answer, connecting included.",
       Reload::Live},
      {"opa.on_error",
       &c.opa.on_error,
       "deny",
       "What no answer from OPA means; `embedded` asks the built-in engine.",
       Reload::Live,
       {"deny", "allow", "embedded"}},
      {"opa.inputs", &c.opa.inputs, "[]",
       "Facts to send, as in `query.kind`; empty: those that the policies in `policy.directory` read.",
       Reload::Live},
      {"opa.connections", &c.opa.connections, "4", "Connections to OPA kept open by each event loop.",
       Reload::Live},
      {"opa.breaker_failures", &c.opa.breaker_failures, "5",
       "Failures in a row after which OPA is not asked for a while.", Reload::Live},
      {"opa.breaker_pause", &c.opa.breaker_pause, "5s", "How long it is then left alone.", Reload::Live},
  };
}

Keys keys(ActionsConfig& c) {
  return {
      {"deadline", &c.deadline, "30s",
       "Longest time that a sync action may take which has to wait for somebody and has no `deadline` of its "
       "own.",
       Reload::Live},
      {"runners", &c.runners, "8", "Threads that run jobs."},
      {"sink_concurrency", &c.sink_concurrency, "4", "Jobs in flight to one receiver."},
      {"retry_base", &c.retry_base, "1s",
       "Wait after the first failure; doubles each time, with full jitter."},
      {"retry_cap", &c.retry_cap, "5m", "Longest wait between two attempts."},
      {"breaker_failures", &c.breaker_failures, "5",
       "Failures in a row after which a receiver is left alone."},
      {"breaker_pause", &c.breaker_pause, "10s", "How long."},
      {"lease", &c.lease, "30s", "How long a runner may hold a job before another takes it."},
      {"audit_log",
       &c.audit_log,
       "stdout",
       "Where lines of the action `log` go: `stdout`, `syslog`, or a file (which may be rotated).",
       Reload::Restart,
       {},
       {"stdout", "syslog"}},
      {"webhook.secrets", &c.webhook_secrets, "{}",
       "Signing secrets by name: what `secret` of a webhook refers to."},
      {"webhook.ca", &c.webhook_ca, "",
       "Authorities that receivers' certificates must come from, PEM; empty: the system's."},
      {"masking.keys", &c.masking_keys, "{}",
       "Keys by name: what `key` of a mask (hash, format) refers to. Equal keys give equal masked values."},
  };
}

Keys keys(QueueConfig& c) {
  return {
      {"directory", &c.directory, "",
       "Where jobs, audit lines and decision records are stored. Empty: a temporary directory that is "
       "removed at the "
       "end."},
      {"ring_memory", &c.ring_memory, "4MiB", "What each event loop may hold before the writer takes it."},
      {"backlog", &c.backlog, "1GiB",
       "Most that waiting jobs may occupy; beyond it new ones are dropped and counted."},
      {"stream_memory", &c.stream_memory, "1GiB", "Most that audit lines may occupy."},
      {"completed_for", &c.completed_for, "0", "How long finished jobs stay listed; 0: they vanish."},
      {"dead_letters", &c.dead_letters, "10000",
       "Most jobs that failed for good to keep; the oldest go first."},
      {"dead_letters_for", &c.dead_letters_for, "7d", "How long they are kept."},
      {"decisions_for", &c.decisions_for, "7d", "How long decision records are kept."},
      {"decisions_memory", &c.decisions_memory, "256MiB",
       "Most that decision records may occupy; the oldest go first."},
      {"decisions", &c.decisions, "true", "Whether decisions are recorded at all."},
  };
}

Keys keys(AdminConfig& c) {
  return {
      {"address", &c.address, "127.0.0.1:8090", "Where the admin API listens; empty: nowhere."},
      {"read_token", &c.read_token, "",
       "Bearer token for reading. With no token at all only loopback is served."},
      {"operate_token", &c.operate_token, "", "Bearer token for reading and changing."},
      {"debug_token", &c.debug_token, "", "Bearer token for reading, changing and debugging."},
  };
}

Keys keys(ObservabilityConfig& c) {
  return {
      {"log_level",
       &c.log_level,
       "info",
       "Least severe line that is logged.",
       Reload::Live,
       {"trace", "debug", "info", "warn", "error", "off"}},
      {"log_format",
       &c.log_format,
       "text",
       "One line an event, as text or as JSON.",
       Reload::Live,
       {"text", "json"}},
      {"log_output",
       &c.log_output,
       "stderr",
       "`stderr`, `stdout` or a file, which is opened again on reload.",
       Reload::Live,
       {},
       {"stderr", "stdout"}},
      {"traces.endpoint", &c.traces_endpoint, "",
       "Where decisions go as OpenTelemetry spans (OTLP/HTTP), `http://collector:4318/v1/traces`; empty: "
       "nowhere."},
      {"traces.headers", &c.traces_headers, "{}",
       "Headers of the requests, by name: what the collector asks for."},
      {"traces.ca", &c.traces_ca, "",
       "Authorities that the collector's certificate must come from, PEM; empty: the system's."},
      {"traces.service", &c.traces_service, "signalbox", "`service.name` of the spans."},
  };
}

Keys keys(LimitsConfig& c) {
  return {
      {"connections", &c.connections, "10000", "Client connections in all; 0 is no limit.", Reload::Live},
      {"connections_per_user", &c.connections_per_user, "0", "Client connections of one user.", Reload::Live},
      {"connections_per_database", &c.connections_per_database, "0", "Client connections to one database.",
       Reload::Live},
      {"connections_per_address", &c.connections_per_address, "0", "Client connections from one address.",
       Reload::Live},
      {"connect_timeout", &c.connect_timeout, "10s", "Longest wait for a server to accept a connection.",
       Reload::Live},
      {"handshake_timeout", &c.handshake_timeout, "60s",
       "Longest time from a client's connection to its log-in.", Reload::Live},
      {"idle_timeout", &c.idle_timeout, "0", "A session silent for longer is closed; 0 never.", Reload::Live},
      {"statement_memory", &c.statement_memory, "16MiB",
       "Longest message that policies read; a longer one is refused where a policy would have to read it.",
       Reload::Live},
      {"prepared_memory", &c.prepared_memory, "4MiB", "Texts of prepared statements that a session may keep.",
       Reload::Live},
      {"in_flight", &c.in_flight, "16384", "Requests of one session that may wait for their answer.",
       Reload::Live},
  };
}

Keys keys(SharedConfig& c) {
  return {
      {"address", &c.address, "",
       "Redis server in which several gateways count `police` and `limit` together and share their blocks: "
       "`host:port`, or the path of its UNIX socket; empty: each gateway for itself."},
      {"tls.mode",
       &c.tls.mode,
       "disable",
       "libpq's `sslmode` towards it: encrypted only, its authority verified, its name too.",
       Reload::Restart,
       {"disable", "require", "verify-ca", "verify-full"}},
      {"tls.ca", &c.tls.ca, "", "Authorities that its certificate must come from, PEM; empty: the system's."},
      {"tls.certificate", &c.tls.certificate, "", "The gateway's own certificate towards it, PEM."},
      {"tls.key", &c.tls.key, "", "Its private key, PEM."},
      {"user", &c.user, "", "User (of its ACL) to log in as there; empty: the default one."},
      {"password", &c.password, "", "Its password; empty: no log-in."},
      {"database", &c.database, "0", "Number of the database there."},
      {"prefix", &c.prefix, "signalbox", "What its keys begin with: gateways that share have the same."},
      {"deadline", &c.deadline, "50ms",
       "Longest wait for an answer. A server that takes longer is taken for gone, and for a second nobody "
       "asks "
       "it."},
      {"lease", &c.lease, "30s", "After how long the places of a gateway that has died are free again."},
      {"on_unavailable",
       &c.on_unavailable,
       "local",
       "While it is away: each gateway counts for itself, or `police` and `limit` fail (what that means is "
       "their "
       "`on_error`). Blocks hold as they were last known.",
       Reload::Restart,
       {"local", "refuse"}},
  };
}

template <class T>
Section object(std::string_view name, T Config::* member, std::string_view doc) {
  return {name, Shape::Object, doc, [member](Config& c) { return std::vector<Keys>{keys(c.*member)}; }, {}};
}

template <class T>
Section list(std::string_view name, std::vector<T> Config::* member, std::string_view doc) {
  return {name, Shape::List, doc,
          [member](Config& c) {
            std::vector<Keys> all;
            for (T& element : c.*member) all.push_back(keys(element));
            return all;
          },
          [member](Config& c) { (c.*member).emplace_back(); }};
}

}  // namespace

const std::vector<Section>& sections() {
  static const std::vector<Section> all{
      object("gateway", &Config::gateway, "The gateway as a whole."),
      list("listeners", &Config::listeners, "Where clients connect."),
      list("targets", &Config::targets,
           "PostgreSQL servers. The first one serves every session that no policy routes."),
      object("policy", &Config::policy, "What decides."),
      object("actions", &Config::actions,
             "How long actions may take, and how jobs run that those such as `webhook` ask for."),
      object("queue", &Config::queue, "Where they wait, and where decisions are recorded."),
      object("admin", &Config::admin, "The admin API (docs/operations.md)."),
      object("observability", &Config::observability, "The gateway's own log, and its traces."),
      object("limits", &Config::limits, "Bounds on what clients may use. Values left at 0 are not limited."),
      object("shared", &Config::shared, "What several gateways share (docs/operations.md)."),
  };
  return all;
}

}  // namespace signalbox::app
