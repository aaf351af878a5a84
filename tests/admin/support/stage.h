// A gateway as the admin API sees it, made by hand: two sessions, a policy set from texts, no sockets.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "actions/vocabulary.h"
#include "admin/context.h"
#include "admin/evaluations.h"
#include "admin/router.h"
#include "policy/engine.h"

namespace signalbox::admin {

struct FixedPolicies final : PolicySource {
  std::shared_ptr<const policy::PolicySet> set;
  PolicyStatus state = [] {
    PolicyStatus status;
    status.directory = "/etc/rules";
    return status;
  }();
  std::expected<void, Diagnostics> outcome;
  std::shared_ptr<const policy::PolicySet> current() const override { return set; }
  PolicyStatus status() const override { return state; }
  std::expected<void, Diagnostics> reload() override { return outcome; }
};

inline constexpr std::string_view kExample = R"(package app
import rego.v1
limit := 3
allow if input.user == "ann"
twice(x) := x * 2
conflict := 1
conflict := 2 if input.user
)";
inline constexpr std::string_view kDenyDeletes = R"(package policies.deletes
import rego.v1
actions contains {"action": "deny", "message": "no"} if input.query.kind == "delete"
)";

struct Stage {
  FixedPolicies policies;
  Metrics metrics;
  SystemClock clock;
  bool accepting = true;
  std::vector<std::uint64_t> ended;
  Context context;

  explicit Stage(std::vector<policy::SourceFile> files = {{"app.rego", std::string(kExample)},
                                                          {"deletes.rego", std::string(kDenyDeletes)},
                                                          {"data.json", R"({"list": [1, 2]})"}}) {
    auto set = policy::PolicySet::load(std::move(files), actions::vocabulary());
    if (!set) FAIL(to_text(set.error()));
    policies.set = *set;
    policies.state.revision = policies.set->revision();
    context.policies = &policies;
    context.metrics = &metrics;
    context.clock = &clock;
    context.sessions = [] {
      proxy::SessionView ann, bob;
      ann.id = 7, ann.user = "ann";
      bob.id = 8, bob.user = "bob";
      return std::vector{ann, bob};
    };
    context.end_session = [this](std::uint64_t id) { return id == 7 && (ended.push_back(id), true); };
    context.accepting = [this] { return accepting; };
    context.drain = [] {};
    context.interlock = [] { return actions::InterlockOptions{}; };
    context.version = "0.0";
    context.evaluations = std::make_shared<Evaluations>();
  }

  Request request(Method method, std::string target, std::string body = "") const {
    Request request;
    request.method = method;
    request.target = std::move(target);
    request.body = std::move(body);
    request.host = "127.0.0.1:8090";
    return request;
  }
  nlohmann::json get(const std::string& target) const {
    return nlohmann::json::parse(answer(context, {}, request(Method::Get, target)).body);
  }
  Response post(const std::string& target, const std::string& body) const {
    return answer(context, {}, request(Method::Post, target, body));
  }
  Response operate(const std::string& target) const {
    Request given = request(Method::Post, target);
    given.authorization = "Bearer o";
    return answer(context, {{}, Secret("o"), {}}, given);
  }
};

}  // namespace signalbox::admin
