// /gateway/v1/jobs: queued work, and the dead letters that an operator runs again or gives up.
#include <array>
#include <nlohmann/json.hpp>

#include "actions/lanes/async_lane.h"
#include "actions/store/job_reader.h"
#include "admin/parameters.h"
#include "admin/reply.h"
#include "admin/routes/list.h"
#include "base/json_depth.h"

namespace signalbox::admin {
namespace {

using Json = nlohmann::ordered_json;
using actions::Id;
using actions::JobQuery;
using actions::JobState;

constexpr std::array<std::pair<std::string_view, JobState>, 4> kStates{{{"pending", JobState::Pending},
                                                                        {"running", JobState::Running},
                                                                        {"completed", JobState::Completed},
                                                                        {"dead", JobState::Dead}}};

Json parsed(const std::string& json) {
  Json value = Json::parse(if_shallow(json), nullptr, false);
  return value.is_discarded() ? Json(nullptr) : value;
}

Json as_json(const actions::JobRow& job) {
  Json row{{"id", job.id.to_text()},
           {"state", job.state},
           {"action", job.action},
           {"sink", job.sink},
           {"arguments", parsed(job.arguments)},
           {"session", job.session},
           {"attempt", job.attempt},
           {"max_attempts", job.max_attempts},
           {"created", time_text(job.created_us * 1000)},
           {"run_at", time_text(job.run_at_us * 1000)}};
  if (!job.decision.is_zero()) row["decision"] = job.decision.to_text();
  if (job.finished_us != 0) row["finished"] = time_text(job.finished_us * 1000);
  if (!job.value.empty()) row["value"] = parsed(job.value);
  if (!job.errors.empty()) row["errors"] = parsed(job.errors);
  return row;
}

Response no_lane() {
  return refuse(404, kNotFound, "there is no async lane");
}

std::expected<JobQuery, std::string> query_of(const Request& request) {
  JobQuery query;
  if (const auto wanted = request.parameter("state")) {
    for (const auto& [name, state] : kStates) {
      if (name == *wanted) query.state = state;
    }
    if (!query.state) return std::unexpected("state is pending, running, completed or dead");
  }
  query.action = request.parameter("action").value_or("");
  if (const auto text = request.parameter("after")) {
    query.after = Id::from_text(*text);
    if (!query.after) return std::unexpected("after is a job's id");
  }
  const auto limit = limit_of(request, 1000);
  if (!limit) return std::unexpected("limit is a number from 1 to 1000");
  query.limit = *limit;
  return query;
}

Response list(const Context& context, const Request& request) {
  if (!context.lane) return no_lane();
  const auto query = query_of(request);
  if (!query) return refuse(400, kInvalidParameter, query.error());
  const auto reader = context.lane->job_reader();
  if (!reader) return refuse(reader.error());
  const auto found = (*reader)->list(*query, context.clock->wall_ns() / 1000);
  if (!found) return refuse(found.error());
  Json jobs = Json::array();
  for (const auto& job : *found) jobs.push_back(as_json(job));
  Json body{{"jobs", std::move(jobs)}};
  if (found->size() == query->limit) body["next"] = found->back().id.to_text();
  return reply(body);
}

Response find(const Context& context, const Request& request) {
  if (!context.lane) return no_lane();
  const auto id = Id::from_text(request.segments.at(0));
  if (!id) return refuse(400, kInvalidParameter, "a job's id is a UUID");
  const auto reader = context.lane->job_reader();
  if (!reader) return refuse(reader.error());
  const auto found = (*reader)->find(*id, context.clock->wall_ns() / 1000);
  if (!found) return refuse(found.error());
  if (!*found) return refuse(404, kNotFound, "there is no such job, or it is done");
  return reply(as_json(**found));
}

using Command = Result<std::uint64_t> (actions::AsyncLane::*)(const std::vector<Id>&);

// One job's command: it either applied to that one job or to none.
Response command(const Context& context, const Request& request, Command run, std::string_view done,
                 std::string_view not_so) {
  if (!context.lane) return no_lane();
  const auto id = Id::from_text(request.segments.at(0));
  if (!id) return refuse(400, kInvalidParameter, "a job's id is a UUID");
  const auto count = (context.lane->*run)({*id});
  if (!count) return refuse(count.error());
  if (*count == 0) return refuse(404, kNotFound, not_so);
  return reply({{"id", id->to_text()}, {"state", done}});
}

Response retry(const Context& context, const Request& request) {
  return command(context, request, &actions::AsyncLane::requeue_dead, "pending", "there is no such dead job");
}
Response discard(const Context& context, const Request& request) {
  return command(context, request, &actions::AsyncLane::discard_dead, "discarded",
                 "there is no such dead job");
}
Response cancel(const Context& context, const Request& request) {
  return command(context, request, &actions::AsyncLane::cancel, "cancelled", "there is no such waiting job");
}

constexpr std::string_view kJob =
    R"({"type": "object", "properties": {"id": {"type": "string"}, "state": {"type": "string"}}})";

}  // namespace

std::vector<Route> jobs_routes() {
  return {
      {Method::Get,
       "/gateway/v1/jobs",
       Role::Read,
       "The jobs that wait, run or failed for good; oldest first.",
       list,
       {{"state", "string", "pending, running, completed or dead."},
        {"action", "string", "Of this action."},
        {"after", "string", "Younger than the job of this id: the `next` of the page before."},
        {"limit", "integer", "At most this many; 100 when absent, 1000 at most."}},
       {},
       R"({"type": "object", "required": ["jobs"], "properties": {
         "jobs": {"type": "array", "items": {"type": "object"}}, "next": {"type": "string"}}})"},
      {Method::Get, "/gateway/v1/jobs/{id}", Role::Read, "One job.", find, {}, {}, kJob},
      {Method::Post,
       "/gateway/v1/jobs/{id}/retry",
       Role::Operate,
       "Run a dead job again, from its first attempt.",
       retry,
       {},
       {},
       kJob},
      {Method::Post,
       "/gateway/v1/jobs/{id}/discard",
       Role::Operate,
       "Give a dead job up.",
       discard,
       {},
       {},
       kJob},
      {Method::Post,
       "/gateway/v1/jobs/{id}/cancel",
       Role::Operate,
       "Cancel a job that waits.",
       cancel,
       {},
       {},
       kJob},
  };
}

}  // namespace signalbox::admin
