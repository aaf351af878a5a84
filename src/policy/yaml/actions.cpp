// `then`: each entry is one action object, checked against the host's vocabulary: its name, its parameters'
// names, types and bounds as far as they are constants, and the hooks where it makes sense.
#include <algorithm>
#include <charconv>

#include "policy/yaml/reader.h"

namespace signalbox::policy::yaml {
namespace {

using Action = Vocabulary::Action;

const std::vector<std::string_view> kCommonParameters = {"priority", "final"};

const Action* action_named(const Vocabulary& vocabulary, std::string_view name) {
  for (const Action& action : vocabulary.actions) {
    if (action.name == name || std::ranges::find(action.aliases, name) != action.aliases.end())
      return &action;
  }
  return nullptr;
}

const ast::Term* field(const ast::Object& object, std::string_view name) {
  for (const ast::ObjectItem& item : object.items) {
    const auto* key = ast::as<ast::String>(item.key);
    if (key != nullptr && key->value == name) return &item.value;
  }
  return nullptr;
}

std::string_view json_type(const ast::Term& value) {
  if (ast::as<ast::Null>(value) != nullptr) return "null";
  if (ast::as<ast::Boolean>(value) != nullptr) return "boolean";
  if (ast::as<ast::Array>(value) != nullptr) return "array";
  if (ast::as<ast::Object>(value) != nullptr) return "object";
  const auto* number = ast::as<ast::Number>(value);
  if (number == nullptr) return "string";  // template strings give text
  return number->text.find_first_of(".eE") == std::string::npos ? "integer" : "number";
}

bool type_fits(std::string_view wanted, std::string_view got) {
  return wanted == got || (wanted == "number" && got == "integer");
}

std::optional<double> number_of(const ast::Term* term) {
  const auto* number = term == nullptr ? nullptr : ast::as<ast::Number>(*term);
  if (number == nullptr) return {};
  double value = 0;
  std::from_chars(number->text.data(), number->text.data() + number->text.size(), value);
  return value;
}

/// One action's parameters against its JSON Schema: the parts of it that catalogues use.
class ParameterCheck {
 public:
  ParameterCheck(Reader& reader, const Action& action) : reader_(reader), action_(action) {
    const ast::Object* root = reader.schemas.parameters(action);
    const ast::Term* properties = root == nullptr ? nullptr : field(*root, "properties");
    if (properties != nullptr) properties_ = ast::as<ast::Object>(*properties);
    const ast::Term* required = root == nullptr ? nullptr : field(*root, "required");
    if (required != nullptr) required_ = ast::as<ast::Array>(*required);
  }

  void parameter(const Node& key, const ast::Term& value) {
    if (properties_ == nullptr) return;
    const ast::Term* found = field(*properties_, key.text);
    const auto* schema = found == nullptr ? nullptr : ast::as<ast::Object>(*found);
    if (schema == nullptr) {
      std::vector<std::string_view> names = kCommonParameters;
      for (const ast::ObjectItem& item : properties_->items)
        names.push_back(ast::as<ast::String>(item.key)->value);
      return reader_.unknown("policy_unknown_parameter", key.span,
                             fmt::format("action {} has no parameter {}", action_.name, key.text), key.text,
                             names);
    }
    check_type(key, value, *schema);
  }

  void missing(const Node& at, const Node& given) {
    if (required_ == nullptr) return;
    for (const ast::Term& item : required_->items) {
      const auto* name = ast::as<ast::String>(item);
      if (name == nullptr || given.field(name->value) != nullptr) continue;
      reader_.error("policy_missing_parameter", at.span,
                    fmt::format("action {} needs the parameter {}", action_.name, name->value));
    }
  }

 private:
  void check_type(const Node& key, const ast::Term& value, const ast::Object& schema) {
    const std::string_view got = json_type(value);
    std::vector<std::string_view> wanted;
    if (const ast::Term* type = field(schema, "type")) wanted.push_back(ast::as<ast::String>(*type)->value);
    if (const ast::Term* any = field(schema, "anyOf");
        any != nullptr && ast::as<ast::Array>(*any) != nullptr) {
      for (const ast::Term& one : ast::as<ast::Array>(*any)->items) {
        const ast::Term* type =
            ast::as<ast::Object>(one) == nullptr ? nullptr : field(*ast::as<ast::Object>(one), "type");
        if (type != nullptr) wanted.push_back(ast::as<ast::String>(*type)->value);
      }
    }
    if (!wanted.empty() && std::ranges::none_of(wanted, [&](auto type) { return type_fits(type, got); })) {
      return reader_.error("policy_bad_parameter", key.span,
                           fmt::format("{} of action {} must be {}, not {}", key.text, action_.name,
                                       fmt::join(wanted, " or "), got));
    }
    check_choices(key, value, schema);
    check_bounds(key, value, schema);
  }

  void check_choices(const Node& key, const ast::Term& value, const ast::Object& schema) {
    const ast::Term* choices = field(schema, "enum");
    const auto* list = choices == nullptr ? nullptr : ast::as<ast::Array>(*choices);
    const auto* text = ast::as<ast::String>(value);
    if (list == nullptr || text == nullptr) return;
    std::vector<std::string_view> names;
    for (const ast::Term& item : list->items) {
      if (const auto* name = ast::as<ast::String>(item)) names.push_back(name->value);
    }
    if (std::ranges::find(names, text->value) != names.end()) return;
    reader_.unknown("policy_bad_parameter", key.span,
                    fmt::format("{} of action {} cannot be {}", key.text, action_.name, text->value),
                    text->value, names);
  }

  void check_bounds(const Node& key, const ast::Term& value, const ast::Object& schema) {
    const auto number = number_of(&value);
    const auto least = number_of(field(schema, "minimum"));
    const auto most = number_of(field(schema, "maximum"));
    if (!number) return;
    if (least && *number < *least) {
      reader_.error("policy_bad_parameter", key.span,
                    fmt::format("{} of action {} must be at least {}", key.text, action_.name, *least));
    }
    if (most && *number > *most) {
      reader_.error("policy_bad_parameter", key.span,
                    fmt::format("{} of action {} must be at most {}", key.text, action_.name, *most));
    }
  }

  Reader& reader_;
  const Action& action_;
  const ast::Object* properties_ = nullptr;
  const ast::Array* required_ = nullptr;
};

void check_hooks(Reader& reader, const Action& action, const ActionDefaults& defaults, const ast::Span& at) {
  if (action.hooks.empty()) return;
  for (const std::string& hook : defaults.hooks) {
    if (std::ranges::find(action.hooks, hook) != action.hooks.end()) continue;
    reader.error("policy_wrong_hook", at,
                 fmt::format("action {} makes no sense at hook {}", action.name, hook),
                 fmt::format("it is for: {}", fmt::join(action.hooks, ", ")));
  }
}

std::optional<ast::Term> read_action(Reader& reader, const Node& name, const Node& given,
                                     const ActionDefaults& defaults) {
  const Vocabulary& words = reader.vocabulary;
  const Action* action = action_named(words, name.text);
  if (action == nullptr && !words.actions.empty()) {
    std::vector<std::string_view> names;
    for (const Action& one : words.actions) names.push_back(one.name);
    reader.unknown("policy_unknown_action", name.span, fmt::format("there is no action {}", name.text),
                   name.text, names);
    return {};
  }
  if (!given.is(NodeKind::Map) && !given.is(NodeKind::Null)) {
    reader.error("policy_bad_value", given.span,
                 fmt::format("the parameters of {} must be a map, not {}", name.text, describe(given)));
    return {};
  }
  ast::Object out;
  const auto add = [&](std::string_view key, ast::Term value) {
    out.items.push_back({ast::make_string(std::string(key), name.span), std::move(value)});
  };
  add("action", ast::make_string(name.text, name.span));
  std::optional<ParameterCheck> check;
  if (action != nullptr) check.emplace(reader, *action), check_hooks(reader, *action, defaults, name.span);
  for (const auto& [key, node] : given.fields) {
    ast::Term value = templated(reader, node);
    const bool common = std::ranges::find(kCommonParameters, key.text) != kCommonParameters.end();
    if (check && !common) check->parameter(key, value);
    out.items.push_back({ast::make_string(key.text, key.span), std::move(value)});
  }
  if (check) check->missing(name, given);
  if (defaults.priority && given.field("priority") == nullptr) add("priority", *defaults.priority);
  if (defaults.final && given.field("final") == nullptr) add("final", *defaults.final);
  if (defaults.shadow) add("shadow", ast::make_bool(true, name.span));
  return ast::Term{std::move(out), name.span};
}

}  // namespace

std::vector<ast::Term> read_actions(Reader& reader, const Node& then, const ActionDefaults& defaults) {
  std::vector<ast::Term> out;
  const auto add = [&](const Node& name, const Node& given) {
    const std::size_t errors_before = reader.errors.size();
    auto action = read_action(reader, name, given, defaults);
    if (action && reader.errors.size() == errors_before) out.push_back(std::move(*action));
  };
  const auto entry = [&](const Node& node) {
    if (node.is(NodeKind::Scalar)) return add(node, Node{});
    if (node.is(NodeKind::Map) && node.fields.size() == 1) {
      return add(node.fields.front().key, node.fields.front().value);
    }
    reader.error("policy_bad_value", node.span,
                 "an action is a name, or a map of one name to its parameters");
  };
  if (then.is(NodeKind::List)) {
    for (const Node& node : then.items) entry(node);
  } else {
    entry(then);
  }
  return out;
}

}  // namespace signalbox::policy::yaml
