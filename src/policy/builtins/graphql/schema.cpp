// Builds a schema and checks it, stopping at the first fault as gqlparser does.
#include "policy/builtins/graphql/schema.h"

#include <algorithm>
#include <array>
#include <set>

#include "policy/builtins/go/text.h"
#include "policy/builtins/graphql/prelude.h"

namespace signalbox::policy::graphql {

Position position_of(const Value& node) {
  Value at = node.at("Position");
  if (!at.is_array() || at.size() != 2 || !at.as_array()[0].is_integer() || !at.as_array()[1].is_integer())
    return {0, 0};
  return {static_cast<std::uint32_t>(at.as_array()[0].as_integer()),
          static_cast<std::uint32_t>(at.as_array()[1].as_integer())};
}
std::string_view text_in(const Value& node, std::string_view name) {
  Value value = node.at(name);
  return value.is_string() ? value.as_string() : std::string_view();
}
std::span<const Value> list_in(const Value& node, std::string_view name) {
  Value value = node.at(name);
  return value.is_array() ? value.as_array() : std::span<const Value>();
}
bool flag_in(const Value& node, std::string_view name) {
  return node.at(name).is_true();
}

Value named(std::span<const Value> list, std::string_view name) {
  auto at = std::ranges::find_if(list, [&](const Value& node) { return text_in(node, "Name") == name; });
  return at == list.end() ? Value() : *at;
}

std::string_view base_name(const Value& type) {
  Value at = type;
  for (int depth = 0; depth < 200 && text_in(at, "NamedType").empty() && at.at("Elem"); ++depth)
    at = at.at("Elem");
  return text_in(at, "NamedType");
}

std::string type_text(const Value& type) {
  std::string bang = flag_in(type, "NonNull") ? "!" : "";
  std::string_view name = text_in(type, "NamedType");
  if (!name.empty() || !type.at("Elem")) return std::string(name) + bang;
  return "[" + type_text(type.at("Elem")) + "]" + bang;
}

bool compatible(const Value& type, const Value& other) {
  if (text_in(type, "NamedType") != text_in(other, "NamedType")) return false;
  Value a = type.at("Elem"), b = other.at("Elem");
  if (a && !b) return false;
  if (a && !compatible(a, b)) return false;
  return flag_in(type, "NonNull") || !flag_in(other, "NonNull");
}

namespace {

using Fault = std::optional<Complaint>;

Fault fault(const Value& node, std::string message) {
  return Complaint{std::move(message), position_of(node)};
}

class Builder {
 public:
  Builder(const Value& prelude, const Value& document) : prelude_(prelude), document_(document) {}
  std::expected<Schema, Complaint> run();

 private:
  Fault collect();
  Fault add_definitions(const Value& document, bool built_in);
  Fault add_extension(const Value& extension);
  void add_possible_types();
  Fault add_directives();
  Fault add_entry_points();
  Fault entry_points(const Value& schema_node);
  void default_entry_points();
  void add_introspection(std::string_view type);
  Fault check_definition(const Definition& def);
  Fault check_fields(const Definition& def);
  Fault check_kind(const Definition& def);
  Fault check_field_kinds(const Definition& def);
  Fault check_enum(const Definition& def);
  Fault check_union(const Definition& def);
  Fault check_unique(const Definition& def);
  Fault check_arguments(std::span<const Value> arguments, std::string_view directive);
  Fault check_directives(std::span<const Value> directives, std::string_view location,
                         std::string_view inside, bool once);
  Fault check_directive_use(const Value& use, const Value& definition, std::string_view location);
  Fault check_implements(const Definition& def, std::string_view interface);
  Fault check_implemented_field(const Definition& def, const Definition& interface, const Value& wanted);
  Fault check_ancestors(const Definition& def, const Definition& interface);
  Fault check_name(const Value& node, std::string_view name);
  Fault check_type(const Value& type);
  bool covariant(const Value& wanted, const Value& actual);
  void merge(Definition& into, const Value& node);

  Schema schema_;
  Value prelude_, document_;
};

void append(std::vector<Value>& to, std::span<const Value> from) {
  to.insert(to.end(), from.begin(), from.end());
}
void append_texts(std::vector<std::string_view>& to, std::span<const Value> from) {
  for (const Value& text : from)
    if (text.is_string()) to.push_back(text.as_string());
}

void Builder::merge(Definition& into, const Value& node) {
  append(into.fields, list_in(node, "Fields"));
  append(into.directives, list_in(node, "Directives"));
  append(into.enum_values, list_in(node, "EnumValues"));
  append_texts(into.interfaces, list_in(node, "Interfaces"));
  append_texts(into.types, list_in(node, "Types"));
}

Fault Builder::add_definitions(const Value& document, bool built_in) {
  for (const Value& node : list_in(document, "Definitions")) {
    std::string_view name = text_in(node, "Name");
    auto [at, fresh] = schema_.types.try_emplace(name);
    if (!fresh) return fault(node, "Cannot redeclare type " + std::string(name) + ".");
    at->second.name = name;
    at->second.kind = text_in(node, "Kind");
    at->second.node = node;
    at->second.built_in = built_in || flag_in(node, "BuiltIn");
    merge(at->second, node);
  }
  return {};
}

Fault Builder::add_extension(const Value& node) {
  std::string_view name = text_in(node, "Name"), kind = text_in(node, "Kind");
  auto [at, fresh] = schema_.types.try_emplace(name);
  Definition& def = at->second;
  if (fresh) def.name = name, def.kind = kind, def.node = node;
  if (def.kind != kind)
    return fault(node, "Cannot extend type " + std::string(name) + " because the base type is a " +
                           std::string(def.kind) + ", not " + std::string(kind) + ".");
  merge(def, node);
  return {};
}

void Builder::add_possible_types() {
  for (auto& [name, def] : schema_.types) {
    if (def.kind == "UNION") {
      for (std::string_view type : def.types) schema_.possible_types[name].push_back(type);
    } else if (def.kind == "OBJECT" || def.kind == "INPUT_OBJECT" || def.kind == "INTERFACE") {
      for (std::string_view interface : def.interfaces) schema_.possible_types[interface].push_back(name);
      if (def.kind != "INTERFACE") schema_.possible_types[name].push_back(name);
    }
  }
}

Fault Builder::add_directives() {
  static constexpr std::array<std::string_view, 6> kRedeclarable = {"include",     "skip",  "deprecated",
                                                                    "specifiedBy", "defer", "oneOf"};
  for (const Value& document : {prelude_, document_})
    for (const Value& node : list_in(document, "Directives")) {
      std::string_view name = text_in(node, "Name");
      if (schema_.directives.contains(name) && std::ranges::find(kRedeclarable, name) == kRedeclarable.end())
        return fault(node, "Cannot redeclare directive " + std::string(name) + ".");
      schema_.directives[name] = node;
    }
  return {};
}

Fault Builder::collect() {
  for (auto& [document, built_in] : {std::pair(prelude_, true), std::pair(document_, false)})
    if (auto f = add_definitions(document, built_in)) return f;
  for (const Value& node : list_in(document_, "Extensions"))
    if (auto f = add_extension(node)) return f;
  add_possible_types();
  return add_directives();
}

Fault Builder::entry_points(const Value& schema_node) {
  for (const Value& entry : list_in(schema_node, "OperationTypes")) {
    std::string_view operation = text_in(entry, "Operation"), type = text_in(entry, "Type");
    const Definition* def = schema_.find(type);
    if (def == nullptr)
      return fault(entry, "Schema root " + std::string(operation) + " refers to a type " + std::string(type) +
                              " that does not exist.");
    (operation == "query"      ? schema_.query
     : operation == "mutation" ? schema_.mutation
                               : schema_.subscription) = def;
  }
  return check_directives(list_in(schema_node, "Directives"), "SCHEMA", {}, true);
}

Fault Builder::add_entry_points() {
  auto schemas = list_in(document_, "Schema");
  if (schemas.size() > 1)
    return fault(schemas[1], "Cannot have multiple schema entry points, consider schema extensions instead.");
  for (const Value& node : schemas)
    if (auto f = entry_points(node)) return f;
  for (const Value& node : list_in(document_, "SchemaExtension"))
    if (auto f = entry_points(node)) return f;
  return {};
}

void Builder::default_entry_points() {
  if (list_in(document_, "Schema").empty()) {
    if (schema_.query == nullptr) schema_.query = schema_.find("Query");
    if (schema_.mutation == nullptr) schema_.mutation = schema_.find("Mutation");
    if (schema_.subscription == nullptr) schema_.subscription = schema_.find("Subscription");
  }
  if (schema_.query != nullptr) add_introspection(schema_.query->name);
}

/// __schema and __type become fields of the query root, after validation, which refuses such names.
void Builder::add_introspection(std::string_view type) {
  const Definition* fields = schema_.find("__IntrospectionFields");
  if (fields != nullptr) append(schema_.types[type].fields, fields->fields);
  schema_.types.erase("__IntrospectionFields");
}

Fault Builder::check_name(const Value& node, std::string_view name) {
  if (!name.starts_with("__")) return {};
  return fault(node, "Name \"" + std::string(name) +
                         "\" must not begin with \"__\", which is reserved by GraphQL introspection.");
}

Fault Builder::check_type(const Value& type) {
  if (schema_.find(base_name(type)) != nullptr) return {};
  return fault(type, "Undefined type " + std::string(base_name(type)) + ".");
}

Fault Builder::check_arguments(std::span<const Value> arguments, std::string_view directive) {
  for (const Value& argument : arguments) {
    std::string_view name = text_in(argument, "Name");
    if (auto f = check_name(argument, name)) return f;
    Value type = argument.at("Type");
    if (auto f = check_type(type)) return f;
    const Definition* def = schema_.find(base_name(type));
    if (!def->is_input())
      return fault(argument, "cannot use " + type_text(type) + " as argument " + std::string(name) +
                                 " because " + std::string(def->kind) + " is not a valid input type");
    if (auto f = check_directives(list_in(argument, "Directives"), "ARGUMENT_DEFINITION", directive, true))
      return f;
  }
  return {};
}

Fault Builder::check_directive_use(const Value& use, const Value& definition, std::string_view location) {
  std::string name(text_in(use, "Name"));
  auto locations = list_in(definition, "Locations");
  if (std::ranges::none_of(locations,
                           [&](const Value& l) { return l.is_string() && l.as_string() == location; }))
    return fault(use, "Directive " + name + " is not applicable on " + std::string(location) + ".");
  auto wanted = list_in(definition, "Arguments"), given = list_in(use, "Arguments");
  for (const Value& argument : given)
    if (!named(wanted, text_in(argument, "Name")))
      return fault(argument, "Undefined argument " + std::string(text_in(argument, "Name")) +
                                 " for directive " + name + ".");
  for (const Value& argument : wanted) {
    if (!flag_in(argument.at("Type"), "NonNull") || argument.at("DefaultValue")) continue;
    constexpr std::int64_t kNullLiteral = 6;
    Value found = named(given, text_in(argument, "Name"));
    Value kind = found ? found.at("Value").at("Kind") : Value();
    if (!found || (kind.is_integer() && kind.as_integer() == kNullLiteral))
      return fault(use, "Argument " + std::string(text_in(argument, "Name")) + " for directive " + name +
                            " cannot be null.");
  }
  return {};
}

Fault Builder::check_directives(std::span<const Value> directives, std::string_view location,
                                std::string_view inside, bool once) {
  std::set<std::string_view> seen;
  for (const Value& use : directives) {
    std::string_view name = text_in(use, "Name");
    if (auto f = check_name(use, name)) return f;
    if (!inside.empty() && name == inside)
      return fault(use, "Directive " + std::string(inside) + " cannot refer to itself.");
    auto at = schema_.directives.find(name);
    if (at == schema_.directives.end()) return fault(use, "Undefined directive " + std::string(name) + ".");
    if (once && !seen.insert(name).second && !flag_in(at->second, "IsRepeatable"))
      return fault(use, "The directive " + std::string(name) + " can only be used once at this location.");
    if (auto f = check_directive_use(use, at->second, location)) return f;
  }
  return {};
}

bool Builder::covariant(const Value& wanted, const Value& actual) {
  if (flag_in(wanted, "NonNull") && !flag_in(actual, "NonNull")) return false;
  std::string_view want = text_in(wanted, "NamedType"), have = text_in(actual, "NamedType");
  if (!want.empty()) {
    auto possible = schema_.possible_types.find(want);
    return want == have || (possible != schema_.possible_types.end() &&
                            std::ranges::find(possible->second, have) != possible->second.end());
  }
  if (wanted.at("Elem") && !actual.at("Elem")) return false;
  return covariant(wanted.at("Elem"), actual.at("Elem"));
}

Fault Builder::check_implemented_field(const Definition& def, const Definition& interface,
                                       const Value& wanted) {
  std::string start = "For " + std::string(def.name) + " to implement " + std::string(interface.name);
  std::string field(text_in(wanted, "Name"));
  Value found = named(def.fields, field);
  if (!found) return fault(def.node, start + " it must have a field called " + field + ".");
  if (!covariant(wanted.at("Type"), found.at("Type")))
    return fault(found,
                 start + " the field " + field + " must have type " + type_text(wanted.at("Type")) + ".");
  auto required = list_in(wanted, "Arguments"), given = list_in(found, "Arguments");
  for (const Value& argument : required) {
    std::string name(text_in(argument, "Name"));
    Value same = named(given, name);
    if (!same)
      return fault(found, start + " the field " + field + " must have the same arguments but it is missing " +
                              name + ".");
    if (!compatible(argument.at("Type"), same.at("Type")))
      return fault(same, start + " the field " + field + " must have the same arguments but " + name +
                             " has the wrong type.");
  }
  for (const Value& argument : given)
    if (!named(required, text_in(argument, "Name")) && flag_in(argument.at("Type"), "NonNull") &&
        !argument.at("DefaultValue"))
      return fault(argument, start + " any additional arguments on " + field +
                                 " must be optional or have a default value but " +
                                 std::string(text_in(argument, "Name")) + " is required.");
  return {};
}

Fault Builder::check_ancestors(const Definition& def, const Definition& interface) {
  for (std::string_view ancestor : interface.interfaces) {
    if (std::ranges::find(def.interfaces, ancestor) != def.interfaces.end()) continue;
    std::string name(def.name), via(interface.name);
    if (ancestor == def.name)
      return fault(def.node, "Type " + name + " cannot implement " + via +
                                 " because it would create a circular reference.");
    return fault(def.node, "Type " + name + " must implement " + std::string(ancestor) +
                               " because it is implemented by " + via + ".");
  }
  return {};
}

Fault Builder::check_implements(const Definition& def, std::string_view name) {
  const Definition* interface = schema_.find(name);
  if (interface == nullptr) return fault(def.node, "Undefined type " + go::quote(name) + ".");
  if (interface->kind != "INTERFACE")
    return fault(def.node,
                 go::quote(name) + " is a non interface type " + std::string(interface->kind) + ".");
  for (const Value& wanted : interface->fields)
    if (auto f = check_implemented_field(def, *interface, wanted)) return f;
  return check_ancestors(def, *interface);
}

Fault Builder::check_fields(const Definition& def) {
  std::string_view location = def.kind == "INPUT_OBJECT" ? "INPUT_FIELD_DEFINITION" : "FIELD_DEFINITION";
  for (const Value& field : def.fields) {
    if (!def.built_in || def.name != "__IntrospectionFields")
      if (auto f = check_name(field, text_in(field, "Name"))) return f;
    if (auto f = check_type(field.at("Type"))) return f;
    if (auto f = check_arguments(list_in(field, "Arguments"), {})) return f;
    if (auto f = check_directives(list_in(field, "Directives"), location, {}, true)) return f;
  }
  return {};
}

Fault Builder::check_union(const Definition& def) {
  for (std::string_view name : def.types) {
    const Definition* type = schema_.find(name);
    if (type == nullptr) return fault(def.node, "Undefined type " + go::quote(name) + ".");
    if (type->kind != "OBJECT")
      return fault(def.node, std::string(def.kind) + " type " + go::quote(name) + " must be OBJECT.");
  }
  return {};
}

Fault Builder::check_field_kinds(const Definition& def) {
  bool input = def.kind == "INPUT_OBJECT";
  std::string start = std::string(def.kind) + " " + std::string(def.name);
  if (def.fields.empty())
    return fault(def.node, start + (input ? ": must define one or more input fields."
                                          : ": must define one or more fields."));
  for (const Value& field : def.fields) {
    const Definition* type = schema_.find(base_name(field.at("Type")));
    if (type == nullptr) continue;
    if (input && !type->is_input())
      return fault(field, std::string(type->kind) + " " + std::string(text_in(field, "Name")) +
                              ": field must be one of SCALAR, ENUM, INPUT_OBJECT.");
    if (!input && type->kind == "INPUT_OBJECT")
      return fault(field, start + ": field must be one of SCALAR, OBJECT, INTERFACE, UNION, ENUM.");
  }
  return {};
}

Fault Builder::check_enum(const Definition& def) {
  std::string start = std::string(def.kind) + " " + std::string(def.name);
  if (def.enum_values.empty())
    return fault(def.node, start + ": must define one or more unique enum values.");
  for (const Value& value : def.enum_values) {
    std::string_view name = text_in(value, "Name");
    if (name == "true" || name == "false" || name == "null")
      return fault(def.node, start + ": non-enum value " + std::string(name) + ".");
    if (auto f = check_directives(list_in(value, "Directives"), "ENUM_VALUE", {}, true)) return f;
  }
  return {};
}

Fault Builder::check_kind(const Definition& def) {
  if (def.kind == "ENUM") return check_enum(def);
  if (def.kind == "OBJECT" || def.kind == "INTERFACE" || def.kind == "INPUT_OBJECT")
    return check_field_kinds(def);
  return {};
}

Fault Builder::check_unique(const Definition& def) {
  std::string name(def.name);
  std::set<std::string_view> seen;
  for (const Value& field : def.fields)
    if (!seen.insert(text_in(field, "Name")).second)
      return fault(
          field, "Field " + name + "." + std::string(text_in(field, "Name")) + " can only be defined once.");
  seen.clear();
  for (const Value& value : def.enum_values)
    if (!seen.insert(text_in(value, "Name")).second)
      return fault(value, "Enum value " + name + "." + std::string(text_in(value, "Name")) +
                              " can only be defined once.");
  seen.clear();
  for (std::string_view type : def.types)
    if (!seen.insert(type).second)
      return fault(def.node, "Union type " + name + " can only include type " + std::string(type) + " once.");
  return {};
}

Fault Builder::check_definition(const Definition& def) {
  if (auto f = check_fields(def)) return f;
  if (auto f = check_union(def)) return f;
  for (std::string_view interface : def.interfaces)
    if (auto f = check_implements(def, interface)) return f;
  if (auto f = check_kind(def)) return f;
  if (auto f = check_unique(def)) return f;
  if (!def.built_in)
    if (auto f = check_name(def.node, def.name)) return f;
  return check_directives(def.directives, def.kind, {}, false);
}

std::expected<Schema, Complaint> Builder::run() {
  if (auto f = collect()) return std::unexpected(*f);
  if (auto f = add_entry_points()) return std::unexpected(*f);
  for (const auto& [name, def] : schema_.types)
    if (auto f = check_definition(def)) return std::unexpected(*f);
  for (const auto& [name, node] : schema_.directives) {
    if (auto f = check_name(node, name)) return std::unexpected(*f);
    if (auto f = check_arguments(list_in(node, "Arguments"), name)) return std::unexpected(*f);
  }
  default_entry_points();
  return std::move(schema_);
}

}  // namespace

std::expected<Schema, Complaint> build_schema(Arena& arena, const Value& document) {
  auto prelude = parse_schema(arena, kPrelude);
  if (!prelude) return std::unexpected(prelude.error());
  return Builder(*prelude, document).run();
}

}  // namespace signalbox::policy::graphql
