// Rehearsals: an Event over described facts, decided and interlocked like a real one.
#include "admin/rehearsal.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "actions/record.h"
#include "admin/outcomes.h"
#include "policy/value/json.h"
#include "proxy/hooks/names.h"
#include "proxy/hooks/policies.h"
#include "proxy/hooks/query_statements.h"

namespace signalbox::admin {
namespace {

/// What the session of a scene has prepared and declared.
class SceneNames final : public proxy::Names {
 public:
  explicit SceneNames(const Scene& scene) : scene_(scene) {}
  Found prepared(std::string_view name) const override { return find(scene_.prepared, name); }
  Found cursor(std::string_view name) const override { return find(scene_.cursors, name); }

 private:
  static Found find(const std::vector<std::pair<std::string, std::string>>& texts, std::string_view name) {
    const auto at = std::ranges::find(texts, name, &std::pair<std::string, std::string>::first);
    if (at == texts.end()) return {};
    return {.knowledge = Knowledge::Known, .named = {.text = at->second}};
  }
  const Scene& scene_;
};

std::vector<proxy::ParameterFact> parameters_of(const Scene& scene) {
  std::vector<proxy::ParameterFact> out;
  for (const SceneParameter& one : scene.parameters)
    out.push_back({.type = one.type, .null = one.null, .value = one.value});
  return out;
}

proxy::Event event_of(const Scene& scene, const proxy::Query& query, const proxy::Names& names,
                      std::int64_t now_ns) {
  proxy::Event event;
  event.hook = scene.hook;
  event.time_ns = scene.time_ns != 0 ? scene.time_ns : now_ns;
  event.gateway = &scene.gateway;
  event.client = &scene.client;
  event.server = &scene.server;
  event.session = &scene.session;
  const bool asks = !scene.statement.empty() || scene.protocol == proxy::QueryProtocol::FunctionCall;
  if (asks) event.query = &query;
  event.names = &names;
  event.raised = &scene.signals;
  event.told = &scene.told;
  return event;
}

/// Each statement's part says the whole input, which says all statements.
constexpr std::size_t kLongestAnswer = std::size_t{32} << 20;

/// What was decided on one statement of the scene, or on the scene's event where it has none.
struct Take {
  const proxy::QueryStatement* statement = nullptr;
  policy::Explanation why;
  actions::Plan plan;
  std::int64_t latency_ns = 0;
};

std::vector<Take> takes_of(const policy::PolicySet* set, const proxy::Policies& policies,
                           policy::Evaluator& evaluator, const actions::InterlockOptions& options,
                           const Clock& clock, proxy::Event event, const std::string& only,
                           const std::optional<proxy::QueryStatements>& statements) {
  std::vector<Take> takes(statements ? statements->all().size() : 1);
  for (std::size_t i = 0; i < takes.size(); ++i) {
    Take& take = takes[i];
    event.statement = take.statement = statements ? &statements->all()[i] : nullptr;
    const proxy::EventView view(event);
    const proxy::EventInput input(view, policies.slots());
    const std::int64_t began = clock.steady_ns();
    if (set != nullptr && policies.subscribed(event.hook)) take.why = evaluator.explain(*set, input, {});
    if (!only.empty())
      std::erase_if(take.why.decision.actions, [&](const auto& request) { return request.policy != only; });
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

Result<std::string> rehearse(const std::shared_ptr<const policy::PolicySet>& set,
                             policy::Evaluator& evaluator, const actions::InterlockOptions& options,
                             const Clock& clock, const Scene& scene) {
  proxy::Query query;
  query.text = scene.statement;
  query.protocol = scene.protocol;
  const std::vector<proxy::ParameterFact> parameters = parameters_of(scene);
  if (!parameters.empty()) query.parameters = &parameters;
  const SceneNames names(scene);
  const proxy::Event event = event_of(scene, query, names, clock.wall_ns());
  const proxy::Policies policies(set, 0);
  std::optional<proxy::QueryStatements> statements;
  if (event.query != nullptr) statements.emplace(event);
  const std::vector<Take> takes =
      takes_of(set.get(), policies, evaluator, options, clock, event, scene.policy, statements);
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
    if (out.size() > kLongestAnswer)
      return fail(ErrorCode::InvalidArgument, "too many statements at a time: the answer would be too long");
  }
  return out + "]}";
}

}  // namespace signalbox::admin
