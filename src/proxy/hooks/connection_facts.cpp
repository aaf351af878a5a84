// input.version, hook, time_ns, gateway, client, server, session, message: what is known without
// SQL.
#include "policy/value/builder.h"
#include "proxy/hooks/fact.h"

namespace signalbox::proxy {
namespace {

using policy::Arena;
using policy::ArrayBuilder;
using policy::ObjectBuilder;
using policy::Value;
using View = const EventView&;

/// Borrowed: events outlive their evaluation.
Value text(std::string_view value) {
  return Value::string(value);
}
Value text_or_undefined(std::string_view value) {
  return value.empty() ? Value::undefined() : Value::string(value);
}
Value number(std::uint64_t value) {
  return Value::integer(static_cast<std::int64_t>(value));
}

Value names(const std::vector<std::pair<std::string, std::string>>& pairs, Arena& arena) {
  ObjectBuilder object(arena);
  for (const auto& [name, value] : pairs) object.add(name, text(value));
  return object.finish();
}

Value tls(const TlsFacts* facts, Arena& arena) {
  if (facts == nullptr) return Value::null();
  ObjectBuilder object(arena);
  ArrayBuilder san(arena);
  for (const std::string& name : facts->san) san.add(text(name));
  object.add("version", text(facts->version));
  object.add("cipher", text(facts->cipher));
  object.add("subject", text(facts->subject));
  object.add("issuer", text(facts->issuer));
  object.add("san", san.finish());
  return object.finish();
}

Value transaction(View view, Arena&) {
  constexpr std::string_view kNames[] = {"idle", "active", "failed"};
  const SessionFacts* session = view.event().session;
  return session == nullptr ? Value::undefined()
                            : text(kNames[static_cast<std::size_t>(session->transaction)]);
}

/// Defines a row whose object (client, server, ...) may be absent.
template <auto Member, auto Make>
Value of(View view, Arena& arena) {
  const auto* object = view.event().*Member;
  if (object == nullptr) return Value::undefined();
  return Make(*object, arena);
}

constexpr auto kGateway = &Event::gateway;
constexpr auto kLife = &Event::life;
constexpr auto kClient = &Event::client;
constexpr auto kServer = &Event::server;
constexpr auto kSession = &Event::session;
constexpr auto kMessage = &Event::message;

using G = GatewayFacts;
using L = LifeFacts;
using C = ClientFacts;
using V = ServerFacts;
using S = SessionFacts;
using M = MessageFacts;
using enum DependsOn;

constexpr Fact kFacts[] = {
    {"version", Gateway, [](View, Arena&) { return Value::integer(1); }},
    {"hook", Gateway, [](View view, Arena&) { return text(actions::name(view.event().hook)); }},
    {"time_ns", Moment, [](View view, Arena&) { return Value::integer(view.event().time_ns); }},

    {"gateway.node", Gateway, of<kGateway, [](const G& g, Arena&) { return text(g.node); }>},
    {"gateway.tenant", Gateway, of<kGateway, [](const G& g, Arena&) { return text(g.tenant); }>},
    {"gateway.labels", Gateway, of<kGateway, [](const G& g, Arena& a) { return names(g.labels, a); }>},
    {"gateway.listener", Session, of<kClient, [](const C& c, Arena&) { return text(c.listener); }>},

    {"gateway.sessions", Moment, of<kLife, [](const L& l, Arena&) { return number(l.sessions); }>},
    {"gateway.signal", Moment, of<kLife, [](const L& l, Arena&) { return text_or_undefined(l.signal); }>},

    {"client.address", Session, of<kClient, [](const C& c, Arena&) { return text_or_undefined(c.address); }>},
    {"client.port", Session, of<kClient, [](const C& c, Arena&) { return number(c.port); }>},
    {"client.tls", Session, of<kClient, [](const C& c, Arena& a) { return tls(c.tls, a); }>},

    {"server.target", Session, of<kServer, [](const V& v, Arena&) { return text(v.target); }>},
    {"server.address", Session, of<kServer, [](const V& v, Arena&) { return text_or_undefined(v.address); }>},
    {"server.port", Session, of<kServer, [](const V& v, Arena&) { return number(v.port); }>},
    {"server.version", Session, of<kServer, [](const V& v, Arena&) { return text_or_undefined(v.version); }>},
    {"server.role", Session, of<kServer, [](const V& v, Arena&) { return text_or_undefined(v.role); }>},
    {"server.tls", Session, of<kServer, [](const V& v, Arena& a) { return tls(v.tls, a); }>},

    {"session.id", Session, of<kSession, [](const S& s, Arena&) { return number(s.id); }>},
    {"session.user", Session, of<kSession, [](const S& s, Arena&) { return text(s.user); }>},
    {"session.database", Session, of<kSession, [](const S& s, Arena&) { return text(s.database); }>},
    {"session.application_name", Session,
     of<kSession, [](const S& s, Arena&) { return text(s.application_name); }>},
    {"session.parameters", Session,
     of<kSession, [](const S& s, Arena& a) { return names(s.parameters, a); }>},
    {"session.tags", Session, of<kSession, [](const S& s, Arena& a) { return names(s.tags, a); }>},
    {"session.started_ns", Session,
     of<kSession, [](const S& s, Arena&) { return Value::integer(s.started_ns); }>},
    {"session.transaction", Transaction, transaction},
    {"session.queries", Moment, of<kSession, [](const S& s, Arena&) { return number(s.queries); }>},
    {"session.bytes_in", Moment, of<kSession, [](const S& s, Arena&) { return number(s.bytes_in); }>},
    {"session.bytes_out", Moment, of<kSession, [](const S& s, Arena&) { return number(s.bytes_out); }>},

    {"message.type", Moment, of<kMessage, [](const M& m, Arena&) { return text({&m.type, 1}); }>},
    {"message.bytes", Moment, of<kMessage, [](const M& m, Arena&) { return number(m.bytes); }>},
};

}  // namespace

std::span<const Fact> connection_facts() {
  return kFacts;
}

}  // namespace signalbox::proxy
