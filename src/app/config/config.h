// Config: what signalbox.yaml says, typed. Defaults and documentation of every member stand in keys.cpp; a
// Config is only ever made by load() or defaults(), so every member has been set.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "app/config/key.h"
#include "app/config/units.h"
#include "base/diagnostic.h"
#include "base/secret.h"

namespace signalbox::app {

struct TlsFiles {
  std::string mode;
  std::filesystem::path certificate;
  std::filesystem::path key;
  std::filesystem::path ca;
};

struct ListenerConfig {
  std::string name;
  std::string address;
  TlsFiles tls;
  std::string tls_min_version;
  std::string tls_client_certificates;
};

struct TargetConfig {
  std::string name;
  std::string address;
  std::string role;
  Labels tags;
  TlsFiles tls;
  bool tls_direct = false;
  std::uint64_t weight = 1;
  std::string user;
  Secret password;
  std::string catalog_user;
  Secret catalog_password;
  Duration catalog_refresh{};
  Duration catalog_timeout{};
};

struct GatewayConfig {
  std::string node;
  std::string tenant;
  Labels labels;
  std::uint64_t threads = 0;
  Duration tick_interval{};
  Duration drain_timeout{};
  std::filesystem::path scram_file;
  Words forward_networks;
  Duration check_interval{};
  std::string check_user;
  std::string check_database;
};

struct OpaConfig {
  std::string url;
  Secret token;
  std::filesystem::path ca;
  std::filesystem::path certificate;
  std::filesystem::path key;
  Duration deadline{};
  std::string on_error;
  Words inputs;
  std::uint64_t connections = 0;
  std::uint64_t breaker_failures = 0;
  Duration breaker_pause{};
};

struct PolicyConfig {
  std::filesystem::path directory;
  std::filesystem::path verification_key;
  std::string verification_algorithm;
  std::string verification_scope;
  bool watch = false;
  std::string engine;
  std::string default_verdict;
  std::string on_error;
  std::string on_conflict;
  std::string on_invalid;
  Duration deadline{};
  std::uint64_t max_steps = 0;
  Size max_memory{};
  std::uint64_t memo_entries = 0;
  Size memo_memory{};
  Words http_hosts;
  OpaConfig opa;
};

struct ActionsConfig {
  Duration deadline{};
  std::uint64_t runners = 0;
  std::uint64_t sink_concurrency = 0;
  Duration retry_base{};
  Duration retry_cap{};
  std::uint64_t breaker_failures = 0;
  Duration breaker_pause{};
  Duration lease{};
  std::string audit_log;
  Secrets masking_keys;
  Secrets webhook_secrets;
  std::filesystem::path webhook_ca;
};

struct QueueConfig {
  std::filesystem::path directory;
  Size ring_memory{};
  Size backlog{};
  Size stream_memory{};
  Duration completed_for{};
  std::uint64_t dead_letters = 0;
  Duration dead_letters_for{};
  Duration decisions_for{};
  Size decisions_memory{};
  bool decisions = false;
};

struct AdminConfig {
  std::string address;
  Secret read_token;
  Secret operate_token;
  Secret debug_token;
};

struct ObservabilityConfig {
  std::string log_level;
  std::string log_format;
  std::string log_output;
  std::string traces_endpoint;
  Secrets traces_headers;
  std::filesystem::path traces_ca;
  std::string traces_service;
};

struct SharedConfig {
  std::string address;
  TlsFiles tls;
  std::string user;
  Secret password;
  std::uint64_t database = 0;
  std::string prefix;
  Duration deadline{};
  Duration lease{};
  std::string on_unavailable;
};

struct LimitsConfig {
  std::uint64_t connections = 0;
  std::uint64_t connections_per_user = 0;
  std::uint64_t connections_per_database = 0;
  std::uint64_t connections_per_address = 0;
  Duration connect_timeout{};
  Duration handshake_timeout{};
  Duration idle_timeout{};
  Size statement_memory{};
  Size prepared_memory{};
  std::uint64_t in_flight = 0;
};

struct Config {
  GatewayConfig gateway;
  std::vector<ListenerConfig> listeners;
  std::vector<TargetConfig> targets;
  PolicyConfig policy;
  ActionsConfig actions;
  QueueConfig queue;
  AdminConfig admin;
  ObservabilityConfig observability;
  LimitsConfig limits;
  SharedConfig shared;
};

/// A configuration with every key at its default: no listener, no target.
Config defaults();

/// Sets every key of one element to its default. For elements that are made outside load().
void set_defaults(const Keys& keys);

/// Reads the text of signalbox.yaml. `file` names it in messages and is what paths in it are relative to.
/// All that is wrong is reported at once, sorted by position; nothing is half applied.
std::expected<Config, Diagnostics> load(std::string_view text, const std::string& file);
std::expected<Config, Diagnostics> load_file(const std::filesystem::path& file);

/// Applies "section.key=value" texts over what a file said. The section is not a list.
Diagnostics assign(Config& config, const std::vector<std::string>& assignments);

/// What is wrong with the values taken together: nothing to listen on, two targets of one name, ...
/// Without positions: it also judges a configuration that came from flags.
Diagnostics validate(const Config& config);

/// Keys declared Reload::Restart whose values differ, as "section.key".
std::vector<std::string> restart_needed(Config& before, Config& after);

}  // namespace signalbox::app
