// The two halves of an exchange with OPA. The request is a tree of the wanted paths, written in one walk;
// where one wanted path is a prefix of another, the shorter one brings the longer along.
#include "policy/opa/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "policy/value/json.h"

namespace signalbox::policy::opa {

Exchange Exchange::learned(std::span<const InputPath> paths) {
  return over(paths, true);
}

Exchange Exchange::declared(std::span<const std::string> dotted) {
  std::vector<InputPath> paths;
  for (std::string_view text : dotted) {
    InputPath path;
    for (std::size_t end = 0; end != std::string_view::npos;) {
      end = text.find('.');
      path.emplace_back(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    paths.push_back(std::move(path));
  }
  return over(paths, false);
}

Exchange Exchange::over(std::span<const InputPath> paths, bool by_slot) {
  Exchange exchange;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    plant(exchange.root_, paths[i], by_slot ? static_cast<std::int64_t>(i) : -1);
  }
  return exchange;
}

void Exchange::plant(Node& root, const InputPath& path, std::int64_t slot) {
  Node* at = &root;
  for (const auto& key : path) {
    if (at->wanted) return;  // a shorter path brings this one
    const auto found = std::ranges::find(at->children, key, &Node::key);
    if (found != at->children.end()) {
      at = &*found;
      continue;
    }
    InputPath below = at->path;
    below.push_back(key);
    at->children.push_back({key, std::move(below), -1, false, {}});
    at = &at->children.back();
  }
  at->wanted = true;
  at->slot = slot;
  at->children.clear();
}

// Appends the node's value; false, and nothing appended, when nothing below it is defined.
bool Exchange::append(const Node& node, const Input& input, Arena& arena, std::string& out) const {
  if (node.wanted) {
    const Value value = node.slot >= 0 ? input.at(static_cast<std::uint32_t>(node.slot), arena)
                                       : input.at_path(node.path, arena);
    if (value.is_undefined()) return false;
    append_json(out, value);
    return true;
  }
  const std::size_t start = out.size();
  out += '{';
  for (const Node& child : node.children) {
    const std::size_t before = out.size();
    if (before > start + 1) out += ',';
    append_json(out, Value::string(child.key));
    out += ':';
    if (!append(child, input, arena, out)) out.resize(before);
  }
  if (out.size() == start + 1 && !node.key.empty()) return out.resize(start), false;
  out += '}';
  return true;
}

void Exchange::append_request(const Input& input, Arena& arena, std::string& out) const {
  out += R"({"input":)";
  if (!append(root_, input, arena, out)) out += "{}";
  out += '}';
}

Decision failed_decision(std::string message) {
  Decision decision;
  decision.deterministic = false;
  decision.error = EvalError{"external_engine_error", std::move(message), {}};
  return decision;
}

namespace {

// OPA's own words for a failure, when the body has them.
std::string failure(int status, const Value& body) {
  const Value code = body.at("code"), message = body.at("message");
  if (code.is_string() && message.is_string()) {
    return fmt::format("OPA answered {}: {}: {}", status, code.as_string(), message.as_string());
  }
  return fmt::format("OPA answered {}", status);
}

// One member of the set. False when it is no action.
bool read_action(Arena& arena, const Value& member, ActionRequest& request) {
  if (!member.is_object() || !member.at("action").is_string()) return false;
  std::vector<Pair> parameters;
  for (const Pair& pair : member.as_object()) {
    const std::string_view key = pair.key.as_string();  // a JSON object: keys are strings
    if (key == "action") {
      request.action = pair.value.as_string();
    } else if (key == "priority") {
      if (!pair.value.is_integer() || !std::in_range<int>(pair.value.as_integer())) return false;
      request.priority = static_cast<int>(pair.value.as_integer());
    } else if (key == "final" || key == "shadow") {
      if (!pair.value.is_boolean()) return false;
      (key == "final" ? request.final : request.shadow) = pair.value.as_boolean();
    } else {
      parameters.push_back(pair);
    }
  }
  request.parameters = make_object(arena, parameters);
  request.policy = "opa";
  return true;
}

}  // namespace

Decision parse_decision(int status, std::string_view body) {
  if (body.size() > kMaxAnswer) return failed_decision("OPA's answer is larger than 1 MiB");
  auto memory = std::make_shared<Arena>();
  const auto document = parse_json(*memory, body, {.max_depth = 64});
  if (status != 200) return failed_decision(failure(status, document.value_or(Value())));
  if (!document) return failed_decision("OPA's answer is not JSON: " + document.error().message);
  const Value result = document->at("result");
  if (result.is_undefined()) {
    return failed_decision(
        "data.gateway.actions is undefined in OPA: are the policies and gateway.rego loaded there?");
  }
  if (!result.is_array()) return failed_decision("data.gateway.actions in OPA is not a set of actions");
  Decision decision;
  decision.deterministic = false;
  for (const Value& member : result.as_array()) {
    ActionRequest request;
    if (!read_action(*memory, member, request)) {
      return failed_decision("data.gateway.actions in OPA holds a member that is no action: " +
                             to_json(member));
    }
    decision.actions.push_back(std::move(request));
  }
  if (!decision.actions.empty()) decision.memory = std::move(memory);
  return decision;
}

}  // namespace signalbox::policy::opa
