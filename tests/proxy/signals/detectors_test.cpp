// Every detector: what raises its signal, what it says, and what does not raise it.
#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "policy/value/json.h"
#include "proxy/hooks/policies.h"
#include "proxy/hooks/query_statements.h"
#include "proxy/signals/list.h"
#include "proxy/signals/signals.h"

using namespace signalbox;
using namespace signalbox::proxy;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// A worker's detectors, all on, and one session at a time.
struct Scene {
  Signals signals;
  SessionFacts session;
  ClientFacts client;
  TlsFacts tls;
  std::int64_t now_ns = 1'700'000'000 * kSecond;

  Scene() {
    signals.use(Policies(nullptr, 0), std::vector<std::string>{"signals"});
    session.user = "ann";
    client.address = "10.0.0.1";
  }

  Event event() {
    Event event;
    event.hook = actions::Hook::TrafficFromClient;
    event.time_ns = now_ns;
    event.session = &session;
    event.client = &client;
    event.signals = &signals;
    return event;
  }

  /// The signal as JSON; "" when it is not raised.
  std::string signal(const char* name, const Event& event) {
    policy::Arena arena;
    const EventView view(event);
    const policy::Value value = read(bind_path({"signals", name}), view, arena);
    return value ? policy::to_json(value) : "";
  }
  std::string signal(const char* name) { return signal(name, event()); }

  /// Of the query's first statement, or of the one with that number.
  std::string of(const char* name, std::string_view text, std::size_t number = 0) {
    const Query query{.text = text, .protocol = QueryProtocol::Simple, .statement = {}};
    Event event = this->event();
    event.query = &query;
    const QueryStatements statements(event);
    event.statement = &statements.all().at(number);
    return signal(name, event);
  }
  void see(Sight sight, std::string_view text, int times = 1) {
    const Query query{.text = text, .protocol = QueryProtocol::Simple, .statement = {}};
    Event event = this->event();
    event.query = &query;
    for (int i = 0; i < times; ++i) signals.see(sight, event);
  }
};

}  // namespace

TEST_CASE("statement_class names the gravest thing in a statement") {
  Scene scene;
  CHECK(scene.of("statement_class", "SELECT 1") == R"({"kind":"select","value":"read"})");
  CHECK(scene.of("statement_class", "WITH x AS (DELETE FROM t RETURNING 1) SELECT * FROM x") ==
        R"({"kind":"select","value":"write"})");
  CHECK(scene.of("statement_class", "COPY t TO STDOUT") == R"({"kind":"copy","value":"copy"})");
  CHECK(scene.of("statement_class", "GRANT SELECT ON t TO ann") == R"({"kind":"grant","value":"dcl"})");
  CHECK(scene.signal("statement_class").empty());
}

TEST_CASE("dangerous says what a statement cannot take back") {
  Scene scene;
  CHECK(scene.of("dangerous", "DELETE FROM t") == R"({"value":["unbounded_delete"]})");
  CHECK(scene.of("dangerous", "UPDATE t SET a = 1 WHERE true") == R"({"value":["unbounded_update"]})");
  CHECK(scene.of("dangerous", "DROP TABLE t") == R"({"value":["drop"]})");
  CHECK(scene.of("dangerous", "TRUNCATE t") == R"({"value":["truncate"]})");
  CHECK(scene.of("dangerous", "GRANT ALL ON t TO x") == R"({"value":["rights"]})");
  CHECK(scene.of("dangerous", "COPY t TO PROGRAM 'sh'") == R"({"value":["program"]})");
  CHECK(scene.of("dangerous", "SELECT pg_read_file('x')") == R"({"value":["file"]})");
  CHECK(scene.of("dangerous", "DO $$ begin end $$") == R"({"value":["code"]})");
  CHECK(scene.of("dangerous", "ALTER SYSTEM SET work_mem = 1") == R"({"value":["server"]})");
  CHECK(scene.of("dangerous", "SELECT pg_terminate_backend(1)") == R"({"value":["server"]})");
  CHECK(scene.of("dangerous", "DELETE FROM t WHERE id = 1").empty());
  CHECK(scene.of("dangerous", "SELECT 1; DROP TABLE t", 1) == R"({"value":["drop"]})");
}

TEST_CASE("injection is told once for each statement, stacking for the first") {
  Scene scene;
  CHECK(scene.of("injection", "SELECT * FROM t WHERE a = 1 OR 1=1") == R"({"value":["tautology"]})");
  CHECK(scene.of("injection", "SELECT * FROM t WHERE a = 1").empty());
  const char* stacked = "SELECT * FROM t WHERE a = ''; DROP TABLE t --'";
  CHECK(scene.of("injection", stacked) == R"({"value":["stacked"]})");
  CHECK(scene.of("injection", "EXPLAIN SELECT * FROM t WHERE a = 1 OR 1=1") == R"({"value":["tautology"]})");
  CHECK(scene.of("injection", "EXPLAIN SELECT * FROM t WHERE a = 1 OR 1=1", 1).empty());
  CHECK(scene.of("injection", "SELEC 1 OR 1=1").empty());
}

TEST_CASE("unusual_statement waits until it knows a user, and learns only what was permitted") {
  Scene scene;
  scene.see(Sight::Permitted, "SELECT * FROM t WHERE id = 1", 999);
  CHECK(scene.of("unusual_statement", "SELECT secret FROM u").empty());
  scene.see(Sight::Permitted, "select *  from t where id = 77 -- again");
  CHECK(scene.of("unusual_statement", "SELECT secret FROM u") ==
        R"({"patterns":1,"statements":1000,"value":true})");
  CHECK(scene.of("unusual_statement", "SELECT * FROM t WHERE id = 12345").empty());
  scene.see(Sight::Refused, "SELECT secret FROM u", 5);
  CHECK_FALSE(scene.of("unusual_statement", "SELECT secret FROM u").empty());
  scene.see(Sight::Permitted, "SELECT secret FROM u");
  CHECK(scene.of("unusual_statement", "SELECT secret FROM u").empty());
  scene.see(Sight::Permitted, "SELECT 1 WHERE 2 IN (1, 2, 3)");
  CHECK(scene.of("unusual_statement", "SELECT 7 WHERE 9 IN (1)").empty());
  scene.session.user = "bob";
  CHECK(scene.of("unusual_statement", "SELECT secret FROM u").empty());
}

TEST_CASE("a user with too many kinds of statements has no habits") {
  Scene scene;
  for (int i = 0; i < 1100; ++i) scene.see(Sight::Permitted, "SELECT c" + std::to_string(i));
  CHECK(scene.of("unusual_statement", "DROP TABLE t").empty());
}

TEST_CASE("rate counts a user's and an address's statements") {
  Scene scene;
  CHECK(scene.of("rate", "SELECT 1") == R"({"address":1,"address_minute":1,"minute":1,"value":1})");
  scene.see(Sight::Permitted, "SELECT 1", 9);
  scene.see(Sight::Refused, "SELECT 1", 10);
  CHECK(scene.of("rate", "SELECT 1") == R"({"address":20,"address_minute":20,"minute":20,"value":20})");
  scene.session.user = "bob";
  CHECK(scene.of("rate", "SELECT 1") == R"({"address":20,"address_minute":20,"minute":1,"value":1})");
  scene.now_ns += 2 * kSecond;
  CHECK(scene.of("rate", "SELECT 1") == R"({"address":1,"address_minute":20,"minute":1,"value":1})");
  CHECK(scene.signal("rate").empty());
}

TEST_CASE("result_size sums up what a user has been sent") {
  Scene scene;
  CHECK(scene.signal("result_size").empty());
  ResponseFacts response;
  response.rows = 1000, response.bytes = 50000;
  Event event = scene.event();
  event.response = &response;
  scene.signals.see(Sight::Answered, event);
  CHECK(scene.signal("result_size", event) == R"({"answer":1000,"bytes":50000,"value":1000})");
  scene.signals.see(Sight::Answered, event);
  CHECK(scene.signal("result_size") == R"({"bytes":100000,"value":2000})");
  scene.now_ns += 180 * kSecond;
  CHECK(scene.signal("result_size") == R"({"bytes":0,"value":0})");
}

TEST_CASE("transaction_age is the age of what is open") {
  Scene scene;
  CHECK(scene.signal("transaction_age").empty());
  scene.session.transaction = Transaction::Active;
  scene.session.transaction_since_ns = scene.now_ns - 90 * kSecond;
  CHECK(scene.signal("transaction_age") == R"({"failed":false,"value":90000})");
  scene.session.transaction = Transaction::Failed;
  CHECK(scene.signal("transaction_age") == R"({"failed":true,"value":90000})");
}

TEST_CASE("authentication_failure counts by address and by user") {
  Scene scene;
  CHECK(scene.signal("authentication_failure").empty());
  scene.signals.see(Sight::LoginFailed, scene.event());
  scene.client.address = "10.0.0.2";
  scene.signals.see(Sight::LoginFailed, scene.event());
  CHECK(scene.signal("authentication_failure") == R"({"user":2,"value":1})");
  scene.session.user = "bob";
  CHECK(scene.signal("authentication_failure") == R"({"user":0,"value":1})");
  Event connecting = scene.event();
  connecting.session = nullptr;
  CHECK(scene.signal("authentication_failure", connecting) == R"({"user":0,"value":1})");
  scene.now_ns += 900 * kSecond;
  CHECK(scene.signal("authentication_failure").empty());
  CHECK(scene.signal("protocol_violation").empty());
}

TEST_CASE("protocol_violation counts those of an address that has told no user") {
  Scene scene;
  Event connecting = scene.event();
  connecting.session = nullptr;
  scene.signals.see(Sight::Violation, connecting);
  CHECK(scene.signal("protocol_violation") == R"({"user":0,"value":1})");
  scene.client.address = "10.0.0.9";
  CHECK(scene.signal("protocol_violation").empty());
}

TEST_CASE("client_fingerprint is the order of the startup parameters, not their values") {
  Scene scene;
  CHECK(scene.signal("client_fingerprint").empty());
  scene.session.parameters = {{"user", "ann"}, {"database", "d"}, {"server_version", "15"}};
  scene.session.startup_parameters = 2;
  const std::string first = scene.signal("client_fingerprint");
  CHECK(first.contains(R"("parameters":["user","database"])"));
  scene.session.parameters[0].second = "bob";
  CHECK(scene.signal("client_fingerprint") == first);
  std::swap(scene.session.parameters[0], scene.session.parameters[1]);
  const std::string swapped = scene.signal("client_fingerprint");
  CHECK(swapped != first);
  scene.client.tls = &scene.tls;
  scene.tls.version = "TLSv1.3";
  CHECK(scene.signal("client_fingerprint") != swapped);
}

TEST_CASE("what plugins raise has a place of its own") {
  Scene scene;
  const std::vector<RaisedSignal> raised = {{"terminate", R"({"value": true, "source": "firewall"})"},
                                            {"broken", "nonsense"}};
  Event event = scene.event();
  CHECK(scene.signal("plugin", event).empty());
  event.raised = &raised;
  CHECK(scene.signal("plugin", event) == R"({"terminate":{"source":"firewall","value":true}})");
}
