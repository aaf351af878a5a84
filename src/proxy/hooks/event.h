// Event: one occurrence of a hook, with its facts. It owns nothing: it points at what the session already
// has, and what costs something (the statement's grammar) is computed when a policy reads it and never
// otherwise. An Event lives for one decision, on its session's loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actions/hook.h"
#include "sql/encoding.h"

namespace signalbox::sql {
class Catalog;
}

namespace signalbox::actions {
struct SyncStep;
}

namespace signalbox::proxy {

class Names;
class Signals;
struct QueryStatement;

struct TlsFacts {
  std::string version;  ///< "TLSv1.3"
  std::string cipher;
  std::string subject;  ///< of the peer's certificate; "" when it showed none
  std::string issuer;
  std::vector<std::string> san;  ///< "DNS:db.example", "email:a@b", "IP:10.0.0.1"
};

struct GatewayFacts {
  std::string node;
  std::string tenant;
  std::vector<std::pair<std::string, std::string>> labels;
};

/// What only the hooks of the gateway's own life tell.
struct LifeFacts {
  std::string_view signal;     ///< "SIGHUP", at the hook `signal`
  std::uint64_t sessions = 0;  ///< open ones
};

struct ClientFacts {
  std::string address;     ///< "" for a UNIX socket
  std::uint16_t port = 0;  ///< 0 for a UNIX socket
  std::string listener;
  const TlsFacts* tls = nullptr;
};

struct ServerFacts {
  std::string target;
  std::string address;
  std::uint16_t port = 0;
  std::string version;  ///< ParameterStatus server_version
  std::string role;
  const TlsFacts* tls = nullptr;
};

/// What is known of the session's database beyond texts.
struct CatalogFacts {
  const sql::Catalog* catalog = nullptr;  ///< null: unknown
  std::uint64_t number = 0;               ///< of the reading; another one may say other things
  bool stale = false;                     ///< something has been defined since
  std::optional<std::vector<std::string>> path =
      std::nullopt;  ///< the session's search_path, when it is known
};

enum class Transaction : std::uint8_t { Idle, Active, Failed };

struct SessionFacts {
  std::uint64_t id = 0;
  std::string user;
  std::string database;
  std::string application_name;
  std::vector<std::pair<std::string, std::string>> parameters;  ///< startup parameters, then ParameterStatus
  std::size_t startup_parameters = 0;                           ///< how many came with the startup packet
  std::vector<std::pair<std::string, std::string>> tags;        ///< set by policies
  Transaction transaction = Transaction::Idle;
  std::int64_t transaction_since_ns = 0;  ///< wall clock; of the answer that began the present one
  std::int64_t started_ns = 0;
  std::uint64_t queries = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  /// Counts changes of the attributes above that are not counters: decisions made before a change are stale.
  std::uint32_t generation = 0;
};

struct MessageFacts {
  char type = 0;            ///< the protocol's type byte
  std::uint64_t bytes = 0;  ///< whole message, type and length included
};

struct ParameterFact {
  std::uint32_t type = 0;  ///< OID; 0 = not told
  bool null = false;
  bool binary = false;
  std::string_view value;
  std::uint32_t described = 0;  ///< OID of the type that the server gave it; 0 = not known
};

enum class QueryProtocol : std::uint8_t { Simple, Extended, FunctionCall };

/// The session's settings under which a text was sent, as far as they say what it means.
struct Reading {
  bool standard_strings = true;  ///< standard_conforming_strings
  sql::Encoding encoding = sql::Encoding::Utf8;
};

/// A text that the session refers to by a name: a prepared statement or a cursor.
struct NamedText {
  std::string_view text;
  bool carried =
      false;  ///< the text is a PREPARE or DECLARE; what the name stands for is the query inside it
  Reading reading = {};
  std::string_view edits = {};  ///< that policies asked for and got when it was sent
};

/// A query's text and what is known about it without looking at it.
struct Query {
  std::string_view text = {};
  QueryProtocol protocol = QueryProtocol::Simple;
  std::string_view statement;  ///< name of the prepared statement; "" = unnamed or simple
  const std::vector<ParameterFact>* parameters = nullptr;  ///< at Execute, when a policy reads them
  /// What runs is what was prepared: the query inside the PREPARE (when `carried`), lexed as it was then.
  std::optional<NamedText> prepared = std::nullopt;
  /// Policies read values: what a PREPARE with parameters holds is decided when they are given.
  bool values_follow = false;
};

struct ColumnFact {
  std::string_view name;
  std::uint32_t type = 0;
  std::uint32_t table = 0;
};

struct ResponseFacts {
  bool ended = true;  ///< false: the result begins, and only its columns are known
  std::string_view command_tag;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  const std::vector<ColumnFact>* columns = nullptr;
  std::string_view sqlstate;  ///< "" = no error
  std::string_view error;
  std::int64_t duration_ns = 0;
};

/// Result of an async action, for the hook action_result.
struct ResultFacts {
  std::string_view job;
  std::string_view action;
  bool ok = false;
  std::string_view value_json;
  std::string_view error;
  std::uint32_t attempts = 0;
};

/// A signal that a plugin raised.
struct RaisedSignal {
  std::string name;
  std::string json;  ///< an object: value, source, and what else the plugin says
};

struct Event {
  actions::Hook hook = actions::Hook::Connecting;
  std::int64_t time_ns = 0;  ///< wall clock
  const GatewayFacts* gateway = nullptr;
  const LifeFacts* life = nullptr;  ///< at the lifecycle hooks
  const ClientFacts* client = nullptr;
  const ServerFacts* server = nullptr;    ///< null until a target is chosen
  const SessionFacts* session = nullptr;  ///< null at `connecting`
  const CatalogFacts* catalog = nullptr;  ///< null when none is read
  const MessageFacts* message = nullptr;
  const Query* query = nullptr;
  const Names* names = nullptr;               ///< what the query's EXECUTE and FETCH may refer to
  const QueryStatement* statement = nullptr;  ///< the one of the query's statements that is decided
  const ResponseFacts* response = nullptr;
  const ResultFacts* result = nullptr;
  const Signals* signals = nullptr;                   ///< what the worker's detectors remember
  const std::vector<RaisedSignal>* raised = nullptr;  ///< by plugins, on this event
  const std::vector<RaisedSignal>* told = nullptr;    ///< in a rehearsal: what detectors would remember
  /// What the sync actions of its plan came to, for the record; null: there were none.
  const std::vector<actions::SyncStep>* steps = nullptr;
};

}  // namespace signalbox::proxy
