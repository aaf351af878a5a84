// /gateway/v1/decisions: what was decided, found by time, user, action, verdict and id. Newest first; the
// answer's `next` is the `before` of the following page.
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>

#include "actions/lanes/async_lane.h"
#include "actions/store/decision_store.h"
#include "admin/parameters.h"
#include "admin/reply.h"
#include "admin/routes/list.h"

namespace signalbox::admin {
namespace {

using Json = nlohmann::ordered_json;
using actions::DecisionQuery;
using actions::Id;

std::expected<DecisionQuery, std::string> query_of(const Request& request) {
  DecisionQuery query;
  for (const auto& [name, slot] : {std::pair("from", &query.from_ms), std::pair("until", &query.until_ms)}) {
    const auto text = request.parameter(name);
    if (!text) continue;
    *slot = parse_time_ms(*text);
    if (!*slot) return std::unexpected(std::string(name) + " is a time such as 2026-11-22T20:00:00Z");
  }
  query.user = request.parameter("user").value_or("");
  query.action = request.parameter("action").value_or("");
  query.verdict = request.parameter("verdict").value_or("");
  if (const auto text = request.parameter("before")) {
    query.before = Id::from_text(*text);
    if (!query.before) return std::unexpected("before is a decision's id");
  }
  if (const auto limit = limit_of(request, 1000)) {
    query.limit = *limit;
  } else {
    return std::unexpected("limit is a number from 1 to 1000");
  }
  return query;
}

Response search(const Context& context, const Request& request) {
  if (!context.lane) return refuse(404, kNotFound, "decisions are not recorded: there is no async lane");
  const auto query = query_of(request);
  if (!query) return refuse(400, kInvalidParameter, query.error());
  const auto reader = context.lane->decision_reader();
  if (!reader) return refuse(reader.error());
  const auto found = (*reader)->search(*query);
  if (!found) return refuse(found.error());
  // Records are JSON already: joined, not parsed.
  std::string body = R"({"decisions":[)";
  for (const auto& record : *found) {
    if (!body.ends_with('[')) body += ',';
    body += record.body;
  }
  body += ']';
  if (found->size() == query->limit) body += R"(,"next":")" + found->back().id.to_text() + '"';
  return reply_text(body + '}');
}

Response find(const Context& context, const Request& request) {
  if (!context.lane) return refuse(404, kNotFound, "decisions are not recorded: there is no async lane");
  const auto id = Id::from_text(request.segments.at(0));
  if (!id) return refuse(400, kInvalidParameter, "a decision's id is a UUID");
  const auto reader = context.lane->decision_reader();
  if (!reader) return refuse(reader.error());
  const auto found = (*reader)->find(*id);
  if (!found) return refuse(found.error());
  if (!*found) return refuse(404, kNotFound, "there is no such decision, or it is no longer kept");
  return reply_text((*found)->body);
}

}  // namespace

std::vector<Route> decisions_routes() {
  return {
      {Method::Get,
       "/gateway/v1/decisions",
       Role::Read,
       "Search past decisions, newest first.",
       search,
       {{"from", "string", "Not before this time (RFC 3339)."},
        {"until", "string", "Before this time (RFC 3339)."},
        {"user", "string", "Of this user's sessions."},
        {"action", "string", "That asked for this action."},
        {"verdict", "string", "With this verdict."},
        {"before", "string", "Older than the decision of this id: the `next` of the page before."},
        {"limit", "integer", "At most this many; 100 when absent, 1000 at most."}},
       {},
       R"({"type": "object", "required": ["decisions"], "properties": {
         "decisions": {"type": "array", "items": {"type": "object"}}, "next": {"type": "string"}}})"},
      {Method::Get,
       "/gateway/v1/decisions/{id}",
       Role::Read,
       "One decision, whole.",
       find,
       {},
       {},
       R"({"type": "object"})"},
  };
}

}  // namespace signalbox::admin
