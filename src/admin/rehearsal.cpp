// Rehearsals: an Event over described facts, decided and interlocked like a real one.
#include "admin/rehearsal.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "actions/record.h"
#include "admin/outcomes.h"
#include "policy/value/json.h"
#include "proxy/hooks/policies.h"
#include "proxy/hooks/query_statements.h"

namespace signalbox::admin {
namespace {

using Json = nlohmann::ordered_json;

struct Malformed {
  std::string message;
};

const Json& object_of(const Json& value, std::string_view name) {
  if (!value.is_object()) throw Malformed{fmt::format("{} is an object", name)};
  return value;
}

std::string text_of(const Json& value, std::string_view name) {
  if (!value.is_string()) throw Malformed{fmt::format("{} is a string", name)};
  return value.get<std::string>();
}

template <class Take>
void for_each_member(const Json& object, std::string_view of, Take take) {
  for (const auto& [name, value] : object_of(object, of).items()) {
    if (!take(name, value)) throw Malformed{fmt::format("{} has no member \"{}\"", of, name)};
  }
}

std::vector<std::pair<std::string, std::string>> pairs_of(const Json& value, std::string_view name) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [key, text] : object_of(value, name).items()) out.emplace_back(key, text_of(text, name));
  return out;
}

proxy::Transaction transaction_of(const std::string& word) {
  if (word == "idle") return proxy::Transaction::Idle;
  if (word == "active") return proxy::Transaction::Active;
  if (word == "failed") return proxy::Transaction::Failed;
  throw Malformed{"session.transaction is idle, active or failed"};
}

void read_session(const Json& value, proxy::SessionFacts& session) {
  for_each_member(value, "session", [&](const std::string& name, const Json& v) {
    if (name == "user") return session.user = text_of(v, "session.user"), true;
    if (name == "database") return session.database = text_of(v, "session.database"), true;
    if (name == "application_name")
      return session.application_name = text_of(v, "session.application_name"), true;
    if (name == "parameters") return session.parameters = pairs_of(v, "session.parameters"), true;
    if (name == "tags") return session.tags = pairs_of(v, "session.tags"), true;
    if (name != "transaction") return false;
    session.transaction = transaction_of(text_of(v, "session.transaction"));
    return true;
  });
}

void read_client(const Json& value, proxy::ClientFacts& client) {
  for_each_member(value, "client", [&](const std::string& name, const Json& v) {
    if (name == "address") return client.address = text_of(v, "client.address"), true;
    if (name == "listener") return client.listener = text_of(v, "client.listener"), true;
    return false;
  });
}

void read_server(const Json& value, proxy::ServerFacts& server) {
  for_each_member(value, "server", [&](const std::string& name, const Json& v) {
    if (name == "target") return server.target = text_of(v, "server.target"), true;
    if (name == "address") return server.address = text_of(v, "server.address"), true;
    if (name == "version") return server.version = text_of(v, "server.version"), true;
    if (name == "role") return server.role = text_of(v, "server.role"), true;
    return false;
  });
}

void read_hook(const std::string& word, Scene& scene) {
  const auto hook = actions::hook_named(word);
  if (!hook) throw Malformed{fmt::format("there is no hook \"{}\"", word)};
  scene.hook = *hook;
}

void read_protocol(const std::string& word, Scene& scene) {
  if (word != "simple" && word != "extended") throw Malformed{"protocol is simple or extended"};
  scene.protocol = word == "simple" ? proxy::QueryProtocol::Simple : proxy::QueryProtocol::Extended;
}

/// {"terminate": true} or {"terminate": {"value": true, ...}}.
std::vector<proxy::RaisedSignal> signals_of(const Json& value) {
  std::vector<proxy::RaisedSignal> out;
  for (const auto& [name, signal] : object_of(value, "signals").items()) {
    Json whole = signal.is_object() ? signal : Json{{"value", signal}};
    if (!whole.contains("source")) whole["source"] = "rehearsal";
    out.push_back({.name = name, .json = whole.dump(-1, ' ', false, Json::error_handler_t::replace)});
  }
  return out;
}

Scene read_scene(const Json& document) {
  Scene scene;
  for_each_member(document, "the request", [&](const std::string& name, const Json& v) {
    if (name == "statement") return scene.statement = text_of(v, "statement"), true;
    if (name == "hook") return read_hook(text_of(v, "hook"), scene), true;
    if (name == "protocol") return read_protocol(text_of(v, "protocol"), scene), true;
    if (name == "session") return read_session(v, scene.session), true;
    if (name == "client") return read_client(v, scene.client), true;
    if (name == "server") return read_server(v, scene.server), true;
    if (name == "signals") return scene.signals = signals_of(v), true;
    return false;
  });
  return scene;
}

proxy::Event event_of(const Scene& scene, const proxy::Query& query, std::int64_t now_ns) {
  proxy::Event event;
  event.hook = scene.hook;
  event.time_ns = now_ns;
  event.gateway = &scene.gateway;
  event.client = &scene.client;
  event.server = &scene.server;
  event.session = &scene.session;
  if (!scene.statement.empty()) event.query = &query;
  event.raised = &scene.signals;
  return event;
}

}  // namespace

Result<Scene> scene_from_json(std::string_view json) {
  const Json document = Json::parse(json, nullptr, false);
  if (document.is_discarded()) return fail(ErrorCode::InvalidArgument, "the body is not JSON");
  try {
    return read_scene(document);
  } catch (const Malformed& bad) {
    return fail(ErrorCode::InvalidArgument, bad.message);
  }
}

namespace {

/// What was decided on one statement of the scene, or on the scene's event where it has none.
struct Take {
  const proxy::QueryStatement* statement = nullptr;
  policy::Explanation why;
  actions::Plan plan;
  std::int64_t latency_ns = 0;
};

std::vector<Take> takes_of(const policy::PolicySet* set, const proxy::Policies& policies,
                           policy::Evaluator& evaluator, const actions::InterlockOptions& options,
                           const Clock& clock, proxy::Event event,
                           const std::optional<proxy::QueryStatements>& statements) {
  std::vector<Take> takes(statements ? statements->all().size() : 1);
  for (std::size_t i = 0; i < takes.size(); ++i) {
    Take& take = takes[i];
    event.statement = take.statement = statements ? &statements->all()[i] : nullptr;
    const proxy::EventView view(event);
    const proxy::EventInput input(view, policies.slots());
    const std::int64_t began = clock.steady_ns();
    if (set != nullptr && policies.subscribed(event.hook)) take.why = evaluator.explain(*set, input, {});
    take.plan = actions::interlock(take.why.decision, event.hook, options);
    take.latency_ns = clock.steady_ns() - began;
  }
  return takes;
}

void append_take(const Take& take, const Scene& scene, const policy::PolicySet* set, proxy::Event event,
                 std::string& out) {
  event.statement = take.statement;
  const proxy::EventView view(event);
  actions::DecisionRecordView record;
  record.time_ns = event.time_ns;
  record.hook = scene.hook;
  record.user = scene.session.user;
  record.database = scene.session.database;
  record.target = scene.server.target;
  record.revision = set != nullptr ? set->revision() : std::string_view();
  record.engine = "embedded";
  record.latency_ns = take.latency_ns;
  record.decision = &take.why.decision;
  record.plan = &take.plan;
  policy::Arena arena;
  out += R"("input":)";
  policy::append_json(out, proxy::read(proxy::bind_path({}), view, arena));
  out += R"(,"decision":)";
  actions::append_json(record, out);
  append_outcomes(take.why, set, actions::name(scene.hook), out);
}

}  // namespace

std::string rehearse(const std::shared_ptr<const policy::PolicySet>& set, policy::Evaluator& evaluator,
                     const actions::InterlockOptions& options, const Clock& clock, const Scene& scene) {
  proxy::Query query;
  query.text = scene.statement;
  query.protocol = scene.protocol;
  const proxy::Event event = event_of(scene, query, clock.wall_ns());
  const proxy::Policies policies(set, 0);
  std::optional<proxy::QueryStatements> statements;
  if (event.query != nullptr) statements.emplace(event);
  const std::vector<Take> takes = takes_of(set.get(), policies, evaluator, options, clock, event, statements);
  const Take* decisive = &takes.front();
  for (const Take& take : takes) {
    if (actions::stricter(take.plan.verdict, decisive->plan.verdict)) decisive = &take;
  }
  std::string out = "{";
  append_take(*decisive, scene, set.get(), event, out);
  out += R"(,"statements":[)";
  for (const Take& take : takes) {
    out += &take == takes.data() ? "{" : ",{";
    append_take(take, scene, set.get(), event, out);
    out += '}';
  }
  return out + "]}";
}

}  // namespace signalbox::admin
