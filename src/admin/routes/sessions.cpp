// /gateway/v1/sessions: who is connected; ending one; draining all.
#include <charconv>
#include <nlohmann/json.hpp>

#include "admin/reply.h"
#include "admin/routes/list.h"

namespace signalbox::admin {
namespace {

using Json = nlohmann::ordered_json;

Json as_json(const proxy::SessionView& s) {
  return {{"id", s.id},
          {"user", s.user},
          {"database", s.database},
          {"application_name", s.application_name},
          {"client", s.client},
          {"listener", s.listener},
          {"target", s.target},
          {"phase", s.phase},
          {"transaction", s.transaction},
          {"client_tls", s.client_tls},
          {"server_tls", s.server_tls},
          {"server_process", s.server_process},
          {"started", time_text(s.started_ns)},
          {"statements", s.statements},
          {"bytes_in", s.bytes_in},
          {"bytes_out", s.bytes_out},
          {"in_flight", s.in_flight}};
}

bool wanted(const proxy::SessionView& session, const Request& request) {
  const auto is = [&](std::string_view name, const std::string& value) {
    const auto filter = request.parameter(name);
    return !filter || *filter == value;
  };
  return is("user", session.user) && is("database", session.database) && is("target", session.target);
}

Response list(const Context& context, const Request& request) {
  Json sessions = Json::array();
  for (const auto& session : context.sessions()) {
    if (wanted(session, request)) sessions.push_back(as_json(session));
  }
  return reply({{"sessions", std::move(sessions)}});
}

Response kill(const Context& context, const Request& request) {
  const std::string& text = request.segments.at(0);
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return refuse(400, kInvalidParameter, "a session's id is a number");
  }
  if (!context.end_session(id)) return refuse(404, kNotFound, "there is no such session");
  return reply({{"ended", id}});
}

Response drain(const Context& context, const Request&) {
  context.drain();
  return reply({{"draining", true}}, 202);
}

}  // namespace

std::vector<Route> sessions_routes() {
  return {
      {Method::Get,
       "/gateway/v1/sessions",
       Role::Read,
       "The sessions that are connected.",
       list,
       {{"user", "string", "Only this user's."},
        {"database", "string", "Only those on this database."},
        {"target", "string", "Only those on this target."}},
       {},
       R"({"type": "object", "properties": {"sessions": {"type": "array", "items": {"type": "object"}}}})"},
      {Method::Post,
       "/gateway/v1/sessions/{id}/kill",
       Role::Operate,
       "End a session as an administrator would: the client gets SQLSTATE 57P01.",
       kill,
       {},
       {},
       R"({"type": "object", "properties": {"ended": {"type": "integer"}}})"},
      {Method::Post,
       "/gateway/v1/drain",
       Role::Operate,
       "Stop accepting, let sessions finish, then end the process: what SIGTERM does.",
       drain,
       {},
       {},
       R"({"type": "object", "properties": {"draining": {"type": "boolean"}}})"},
  };
}

}  // namespace signalbox::admin
