#include "app/serve/options.h"

#include <catch2/catch.hpp>

#include "app/config/describe.h"

using namespace signalbox;
using namespace signalbox::app;
using namespace std::chrono_literals;

namespace {
Config read(std::string_view text) {
  auto config = load(text, "/etc/x.yaml");
  REQUIRE(config);
  return *config;
}
}  // namespace

TEST_CASE("the configuration reaches the data path") {
  const auto o = gateway_options(read(R"(
gateway: {node: n1, labels: {zone: eu}, threads: 3}
listeners: [{name: l, address: "[::1]:6432", tls: {mode: require, certificate: c, key: k, client_ca: ca,
             client_certificates: optional, min_version: "1.3"}}]
targets: [{name: t, address: "/run/pg:5432", role: replica, tags: {a: b}, tls: {mode: verify-full, ca: x}}]
limits: {connections: 7, idle_timeout: 90s, connect_timeout: 1us}
policy: {default: deny, on_error: allow, on_conflict: deny, on_invalid: ignore, max_steps: 5, memo_entries: 9}
)"));
  CHECK(o.node == "n1");
  CHECK(o.threads == 3);
  CHECK(o.labels.at(0) == std::pair<std::string, std::string>("zone", "eu"));
  const auto& l = o.listeners.at(0);
  CHECK((l.name == "l" && l.host == "::1" && l.port == 6432));
  CHECK(l.tls.mode == proxy::ClientTls::Require);
  CHECK(l.tls.certificate_file == "/etc/c");
  CHECK(l.tls.client_certificate == proxy::ClientCertificate::Verify);
  CHECK(l.tls.min_version == proxy::TlsVersion::V1_3);
  const auto& t = o.targets.at(0);
  CHECK((t.host == "/run/pg" && t.port == 5432 && t.role == "replica"));
  CHECK(t.tls.mode == proxy::SslMode::VerifyFull);
  CHECK(o.limits.total == 7);
  CHECK(o.timeouts.idle == 90s);
  CHECK(o.timeouts.connect == 1ms);  // rounding never makes it "no limit"
  CHECK(o.decisions.interlock.default_verdict == actions::Verdict::Deny);
  CHECK(o.decisions.interlock.on_error == actions::Fallback::Continue);
  CHECK(o.decisions.interlock.on_conflict == actions::Fallback::Refuse);
  CHECK(o.decisions.interlock.on_invalid == actions::Fallback::Continue);
  CHECK(o.decisions.max_steps == 5);
  CHECK(o.memory.memo_entries == 9);
  CHECK(o.decisions.external.url.empty());
}

TEST_CASE("defaults refuse where a decision fails") {
  const auto o = gateway_options(read(""));
  CHECK(o.decisions.interlock.on_error == actions::Fallback::Refuse);
  CHECK(o.decisions.interlock.on_invalid == actions::Fallback::Refuse);
  CHECK(o.decisions.interlock.default_verdict == actions::Verdict::Allow);
}

TEST_CASE("engine: opa reaches the external engine's options") {
  const auto o = gateway_options(read(R"(
policy: {engine: opa, opa: {url: "unix:/run/opa.sock", token: s3, deadline: 20ms, on_error: embedded,
         inputs: [query.kind], breaker_failures: 2, breaker_pause: 1s}}
)"))
                     .decisions.external;
  CHECK(o.url == "unix:/run/opa.sock");
  CHECK(o.bearer_token == "s3");
  CHECK(o.deadline == 20ms);
  CHECK(o.on_error == proxy::OnError::Embedded);
  CHECK(o.inputs == std::vector<std::string>{"query.kind"});
  CHECK(o.breaker_failures == 2);
}

TEST_CASE("queue and actions reach the lane") {
  const auto o = lane_options(read(R"(
actions: {runners: 2, retry_base: 100ms, retry_cap: 2s}
queue: {directory: q, ring_memory: 1MiB, decisions: false, decisions_for: 1h}
)"));
  CHECK(o.directory == "/etc/q");
  CHECK(o.runners == 2);
  CHECK(o.retry.base == 100ms);
  CHECK(o.ring_bytes == 1u << 20);
  CHECK_FALSE(o.decisions.enabled);
  CHECK(o.decisions.age == 1h);
}

TEST_CASE("webhook secrets are read by name and never printed") {
  auto config = read("actions: {webhook: {secrets: {soc: hunter2}}}");
  CHECK(webhook_options(config).secrets.at("soc") == "hunter2");
  const std::string yaml = as_yaml(config);
  CHECK(yaml.find("hunter2") == std::string::npos);
  CHECK(yaml.find(R"(secrets: {"soc": "********"})") != std::string::npos);
}

TEST_CASE("--set reaches any key that is not in a list, and errors say what is near") {
  Config config = defaults();
  CHECK(assign(config, {"limits.connections=5", "policy.on_error=allow", "admin.read_token=a=b"}).empty());
  CHECK(config.limits.connections == 5);
  CHECK(config.policy.on_error == "allow");
  CHECK(config.admin.read_token.reveal() == "a=b");
  const auto bad = assign(config, {"limit.connections=5", "limits.connections=x", "limits.connections"});
  REQUIRE(bad.size() == 3);
  CHECK(bad[0].hint == "did you mean limits.connections?");
  CHECK(bad[1].hint == "write a whole number, 0 or more");
}
