// Reading `*.test.yaml`. What several cases share stands once at the head of the file and is merged into each
// as a JSON merge patch (RFC 7396); so a mistake in an event is looked for first in the case, then at the
// head.
#include "app/policies/event_test_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "actions/verdict.h"
#include "policy/syntax/parsing.h"
#include "policy/yaml/document.h"

namespace signalbox::app {
namespace {

using Json = nlohmann::ordered_json;
using policy::yaml::Node;
using policy::yaml::NodeKind;

Json json_of(const Node& node) {
  switch (node.kind) {
    case NodeKind::Null: return nullptr;
    case NodeKind::List: {
      Json out = Json::array();
      for (const Node& item : node.items) out.push_back(json_of(item));
      return out;
    }
    case NodeKind::Map: {
      Json out = Json::object();
      for (const auto& [key, value] : node.fields) out[key.text] = json_of(value);
      return out;
    }
    case NodeKind::Scalar: break;
  }
  const policy::ast::Term term = policy::yaml::to_term(node);
  if (const auto* truth = policy::ast::as<policy::ast::Boolean>(term)) return truth->value;
  if (policy::ast::as<policy::ast::Null>(term) != nullptr) return nullptr;
  if (policy::ast::as<policy::ast::Number>(term) != nullptr) {
    Json number = Json::parse(node.text, nullptr, false);
    if (!number.is_discarded()) return number;
  }
  return node.text;
}

/// What these members lead to; the last place on the way when they lead out of the document.
const Node* follow(const Node* from, const std::vector<std::string>& path, bool& whole) {
  whole = true;
  for (const std::string& name : path) {
    const Node* next = nullptr;
    if (from->is(NodeKind::Map)) {
      for (const auto& [key, value] : from->fields) {
        if (key.text != name) continue;
        next = value.is(NodeKind::Map) || value.is(NodeKind::List) ? &value : &key;
      }
    } else if (from->is(NodeKind::List)) {
      const auto index = static_cast<std::size_t>(std::atoi(name.c_str()));
      if (index < from->items.size()) next = &from->items[index];
    }
    if (next == nullptr) return whole = false, from;
    from = next;
  }
  return from;
}

class FileReader {
 public:
  FileReader(policy::ast::SourcePtr source, const policy::Vocabulary& vocabulary)
      : source_(std::move(source)), vocabulary_(vocabulary) {}

  std::expected<std::vector<EventTest>, Diagnostics> read() {
    auto document = policy::yaml::read_document(*source_);
    if (!document) return std::unexpected(std::move(document.error()));
    check_keys(*document, "a test file", {"policy", "data", "event", "cases"});
    const Node* cases = document->field("cases");
    if (cases == nullptr || !cases->is(NodeKind::List)) {
      error(cases == nullptr ? *document : *cases, "cases must be a list of cases");
    } else {
      for (const Node& one : cases->items) read_case(*document, one);
    }
    if (!errors_.empty()) return std::unexpected(std::move(errors_));
    return std::move(tests_);
  }

 private:
  void read_case(const Node& head, const Node& node) {
    check_keys(node, "a case", {"name", "policy", "data", "event", "expect", "todo"});
    EventTest test;
    test.at = policy::ast::position(*source_, node.span);
    const Node* name = node.field("name");
    if (name == nullptr || !name->is(NodeKind::Scalar) || name->text.empty()) {
      error(node, "a case needs a name");
    } else if (!names_.insert(name->text).second) {
      error(*name, "there is a case of this name already");
    } else {
      test.name = name->text;
    }
    const Node* todo = node.field("todo");
    test.todo = todo != nullptr && json_of(*todo) == true;
    test.data = merged(head, node, "data");
    read_event(head, node, test);
    if (const Node* expect = node.field("expect")) {
      test.expect = expectation_of(*expect);
    } else if (!test.todo) {
      error(node, "a case needs to say what it expects");
    }
    tests_.push_back(std::move(test));
  }

  static Json merged(const Node& head, const Node& node, std::string_view member) {
    Json out;
    if (const Node* shared = head.field(member)) out = json_of(*shared);
    if (const Node* own = node.field(member)) out.merge_patch(json_of(*own));
    return out;
  }

  void read_event(const Node& head, const Node& node, EventTest& test) {
    Json event = merged(head, node, "event");
    if (event.is_null()) event = Json::object();
    for (const Node* from : {&head, &node}) {
      if (const Node* policy = from->field("policy")) event["policy"] = json_of(*policy);
    }
    auto scene = admin::read_scene(event);
    if (scene) return void(test.scene = std::move(*scene));
    std::string message = std::move(scene.error().message);
    if (message.starts_with("the request ")) message.replace(0, 11, "an event");
    error(place_of(head, node, scene.error().path), std::move(message));
  }

  const Node& place_of(const Node& head, const Node& node, const std::vector<std::string>& path) {
    const Node* best = &node;
    for (const Node* from : {&node, &head}) {
      const Node* event = path.empty() || path.front() != "policy" ? from->field("event") : from;
      if (event == nullptr) continue;
      bool whole = false;
      const Node* found = follow(event, path, whole);
      if (whole) return *found;
      if (best == &node && from == &node) best = found;
    }
    return *best;
  }

  Expectation expectation_of(const Node& node) {
    Expectation out;
    if (node.is(NodeKind::Scalar)) {
      out.verdict = verdict_of(node);
      return out;
    }
    check_keys(node, "expect", {"verdict", "message", "actions"});
    if (const Node* verdict = node.field("verdict")) out.verdict = verdict_of(*verdict);
    if (const Node* message = node.field("message")) {
      if (!message->is(NodeKind::Scalar)) error(*message, "message must be a text");
      out.message = message->text;
    }
    if (const Node* actions = node.field("actions")) out.actions = actions_of(*actions);
    if (node.fields.empty()) error(node, "expect must be a verdict, or say verdict, message or actions");
    return out;
  }

  std::string verdict_of(const Node& node) {
    std::vector<std::string_view> known(actions::kVerdictNames.begin(), actions::kVerdictNames.end());
    if (std::ranges::find(known, node.text) == known.end())
      unknown(node, fmt::format("there is no verdict \"{}\"", node.text), node.text, known);
    return node.text;
  }

  std::vector<ExpectedAction> actions_of(const Node& node) {
    std::vector<ExpectedAction> out;
    if (!node.is(NodeKind::List)) {
      error(node, "actions must be a list of actions");
      return out;
    }
    for (const Node& item : node.items) {
      if (item.is(NodeKind::Scalar)) {
        out.push_back({.name = action_named(item), .parameters = Json::object()});
      } else if (item.is(NodeKind::Map) && item.fields.size() == 1) {
        const auto& [name, parameters] = item.fields.front();
        out.push_back({.name = action_named(name), .parameters = parameters_of(name, parameters)});
      } else {
        error(item, "an action is its name, or NAME: {PARAMETER: VALUE}");
      }
    }
    return out;
  }

  const policy::Vocabulary::Action* action(std::string_view name) const {
    const auto at = std::ranges::find_if(vocabulary_.actions, [&](const policy::Vocabulary::Action& one) {
      return one.name == name || std::ranges::find(one.aliases, name) != one.aliases.end();
    });
    return at == vocabulary_.actions.end() ? nullptr : &*at;
  }

  std::string action_named(const Node& node) {
    if (const auto* found = action(node.text)) return found->name;
    std::vector<std::string_view> known;
    for (const auto& one : vocabulary_.actions) known.push_back(one.name);
    unknown(node, fmt::format("there is no action \"{}\"", node.text), node.text, known);
    return node.text;
  }

  Json parameters_of(const Node& name, const Node& node) {
    if (node.is(NodeKind::Null)) return Json::object();
    if (!node.is(NodeKind::Map)) {
      error(node, "an action's parameters are a map");
      return Json::object();
    }
    const auto* found = action(name.text);
    const Json schema = found == nullptr ? Json() : Json::parse(found->parameter_schema, nullptr, false);
    if (schema.is_object() && schema.contains("properties")) {
      std::vector<std::string_view> known = {"priority", "final", "shadow"};
      for (const auto& [member, type] : schema["properties"].items()) known.push_back(member);
      check_keys(node, name.text, known);
    }
    return json_of(node);
  }

  void check_keys(const Node& node, std::string_view what, const std::vector<std::string_view>& known) {
    if (!node.is(NodeKind::Map)) return error(node, fmt::format("{} is a map", what));
    for (const auto& [key, value] : node.fields) {
      if (std::ranges::find(known, key.text) == known.end())
        unknown(key, fmt::format("unknown key {} in {}", key.text, what), key.text, known);
    }
  }

  void unknown(const Node& node, std::string message, std::string_view word,
               const std::vector<std::string_view>& known) {
    const std::string_view near = nearest(word, known);
    error(node, std::move(message),
          near.empty() ? fmt::format("known: {}", fmt::join(known, ", "))
                       : fmt::format("did you mean {}?", near));
  }

  void error(const Node& node, std::string message, std::string hint = {}) {
    const SourcePosition at = policy::ast::position(*source_, node.span);
    errors_.push_back({Severity::Error, "policy_test_error", std::move(message), at,
                       std::string(line_of(source_->text, at.row)), std::move(hint)});
  }

  policy::ast::SourcePtr source_;
  const policy::Vocabulary& vocabulary_;
  std::vector<EventTest> tests_;
  std::set<std::string> names_;
  Diagnostics errors_;
};

}  // namespace

bool is_event_test(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".test.yaml") || name.ends_with(".test.yml");
}

std::expected<std::vector<EventTest>, Diagnostics> read_event_tests(const std::filesystem::path& path,
                                                                    const policy::Vocabulary& vocabulary) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path)) {
    return std::unexpected(Diagnostics{{Severity::Error,
                                        "policy_unreadable",
                                        "cannot read the file",
                                        {path.string(), 0, 0},
                                        {},
                                        "check the path"}});
  }
  std::string text(std::istreambuf_iterator<char>(in), {});
  return FileReader(policy::ast::make_source(path.string(), std::move(text)), vocabulary).read();
}

}  // namespace signalbox::app
