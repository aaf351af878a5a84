// GatewayOptions: everything the data path can be told. Plain values; the application fills them from its
// configuration, tests fill them by hand. Durations of zero mean "no limit", counts of zero likewise.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "actions/interlock.h"

namespace signalbox::proxy {

/// What a listener demands of its clients.
enum class ClientTls : std::uint8_t { Disable, Allow, Require };
enum class ClientCertificate : std::uint8_t {
  Ignore,
  Verify,   ///< verified when the client shows one
  Require,  ///< no session without a valid one
};
enum class TlsVersion : std::uint8_t { V1_2, V1_3 };

struct ListenerTlsOptions {
  ClientTls mode = ClientTls::Disable;
  std::string certificate_file;  ///< PEM chain
  std::string key_file;
  std::string ca_file;  ///< for client certificates
  ClientCertificate client_certificate = ClientCertificate::Ignore;
  TlsVersion min_version = TlsVersion::V1_2;
};

struct ListenerOptions {
  std::string name;
  /// An IP address, a host name, "*" for every interface, or a directory (it begins with '/') for the UNIX
  /// socket DIRECTORY/.s.PGSQL.PORT.
  std::string host = "127.0.0.1";
  std::uint16_t port = 6432;  ///< 0 = any free one; see Gateway::addresses()
  unsigned unix_mode = 0777;
  ListenerTlsOptions tls;
};

/// libpq's sslmode, same meaning.
enum class SslMode : std::uint8_t { Disable, Allow, Prefer, Require, VerifyCa, VerifyFull };

struct TargetTlsOptions {
  SslMode mode = SslMode::Prefer;
  bool direct = false;           ///< TLS without SSLRequest first (PostgreSQL 17)
  std::string ca_file;           ///< "" = the system's certificates
  std::string certificate_file;  ///< for servers that ask for one
  std::string key_file;
  TlsVersion min_version = TlsVersion::V1_2;
};

/// How the target's pg_catalog is read. Off without a user.
struct CatalogOptions {
  std::string user;
  std::string password;
  std::chrono::milliseconds refresh{60'000};
  std::chrono::milliseconds timeout{10'000};  ///< of connecting, and of each query
};

struct TargetOptions {
  std::string name;
  std::string host = "127.0.0.1";  ///< address, host name, or a directory for its UNIX socket
  std::uint16_t port = 5432;
  std::string role;                                       ///< "primary", "replica", "": for policies
  std::vector<std::pair<std::string, std::string>> tags;  ///< for policies
  TargetTlsOptions tls;
  std::uint64_t weight = 1;  ///< share among targets that fit equally
  std::string user;          ///< the gateway's own account there; "" = the session's user
  std::string password;
  CatalogOptions catalog;
};

struct RoutingOptions {
  std::vector<std::string> forward_networks;    ///< where `forward` may go
  std::chrono::milliseconds check_interval{0};  ///< of health checks
  std::string check_user = "postgres";
  std::string check_database = "postgres";
};

/// Where several gateways count together and share their blocks.
struct SharedStoreOptions {
  SharedStoreOptions() { tls.mode = SslMode::Disable; }

  std::string host;  ///< of a Redis server: name, address, or the path of its UNIX socket; "" = none
  std::uint16_t port = 6379;
  TargetTlsOptions tls;  ///< from the first byte: Redis has no other
  std::string user;
  std::string password;
  std::uint64_t database = 0;
  std::string prefix = "signalbox";  ///< of every key
  std::chrono::milliseconds deadline{50};
  std::chrono::milliseconds lease{30'000};  ///< after which the places of a gateway that has died come back
  bool counts_alone = true;  ///< while the server is away: each gateway for itself; otherwise actions fail
};

struct TimeoutOptions {
  std::chrono::milliseconds handshake{60'000};  ///< accept to ReadyForQuery
  std::chrono::milliseconds connect{10'000};    ///< to a server, TLS included
  std::chrono::milliseconds idle{0};            ///< client idle outside a transaction
  std::chrono::milliseconds action{30'000};     ///< a sync action that has no deadline of its own
  std::chrono::seconds keepalive_idle{60};      ///< TCP keep-alive, both sides
  std::chrono::seconds keepalive_interval{10};
  unsigned keepalive_count = 6;
};

struct ConnectionLimits {
  std::size_t total = 10'000;
  std::size_t per_user = 0;
  std::size_t per_database = 0;
  std::size_t per_address = 0;
  std::size_t cancels_in_flight = 64;
};

struct MemoryLimits {
  std::size_t statement_bytes =
      16u << 20;  ///< longest message that a policy reads; longer ones are refused then
  std::size_t session_statement_bytes = 4u << 20;  ///< texts of a session's prepared statements
  std::size_t in_flight = 16'384;                  ///< requests of one session that wait for their answer
  std::size_t memo_entries = 65'536;               ///< plans remembered, per thread
  std::size_t memo_bytes = 64u << 20;              ///< and the bytes of their keys, per thread
};

enum class OnError : std::uint8_t { Deny, Allow, Embedded };

struct ExternalEngineOptions {
  std::string url;  ///< http://host:port/..., or unix:/path/to/socket; "" = decide with the embedded engine
  std::string bearer_token;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  std::chrono::milliseconds deadline{500};
  OnError on_error = OnError::Deny;
  std::vector<std::string> inputs;  ///< paths below `input` to send; empty = those the loaded policies read
  std::size_t connections = 4;      ///< per thread
  unsigned breaker_failures = 5;    ///< consecutive failures that open the circuit breaker
  std::chrono::milliseconds breaker_pause{5'000};
};

struct DecisionOptions {
  actions::InterlockOptions interlock;
  std::uint64_t max_steps = 10'000'000;     ///< of one evaluation
  std::size_t max_memory = 64u << 20;       ///< of one evaluation
  std::chrono::milliseconds deadline{100};  ///< of one evaluation
  bool record = true;                       ///< write decision records to the async lane
  bool trace = false;                       ///< with the statement's `traceparent`
  ExternalEngineOptions external;
};

struct GatewayOptions {
  std::string node = "signalbox";
  std::string tenant;
  std::vector<std::pair<std::string, std::string>> labels;
  unsigned threads = 0;                      ///< 0 = one per processor
  std::chrono::nanoseconds tick_interval{};  ///< of the hook `tick`; 0 = never
  std::vector<ListenerOptions> listeners;
  std::vector<TargetOptions> targets;  ///< the first is the default
  RoutingOptions routing;
  SharedStoreOptions shared;
  TimeoutOptions timeouts;
  ConnectionLimits limits;
  MemoryLimits memory;
  DecisionOptions decisions;
  std::vector<std::pair<std::string, std::string>> masking_keys;  ///< by name, for `response: {mask: hash}`
  std::string scram_file;  ///< lines "user SCRAM-SHA-256$...", for channel binding across two TLS connections
};

}  // namespace signalbox::proxy
