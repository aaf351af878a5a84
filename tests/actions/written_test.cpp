// What policies write is judged when they load: each action at each hook, each two actions in one rule, each
// parameter that has no meaning. Two actions contradict each other when the interlock's plan is the same
// without one of them: that is asked of the interlock itself.
#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "actions/interlock.h"
#include "actions/support/decisions.h"
#include "actions/vocabulary.h"
#include "policy/engine.h"

using namespace signalbox;
using namespace signalbox::actions;

namespace {

/// The least that each action can be written with, and where that depends on the hook, for requests.
const std::map<std::string_view, std::string_view> kLeast = {
    {"error", R"("sqlstate": "42501", "message": "no")"},
    {"request", R"("limit": 5)"},
    {"response", R"("answer": {"columns": ["a"]})"},
    {"set", R"("name": "work_mem", "value": "1MB")"},
    {"tag", R"("name": "a")"},
    {"noset", R"("name": "work_mem")"},
    {"police", R"("rate": 5)"},
    {"limit", R"("concurrency": 5)"},
    {"route", R"("role": "replica")"},
    {"forward", R"("address": "10.0.0.7:5432")"},
    {"webhook", R"("url": "https://audit.example/")"},
};

std::string least(const ActionSpec& spec, Hook hook) {
  std::string parameters;
  if (const auto found = kLeast.find(spec.name); found != kLeast.end()) parameters = found->second;
  if (spec.name == "response" && kResponseHooks.contains(hook)) parameters = R"("columns": ["a"])";
  return R"({"action": ")" + std::string(spec.name) + "\"" + (parameters.empty() ? "" : ", " + parameters) +
         "}";
}

/// What is wrong with actions written as constants.
std::vector<policy::ActionFault> faults(const policy::Decision& decision, std::string_view hook) {
  std::vector<policy::WrittenAction> written;
  for (const policy::ActionRequest& request : decision.actions) {
    policy::WrittenAction& one = written.emplace_back();
    one.action = request.action;
    for (const policy::Pair& entry : request.parameters.as_object())
      one.parameters.push_back({entry.key.as_string(), entry.value});
  }
  const std::string hooks[] = {std::string(hook)};
  return judge(written, hooks);
}

Diagnostics load_errors(const std::string& path, const std::string& text) {
  const auto set = policy::PolicySet::load({{path, text}}, vocabulary());
  return set ? Diagnostics{} : set.error();
}

Plan plan_of(const policy::Decision& decision, Hook hook, Verdict otherwise) {
  Plan plan = interlock(decision, hook, {.default_verdict = otherwise});
  plan.set_aside.clear();
  plan.decided_by = kNoRequest;
  plan.reason = Reason::Requested;
  return plan;
}

/// The plan is the same without the request at `index`, whatever the default is.
bool has_no_effect(const policy::Decision& decision, std::size_t index, Hook hook) {
  for (const Verdict otherwise : {Verdict::Allow, Verdict::Deny}) {
    Plan with = plan_of(decision, hook, otherwise);
    policy::Decision rest = decision;
    rest.actions.erase(rest.actions.begin() + static_cast<std::ptrdiff_t>(index));
    Plan without = plan_of(rest, hook, otherwise);
    for (auto* list : {&without.sync, &without.async}) {
      for (PlannedAction& action : *list) action.request += action.request >= index ? 1 : 0;
    }
    if (!(with == without)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("an action is refused at exactly the hooks where the catalogue has it not") {
  for (const ActionSpec& spec : catalogue()) {
    for (std::size_t i = 0; i < kHookCount; ++i) {
      const Hook hook = static_cast<Hook>(i);
      INFO(spec.name << " at " << name(hook));
      const auto found = faults(testing::decision_of({least(spec, hook)}), name(hook));
      if (spec.hooks.contains(hook)) {
        CHECK(found.empty());
      } else {
        REQUIRE_FALSE(found.empty());
        CHECK(found.front().code == "policy_wrong_hook");
      }
    }
  }
}

TEST_CASE("two actions of one rule are refused when the plan is the same without one of them") {
  for (const ActionSpec& a : catalogue()) {
    for (const ActionSpec& b : catalogue()) {
      for (const Hook hook : {Hook::Startup, Hook::TrafficFromClient, Hook::TrafficToClient}) {
        if (&a == &b || !a.hooks.contains(hook) || !b.hooks.contains(hook)) continue;
        // Alone among verdicts, `fallthrough` says nothing, and that is what it is for.
        if (a.name == "fallthrough" && !b.verdict) continue;
        if (b.name == "fallthrough" && !a.verdict) continue;
        const auto decision = testing::decision_of({least(a, hook), least(b, hook)});
        const bool pointless = has_no_effect(decision, 0, hook) || has_no_effect(decision, 1, hook);
        const auto found = faults(decision, name(hook));
        INFO(a.name << " and " << b.name << " at " << name(hook));
        CHECK(found.empty() == !pointless);
        if (!found.empty()) CHECK(found.front().code == "policy_contradiction");
      }
    }
  }
}

TEST_CASE("one action asked for twice with different words") {
  const auto wrong = [](std::initializer_list<std::string_view> actions) {
    return !faults(testing::decision_of(actions), "traffic_from_client").empty();
  };
  CHECK(wrong({R"({"action": "deny", "message": "a"})", R"({"action": "deny", "message": "b"})"}));
  CHECK(wrong({R"({"action": "route", "role": "a"})", R"({"action": "route", "role": "b"})"}));
  CHECK(wrong({R"({"action": "set", "name": "a", "value": "1"})",
               R"({"action": "set", "name": "a", "value": "2"})"}));
  CHECK_FALSE(wrong({R"({"action": "set", "name": "a", "value": "1"})",
                     R"({"action": "set", "name": "b", "value": "1"})"}));
  CHECK_FALSE(wrong({R"({"action": "request", "limit": 5})", R"({"action": "request", "schema": "b"})"}));
  CHECK_FALSE(
      wrong({R"({"action": "police", "rate": 5})", R"({"action": "police", "rate": 50, "per": "1m"})"}));
}

TEST_CASE("parameters that can have no effect are refused, and those that are needed are missed") {
  struct Row {
    const char* hook;
    const char* action;
    const char* message;  ///< of the first fault; "" = good
  };
  const Row rows[] = {
      {"traffic_from_client", R"({"action": "limit"})",
       "action limit at traffic_from_client says nothing of concurrency, rows, bytes, columns, duration"},
      {"startup", R"({"action": "limit", "concurrency": 5})", ""},
      {"startup", R"({"action": "limit", "rows": 5})",
       "parameter rows of action limit has no meaning at startup"},
      {"traffic_from_client", R"({"action": "limit", "duration": "5x"})",
       "parameter duration of action limit must be a duration like 250ms, 30s, 5m, or a number of seconds"},
      {"traffic_from_client", R"({"action": "route", "by": "statement"})",
       "action route at traffic_from_client says nothing of target, role, tags"},
      {"startup", R"({"action": "route", "role": "a", "by": "session"})", ""},
      {"startup", R"({"action": "route", "role": "a", "by": "statement"})",
       "parameter by of action route has no meaning at startup"},
      {"traffic_from_client", R"({"action": "request"})",
       "action request at traffic_from_client says nothing of where, limit, tables, schema, columns, "
       "timeout"},
      {"traffic_from_client", R"({"action": "request", "limit": 5, "values": ["a"]})",
       "parameter values of action request has no meaning without where"},
      {"traffic_from_client", R"({"action": "response", "columns": ["a"]})",
       "parameter columns of action response has no meaning at traffic_from_client"},
      {"traffic_to_client", R"({"action": "response", "mask": "nullify", "rows": 5})",
       "parameter mask of action response has no meaning without columns"},
      {"traffic_to_client", R"({"action": "response", "columns": ["a"], "mask": "hash"})",
       "action response with mask: hash needs the parameter key"},
      {"traffic_to_client", R"({"action": "response", "columns": ["a"], "mask": "regex"})",
       "action response with mask: regex needs the parameter pattern"},
      {"traffic_to_client", R"({"action": "response", "columns": ["a"], "last": 4})",
       "parameter last of action response has no meaning without mask: partial or mask: keep_last"},
      {"traffic_to_client", R"({"action": "response", "columns": ["a"], "mask": "keep_last", "last": 4})",
       ""},
      {"traffic_to_client", R"({"action": "response", "answer": {}})",
       "parameter answer of action response has no meaning at traffic_to_client"},
      {"traffic_from_client",
       R"({"action": "police", "rate": 5, "on_excess": "delay", "algorithm": "sliding_window"})",
       "action police cannot have on_excess: delay with algorithm: sliding_window"},
      {"traffic_from_client", R"({"action": "police", "rate": 5, "burst": 5, "algorithm": "sliding_window"})",
       "parameter burst of action police has no meaning without algorithm: token_bucket"},
      {"traffic_from_client", R"({"action": "police", "rate": 5, "max_delay": "5s"})",
       "parameter max_delay of action police has no meaning without on_excess: delay"},
      {"connecting", R"({"action": "block"})", ""},
      {"connecting", R"({"action": "block", "by": "user"})",
       "action block with by: user needs the parameter value at connecting"},
      {"startup", R"({"action": "block", "by": "user"})", ""},
      {"authenticated", R"({"action": "block", "by": "fingerprint"})",
       "action block with by: fingerprint needs the parameter value at authenticated"},
      {"startup", R"({"action": "block", "by": "user", "prefix": 8})",
       "parameter prefix of action block has no meaning without by: address"},
      {"startup", R"({"action": "deny", "transaction": "keep"})",
       "parameter transaction of action deny has no meaning at startup"},
      {"authenticated", R"({"action": "set", "name": "a", "value": "b", "scope": "transaction"})",
       "parameter scope of action set has no meaning at authenticated"},
  };
  for (const Row& row : rows) {
    INFO(row.hook << " " << row.action);
    const auto found = faults(testing::decision_of({row.action}), row.hook);
    CHECK((found.empty() ? "" : found.front().message) == row.message);
  }
}

TEST_CASE("what policies write in files is refused where it stands, in YAML and in Rego") {
  struct Row {
    const char* path;
    const char* text;
    const char* code;
    std::uint32_t row, col;
  };
  const Row rows[] = {
      {"a.policy.yaml", "policy: a\nrules:\n  - then:\n      - limit: {message: no}\n",
       "policy_missing_parameter", 4, 9},
      {"a.policy.yaml",
       "policy: a\nrules:\n  - then:\n      - request: {where: {t: \"a = {{ session.user }}\"}}\n",
       "policy_bad_parameter", 4, 19},
      {"a.policy.yaml", "policy: a\nrules:\n  - then: [deny, allow]\n", "policy_contradiction", 3, 18},
      {"a.policy.yaml", "policy: a\nrules:\n  - then: deny\n  - then: allow\n", "", 0, 0},
      {"a.policy.yaml",
       "policy: a\nparameters: {column: a}\nrules:\n  - then: {request: {where: {t: \"{{ parameters.column "
       "}} = 1\"}}}\n",
       "", 0, 0},
      {"a.rego", "package policies.a\n\nactions contains {\"action\": \"limit\"}\n",
       "policy_missing_parameter", 3, 29},
      {"a.rego", "package policies.a\n\nactions contains {\"action\": \"dany\"}\n", "policy_unknown_action",
       3, 29},
      {"a.rego", "package policies.a\n\nactions contains {\"action\": \"deny\", \"mesage\": \"x\"}\n",
       "policy_unknown_parameter", 3, 37},
      {"a.rego",
       "package policies.a\n\nactions contains {\"action\": \"deny\"} if input.hook == \"closed\"\n",
       "policy_wrong_hook", 3, 29},
      {"a.rego",
       "package policies.a\n\nactions contains {\"action\": \"request\", \"where\": {\"t\": $\"a = "
       "{input.session.user}\"}}\n",
       "policy_bad_parameter", 3, 40},
      {"a.rego",
       "package policies.a\n\nactions contains {\"action\": \"deny\", \"message\": msg} if msg := "
       "input.query.text\n",
       "", 0, 0},
      {"a.rego", "package elsewhere\n\nactions contains {\"action\": \"dany\"}\n", "", 0, 0},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const Diagnostics errors = load_errors(row.path, row.text);
    INFO(to_text(errors));
    CHECK(errors.empty() == (row.row == 0));
    if (errors.empty() || row.row == 0) continue;
    CHECK(errors.front().code == row.code);
    CHECK(errors.front().at == SourcePosition{row.path, row.row, row.col});
  }
}
