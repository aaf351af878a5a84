// Decisions written as text, for the tests of the actions room.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "policy/decision.h"
#include "policy/value/json.h"

namespace signalbox::actions::testing {

/// One request: {"action": ..., "policy"?, "rule"?, "priority"?, "final"?, "shadow"?, ...parameters}.
inline void add_request(policy::Decision& decision, std::string_view json) {
  if (!decision.memory) decision.memory = std::make_shared<policy::Arena>();
  policy::Arena& arena = *decision.memory;
  const policy::Value whole = policy::parse_json(arena, json).value();
  policy::ActionRequest request;
  std::vector<policy::Pair> parameters;
  for (const policy::Pair& entry : whole.as_object()) {
    const std::string_view key = entry.key.as_string();
    if (key == "action") {
      request.action = entry.value.as_string();
    } else if (key == "policy") {
      request.policy = entry.value.as_string();
    } else if (key == "rule") {
      request.rule = entry.value.as_string();
    } else if (key == "priority") {
      request.priority = static_cast<int>(entry.value.as_integer());
    } else if (key == "final") {
      request.final = entry.value.is_true();
    } else if (key == "shadow") {
      request.shadow = entry.value.is_true();
    } else {
      parameters.push_back(entry);
    }
  }
  request.parameters = policy::make_object(arena, parameters);
  decision.actions.push_back(std::move(request));
}

inline policy::Decision decision_of(std::initializer_list<std::string_view> requests) {
  policy::Decision decision;
  for (std::string_view json : requests) add_request(decision, json);
  return decision;
}

}  // namespace signalbox::actions::testing
