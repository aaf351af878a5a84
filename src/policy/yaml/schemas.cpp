// JSON Schemas as terms: every JSON text is a term of Rego.
#include "policy/yaml/schemas.h"

#include <algorithm>

#include "policy/syntax/parsing.h"

namespace signalbox::policy::yaml {
namespace {

/// Null when it is no JSON.
ast::Term json_term(std::string_view json) {
  auto term = ast::parse_term(ast::make_source("", std::string(json)));
  return term ? std::move(*term) : ast::Term();
}

const ast::Term* field(const ast::Object& object, std::string_view name) {
  for (const ast::ObjectItem& item : object.items) {
    const auto* key = ast::as<ast::String>(item.key);
    if (key != nullptr && key->value == name) return &item.value;
  }
  return nullptr;
}

std::string_view text_field(const ast::Object& object, std::string_view name) {
  const ast::Term* value = field(object, name);
  const auto* text = value == nullptr ? nullptr : ast::as<ast::String>(*value);
  return text == nullptr ? std::string_view() : std::string_view(text->value);
}

/// "array", also in ["array", "null"].
bool has_type(const ast::Object& schema, std::string_view type) {
  const ast::Term* value = field(schema, "type");
  if (value == nullptr) return false;
  if (const auto* text = ast::as<ast::String>(*value)) return text->value == type;
  const auto* list = ast::as<ast::Array>(*value);
  return list != nullptr && std::ranges::any_of(list->items, [&](const ast::Term& item) {
           const auto* text = ast::as<ast::String>(item);
           return text != nullptr && text->value == type;
         });
}

}  // namespace

InputSchema::InputSchema(std::string_view json) {
  if (json.empty()) return;
  document_ = json_term(json);
  root_ = ast::as<ast::Object>(document_);
}

/// Follows `$ref: "#/$defs/name"` and the like, within this document.
const ast::Object* InputSchema::follow(const ast::Term* schema) const {
  for (int hops = 0; schema != nullptr && hops < 16; ++hops) {
    const auto* object = ast::as<ast::Object>(*schema);
    if (object == nullptr) return nullptr;
    std::string_view target = text_field(*object, "$ref");
    if (!target.starts_with("#/")) return object;
    target.remove_prefix(2);
    schema = &document_;
    while (!target.empty() && schema != nullptr) {
      const auto slash = target.find('/');
      const auto* at = ast::as<ast::Object>(*schema);
      schema = at == nullptr ? nullptr : field(*at, target.substr(0, slash));
      target = slash == std::string_view::npos ? std::string_view() : target.substr(slash + 1);
    }
  }
  return nullptr;
}

const ast::Object* InputSchema::at(std::string_view path) const {
  if (path.starts_with("input.")) path.remove_prefix(6);
  const ast::Object* schema = root_;
  while (schema != nullptr && !path.empty()) {
    if (const ast::Object* below = elements(schema)) schema = below;
    const auto dot = path.find('.');
    schema = member(schema, path.substr(0, dot)).below;
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return schema;
}

const ast::Object* InputSchema::elements(const ast::Object* schema) const {
  return schema == nullptr ? nullptr : follow(field(*schema, "items"));
}

const FactType& InputSchema::type_of(const ast::Object* schema) const {
  const auto [it, added] = types_.try_emplace(schema);
  if (added && schema != nullptr) it->second = read_type(*schema);
  return it->second;
}

FactType InputSchema::read_type(const ast::Object& schema) {
  FactType out;
  const auto add_texts = [](const ast::Term* list, std::vector<std::string_view>& to) {
    const auto* array = list == nullptr ? nullptr : ast::as<ast::Array>(*list);
    for (std::size_t i = 0; array != nullptr && i < array->items.size(); ++i)
      if (const auto* text = ast::as<ast::String>(array->items[i])) to.push_back(text->value);
  };
  if (const std::string_view type = text_field(schema, "type"); !type.empty()) out.types.push_back(type);
  add_texts(field(schema, "type"), out.types);
  add_texts(field(schema, "enum"), out.choices);
  const ast::Term* properties = field(schema, "properties");
  const auto* members = properties == nullptr ? nullptr : ast::as<ast::Object>(*properties);
  for (std::size_t i = 0; members != nullptr && i < members->items.size(); ++i)
    if (const auto* key = ast::as<ast::String>(members->items[i].key)) out.members.push_back(key->value);
  return out;
}

bool FactType::admits(std::string_view type) const {
  return types.empty() || std::ranges::any_of(types, [&](std::string_view one) {
           return one == type || (one == "integer" && type == "number");
         });
}

InputSchema::Step InputSchema::member(const ast::Object* schema, std::string_view name) const {
  Step step;
  if (schema == nullptr) return step;
  const ast::Term* properties = field(*schema, "properties");
  const auto* members = properties == nullptr ? nullptr : ast::as<ast::Object>(*properties);
  if (const ast::Term* found = members == nullptr ? nullptr : field(*members, name)) {
    step.below = follow(found);
    step.array = step.below != nullptr && has_type(*step.below, "array");
    return step;
  }
  // Objects that admit other members are maps.
  const ast::Term* others = field(*schema, "additionalProperties");
  const auto* refused = others == nullptr ? nullptr : ast::as<ast::Boolean>(*others);
  if (others != nullptr && refused == nullptr) {
    step.below = follow(others);
    return step;
  }
  if (members == nullptr || (refused != nullptr && refused->value)) return step;
  step.known = false;
  for (const ast::ObjectItem& item : members->items) {
    if (const auto* key = ast::as<ast::String>(item.key)) step.names.push_back(key->value);
  }
  return step;
}

const InputSchema& Schemas::input() {
  if (!input_) input_.emplace(vocabulary_.input_schema);
  return *input_;
}

const ast::Object* Schemas::parameters(const Vocabulary::Action& action) {
  auto known = parameters_.find(action.name);
  if (known == parameters_.end()) {
    known = parameters_.emplace(action.name, json_term(action.parameter_schema)).first;
  }
  return ast::as<ast::Object>(known->second);
}

}  // namespace signalbox::policy::yaml
