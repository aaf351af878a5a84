// Validates an executable document against a schema: one walk that knows the type at every place, with the
// rules of the specification's section 5 asked where they apply. Messages are gqlparser's, without its
// suggestions' list of names where nothing is near. Conflicting fields are in query_overlap.cpp.
#include <algorithm>
#include <charconv>
#include <set>

#include "policy/builtins/go/number.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/graphql/query_overlap.h"
#include "policy/builtins/graphql/query_validator.h"
#include "policy/builtins/graphql/schema.h"
#include "policy/builtins/graphql/suggestions.h"

namespace signalbox::policy::graphql {

std::vector<Complaint> Validator::run() {
  for (const Value& node : list_in(query_, "Operations")) {
    walked_fragments_.clear();
    operation(node);
  }
  operation_ = {};
  for (const Value& node : list_in(query_, "Fragments")) {
    walked_fragments_.clear();
    fragment(node);
  }
  return std::move(complaints_);
}

const Definition* Validator::root(Text operation) const {
  if (operation == "mutation") return schema_.mutation;
  if (operation == "subscription") return schema_.subscription;
  return schema_.query;
}

void Validator::operation(const Value& node) {
  operation_ = node;
  used_variables_.clear();
  Text kind = text_in(node, "Operation");
  for (const Value& variable : list_in(node, "VariableDefinitions")) {
    Text type = base_name(variable.at("Type"));
    if (schema_.find(type) == nullptr) complain(variable, "Unknown type " + quoted(type) + ".");
    if (Value preset = variable.at("DefaultValue")) value(preset, {variable.at("Type"), schema_.find(type)});
    directives(variable, "VARIABLE_DEFINITION");
  }
  directives(node, kind == "mutation" ? "MUTATION" : kind == "subscription" ? "SUBSCRIPTION" : "QUERY");
  selections(node, root(kind), 0);
  check_operation(node);
}

void Validator::check_operation(const Value& node) {
  Text name = text_in(node, "Name"), kind = text_in(node, "Operation");
  if (root(kind) == nullptr) complain(node, "Schema does not support operation type " + quoted(kind));
  if (name.empty() && list_in(query_, "Operations").size() > 1)
    complain(node, "This anonymous operation must be the only defined operation.");
  check_variables(node);
  overlapping_fields(schema_, query_, node, root(kind), complaints_);
  check_subscription(node);
  if (!operation_names_.insert(name).second)
    complain(node, "There can be only one operation named " + quoted(name) + ".");
}

void Validator::check_variables(const Value& node) {
  Text name = text_in(node, "Name");
  std::set<Text> seen;
  for (const Value& variable : list_in(node, "VariableDefinitions")) {
    std::string spelled = "\"$" + std::string(text_in(variable, "Variable")) + "\"";
    if (!used_variables_.contains(text_in(variable, "Variable")))
      complain(variable, "Variable " + spelled + " is never used" +
                             (name.empty() ? "" : " in operation " + quoted(name)) + ".");
    if (!seen.insert(text_in(variable, "Variable")).second)
      complain(variable, "There can be only one variable named " + spelled + ".");
    const Definition* type = schema_.find(base_name(variable.at("Type")));
    if (type != nullptr && !type->is_input())
      complain(variable, "Variable " + spelled + " cannot be non-input type " +
                             quoted(type_text(variable.at("Type"))) + ".");
  }
}

void Validator::top_fields(const Value& node, std::vector<Value>& fields, std::set<Text>& visited,
                           int depth) const {
  for (const Value& selection : list_in(node, "SelectionSet")) {
    if (depth > kMaxDepth) return;
    if (selection.at("Alias")) {
      bool known = std::ranges::any_of(
          fields, [&](const Value& f) { return text_in(f, "Name") == text_in(selection, "Name"); });
      if (!known) fields.push_back(selection);
    } else if (selection.at("TypeCondition")) {
      top_fields(selection, fields, visited, depth + 1);
    } else if (Value fragment = fragment_named(text_in(selection, "Name"));
               fragment && visited.insert(text_in(selection, "Name")).second) {
      top_fields(fragment, fields, visited, depth + 1);
    }
  }
}

void Validator::check_subscription(const Value& node) {
  if (schema_.subscription == nullptr || text_in(node, "Operation") != "subscription") return;
  std::vector<Value> fields;
  std::set<Text> visited;
  top_fields(node, fields, visited, 0);
  Text name = text_in(node, "Name");
  std::string who = name.empty() ? "Anonymous Subscription" : "Subscription " + quoted(name);
  if (fields.size() > 1) complain(fields[1], who + " must select only one top level field.");
  for (const Value& field : fields)
    if (text_in(field, "Name").starts_with("__"))
      complain(field, who + " must not select an introspection top level field.");
}

void Validator::fragment(const Value& node) {
  Text name = text_in(node, "Name"), condition = text_in(node, "TypeCondition");
  const Definition* def = schema_.find(condition);
  directives(node, "FRAGMENT_DEFINITION");
  selections(node, def, 0);
  if (def != nullptr && !def->is_composite())
    complain(node, "Fragment " + quoted(name) + " cannot condition on non composite type " +
                       quoted(condition) + ".");
  if (def == nullptr)
    complain(node, "Unknown type " + quoted(condition) + "." + did_you_mean_types(schema_, condition));
  check_cycles(node);
  if (!used_fragments_.contains(name)) complain(node, "Fragment " + quoted(name) + " is never used.");
  if (!fragment_names_.insert(name).second)
    complain(node, "There can be only one fragment named " + quoted(name) + ".");
}

void Validator::spreads_of(const Value& node, std::vector<Value>& out, int depth) const {
  for (const Value& selection : list_in(node, "SelectionSet")) {
    bool spread = !selection.at("Alias") && !selection.at("TypeCondition");
    if (spread)
      out.push_back(selection);
    else if (depth < kMaxDepth)
      spreads_of(selection, out, depth + 1);
  }
}

void Validator::check_cycles(const Value& fragment) {
  std::vector<Text> path;
  cycle_step(fragment, path);
}

void Validator::cycle_step(const Value& fragment, std::vector<Text>& path) {
  Text name = text_in(fragment, "Name");
  if (!cycle_checked_.insert(name).second || path.size() > kMaxDepth) return;
  path.push_back(name);
  std::vector<Value> spreads;
  spreads_of(fragment, spreads, 0);
  for (const Value& spread : spreads) {
    Text target = text_in(spread, "Name");
    auto at = std::ranges::find(path, target);
    if (at == path.end()) {
      if (Value next = fragment_named(target)) cycle_step(next, path);
      continue;
    }
    std::string via;
    for (auto step = at + 1; step != path.end(); ++step)
      via += (via.empty() ? " via " : ", ") + quoted(*step);
    complain(spread, "Cannot spread fragment " + quoted(target) + " within itself" + via + ".");
  }
  path.pop_back();
}

void Validator::directives(const Value& node, Text location) {
  std::set<Text> seen;
  for (const Value& use : list_in(node, "Directives")) {
    auto at = schema_.directives.find(text_in(use, "Name"));
    const Value* definition = at == schema_.directives.end() ? nullptr : &at->second;
    arguments(use, definition, true, text_in(use, "Name"), nullptr);
    check_directive(use, definition, location);
  }
  for (const Value& use : list_in(node, "Directives")) {
    auto at = schema_.directives.find(text_in(use, "Name"));
    bool repeatable = at != schema_.directives.end() && flag_in(at->second, "IsRepeatable");
    if (!seen.insert(text_in(use, "Name")).second && !repeatable)
      complain(use, "The directive \"@" + std::string(text_in(use, "Name")) +
                        "\" can only be used once at this location.");
  }
}

void Validator::check_directive(const Value& use, const Value* definition, Text location) {
  std::string name = "\"@" + std::string(text_in(use, "Name")) + "\"";
  if (definition == nullptr) return complain(use, "Unknown directive " + name + ".");
  auto locations = list_in(*definition, "Locations");
  if (std::ranges::none_of(locations,
                           [&](const Value& l) { return l.is_string() && l.as_string() == location; }))
    complain(use, "Directive " + name + " may not be used on " + std::string(location) + ".");
  check_required(use, list_in(*definition, "Arguments"), list_in(use, "Arguments"), "Directive " + name);
}

void Validator::check_required(const Value& node, std::span<const Value> wanted, std::span<const Value> given,
                               const std::string& start) {
  for (const Value& argument : wanted) {
    Value type = argument.at("Type");
    if (!flag_in(type, "NonNull") || argument.at("DefaultValue") || named(given, text_in(argument, "Name")))
      continue;
    complain(node, start + " argument " + quoted(text_in(argument, "Name")) + " of type " +
                       quoted(type_text(type)) + " is required, but it was not provided.");
  }
}

void Validator::arguments(const Value& node, const Value* definition, bool directive, Text owner,
                          const Definition* parent) {
  auto given = list_in(node, "Arguments");
  auto wanted = definition == nullptr ? std::span<const Value>() : list_in(*definition, "Arguments");
  for (const Value& argument : given) {
    Value expected = named(wanted, text_in(argument, "Name"));
    Expected place;
    if (expected) {
      Value preset = expected.at("DefaultValue");
      place = {expected.at("Type"), schema_.find(base_name(expected.at("Type"))),
               preset && literal_of(preset) != Literal::Null};
    }
    value(argument.at("Value"), place);
  }
  std::set<Text> seen;
  for (const Value& argument : given) {
    Text name = text_in(argument, "Name");
    if (definition != nullptr && !named(wanted, name)) {
      std::string where = directive ? "directive \"@" + std::string(owner) + "\""
                                    : "field \"" + (parent == nullptr ? "" : std::string(parent->name)) +
                                          "." + std::string(owner) + "\"";
      complain(node, "Unknown argument " + quoted(name) + " on " + where + "." +
                         did_you_mean(name, names_of(wanted), Quoting::Quoted));
    }
    if (!seen.insert(name).second)
      complain(argument, "There can be only one argument named " + quoted(name) + ".");
  }
}

void Validator::value(const Value& node, const Expected& expected) {
  Literal kind = literal_of(node);
  if (kind == Literal::Variable && operation_) used_variables_.insert(text_in(node, "Raw"));
  std::set<Text> seen;
  for (const Value& child : list_in(node, "Children")) {
    Expected inner;
    if (kind == Literal::Object && expected.def != nullptr) {
      if (Value field = named(expected.def->fields, text_in(child, "Name"))) {
        Value preset = field.at("DefaultValue");
        inner = {field.at("Type"), schema_.find(base_name(field.at("Type"))),
                 preset && literal_of(preset) != Literal::Null};
      }
    } else if (kind == Literal::List && expected.type && expected.type.at("Elem")) {
      inner = {expected.type.at("Elem"), expected.def};
    }
    value(child.at("Value"), inner);
  }
  if (kind == Literal::Object)
    for (const Value& child : list_in(node, "Children"))
      if (!seen.insert(text_in(child, "Name")).second)
        complain(child, "There can be only one input field named " + quoted(text_in(child, "Name")) + ".");
  if (kind == Literal::Variable) return check_variable_use(node, expected);
  if (expected.def != nullptr && expected.type) check_value(node, expected);
}

/// Whether Go's int64 and float64 hold the numbers of a literal.
bool representable(const Value& node) {
  Text raw = text_in(node, "Raw");
  std::int64_t number = 0;
  switch (literal_of(node)) {
    case Literal::Int: return std::from_chars(raw.data(), raw.data() + raw.size(), number).ec == std::errc();
    case Literal::Float: return !go::parse_float_problem(raw);
    default:
      return std::ranges::all_of(list_in(node, "Children"),
                                 [](const Value& child) { return representable(child.at("Value")); });
  }
}

void Validator::check_variable_use(const Value& node, const Expected& expected) {
  if (!operation_) return;
  auto variables = list_in(operation_, "VariableDefinitions");
  auto at = std::ranges::find_if(
      variables, [&](const Value& v) { return text_in(v, "Variable") == text_in(node, "Raw"); });
  std::string spelled = "\"$" + std::string(text_in(node, "Raw")) + "\"";
  Text name = text_in(operation_, "Name");
  if (at == variables.end())
    return complain(node, "Variable " + spelled + " is not defined" +
                              (name.empty() ? "." : " by operation " + quoted(name) + "."));
  if (!expected.type) return;
  Value preset = at->at("DefaultValue");
  bool optional = expected.has_default || (preset && literal_of(preset) != Literal::Null);
  Value type = at->at("Type");
  bool fits = compatible(type, expected.type);
  if (!fits && optional && flag_in(expected.type, "NonNull") && !flag_in(type, "NonNull"))
    fits = type_text(type) + "!" == type_text(expected.type);
  if (preset && expected.def != nullptr && !representable(preset)) unexpected_value(node, expected);
  if (!fits)
    complain(node, "Variable " + spelled + " of type " + quoted(type_text(type)) +
                       " used in position expecting type " + quoted(type_text(expected.type)) + ".");
}

void Validator::unexpected_value(const Value& node, const Expected& expected) {
  std::string type = type_text(expected.type), shown = literal_text(node);
  Text bare = Text(type).substr(0, type.size() - (type.ends_with('!') ? 1 : 0));
  if (bare == "Int") {
    Text raw = text_in(node, "Raw");
    std::int32_t number = 0;
    const bool outside =
        std::from_chars(raw.data(), raw.data() + raw.size(), number).ec == std::errc::result_out_of_range;
    return complain(node, std::string("Int cannot represent non") +
                              (outside ? " 32-bit signed integer" : "-integer") + " value: " + shown);
  }
  if (bare == "String" || type == "[String]")
    return complain(node, "String cannot represent a non string value: " + shown);
  if (bare == "Boolean") return complain(node, "Boolean cannot represent a non boolean value: " + shown);
  if (bare == "Float") return complain(node, "Float cannot represent non numeric value: " + shown);
  if (bare == "ID") return complain(node, "ID cannot represent a non-string and non-integer value: " + shown);
  if (expected.def->kind == "ENUM")
    return complain(node, "Enum " + quoted(type) + " cannot represent non-enum value: " + shown + ".");
  complain(node, "Expected value of type " + quoted(type) + ", found " + shown + ".");
}

void Validator::check_enum_literal(const Value& node, const Expected& expected) {
  std::string type = type_text(expected.type);
  Text raw = text_in(node, "Raw");
  auto names = names_of(expected.def->enum_values);
  if (literal_of(node) != Literal::Enum)
    return complain(node, "Enum " + quoted(type) + " cannot represent non-enum value: " + literal_text(node) +
                              "." + did_you_mean(raw, names, Quoting::Quoted, "Did you mean the enum value"));
  if (!named(expected.def->enum_values, raw))
    complain(node, "Value " + quoted(literal_text(node)) + " does not exist in " + quoted(type) + " enum." +
                       did_you_mean(raw, names, Quoting::Quoted, "Did you mean the enum value"));
}

void Validator::check_object_literal(const Value& node, const Definition& def) {
  auto children = list_in(node, "Children");
  for (const Value& field : def.fields)
    if (flag_in(field.at("Type"), "NonNull") && !field.at("DefaultValue") &&
        !named(children, text_in(field, "Name")))
      complain(node, "Field \"" + std::string(def.name) + "." + std::string(text_in(field, "Name")) +
                         "\" of required type " + quoted(type_text(field.at("Type"))) + " was not provided.");
  if (named(def.directives, "oneOf") && children.size() != 1)
    complain(node, "OneOf Input Object " + quoted(def.name) + " must specify exactly one key.");
  for (const Value& child : children) {
    Text name = text_in(child, "Name");
    if (!named(def.fields, name))
      complain(child, "Field " + quoted(name) + " is not defined by type " + quoted(def.name) + "." +
                          did_you_mean(name, names_of(def.fields), Quoting::Quoted));
  }
}

void Validator::check_value(const Value& node, const Expected& expected) {
  Literal kind = literal_of(node);
  const Definition& def = *expected.def;
  auto one_of = [&](std::initializer_list<Text> names) {
    return std::ranges::find(names, def.name) != names.end();
  };
  if (kind == Literal::Null) {
    if (flag_in(expected.type, "NonNull"))
      complain(node, "Expected value of type " + quoted(type_text(expected.type)) + ", found " +
                         literal_text(node) + ".");
    return;
  }
  if (def.kind == "SCALAR" && !one_of({"Int", "Float", "String", "Boolean", "ID"})) return;
  if (!representable(node)) unexpected_value(node, expected);
  bool fits = true;
  switch (kind) {
    case Literal::List: fits = static_cast<bool>(expected.type.at("Elem")); break;
    case Literal::Int: fits = one_of({"Int", "Float", "ID"}); break;
    case Literal::Float: fits = one_of({"Float"}); break;
    case Literal::Boolean: fits = one_of({"Boolean"}); break;
    case Literal::String:
    case Literal::Block:
      if (def.kind == "ENUM") return check_enum_literal(node, expected);
      fits = one_of({"String", "ID"});
      break;
    case Literal::Enum:
      if (def.kind == "ENUM") return check_enum_literal(node, expected);
      fits = false;
      break;
    case Literal::Object: return check_object_literal(node, def);
    default: return;
  }
  if (!fits) unexpected_value(node, expected);
}

void Validator::selections(const Value& node, const Definition* parent, int depth) {
  if (depth > kMaxDepth) return;
  for (const Value& selection : list_in(node, "SelectionSet")) {
    if (selection.at("Alias"))
      field(selection, parent, depth + 1);
    else if (selection.at("TypeCondition"))
      inline_fragment(selection, parent, depth + 1);
    else
      spread(selection, parent, depth + 1);
  }
}

void Validator::field(const Value& node, const Definition* parent, int depth) {
  Text name = text_in(node, "Name");
  Value definition = name == "__typename" ? typename_
                     : parent != nullptr  ? named(parent->fields, name)
                                          : Value();
  const Value* known = definition ? &definition : nullptr;
  const Definition* type = known ? schema_.find(base_name(definition.at("Type"))) : nullptr;
  arguments(node, known, false, name, parent);
  directives(node, "FIELD");
  selections(node, type, depth);
  check_field(node, known, parent);
}

void Validator::check_field(const Value& node, const Value* definition, const Definition* parent) {
  Text name = text_in(node, "Name");
  if (definition == nullptr) {
    if (parent != nullptr)
      complain(node, "Cannot query field " + quoted(name) + " on type " + quoted(parent->name) + "." +
                         did_you_mean_field(schema_, *parent, name));
    return;
  }
  check_required(node, list_in(*definition, "Arguments"), list_in(node, "Arguments"),
                 "Field " + quoted(name));
  check_leaf(node, *definition);
}

void Validator::check_leaf(const Value& node, const Value& definition) {
  Text name = text_in(node, "Name");
  const Definition* type = schema_.find(base_name(definition.at("Type")));
  bool selected = !list_in(node, "SelectionSet").empty();
  if (type == nullptr) return;
  std::string shown = type_text(definition.at("Type"));
  if (type->is_leaf() && selected)
    complain(node, "Field " + quoted(name) + " must not have a selection since type " + quoted(type->name) +
                       " has no subfields.");
  if (!type->is_leaf() && !selected)
    complain(node, "Field " + quoted(name) + " of type " + quoted(shown) +
                       " must have a selection of subfields. Did you mean \"" + std::string(name) +
                       " { ... }\"?");
}

std::vector<Text> Validator::possible(const Definition& def) const {
  if (def.kind == "OBJECT") return {def.name};
  auto at = schema_.possible_types.find(def.name);
  return at == schema_.possible_types.end() ? std::vector<Text>() : at->second;
}

/// False when no object can be both.
bool Validator::can_overlap(const Definition* parent, Text type) const {
  const Definition* other = schema_.find(type);
  if (parent == nullptr || !parent->is_composite() || other == nullptr || !other->is_composite()) return true;
  auto a = possible(*parent), b = possible(*other);
  return std::ranges::any_of(a, [&](Text name) { return std::ranges::find(b, name) != b.end(); });
}

void Validator::inline_fragment(const Value& node, const Definition* parent, int depth) {
  Text condition = text_in(node, "TypeCondition");
  const Definition* type = condition.empty() ? parent : schema_.find(condition);
  directives(node, "INLINE_FRAGMENT");
  selections(node, type, depth);
  if (type == nullptr && !condition.empty()) complain(node, "Unknown type " + quoted(condition) + ".");
  if (type != nullptr && !condition.empty() && !type->is_composite())
    complain(node, "Fragment cannot condition on non composite type " + quoted(condition) + ".");
  if (!condition.empty() && !can_overlap(parent, condition))
    complain(node, "Fragment cannot be spread here as objects of type " + quoted(parent->name) +
                       " can never be of type " + quoted(condition) + ".");
}

void Validator::spread(const Value& node, const Definition* parent, int depth) {
  Text name = text_in(node, "Name");
  Value fragment = fragment_named(name);
  directives(node, "FRAGMENT_SPREAD");
  if (operation_) used_fragments_.insert(name);
  if (!fragment) return complain(node, "Unknown fragment " + quoted(name) + ".");
  Text condition = text_in(fragment, "TypeCondition");
  if (walked_fragments_.insert(name).second) {
    directives(fragment, "FRAGMENT_DEFINITION");
    selections(fragment, schema_.find(condition), depth);
  }
  if (!can_overlap(parent, condition))
    complain(node, "Fragment " + quoted(name) + " cannot be spread here as objects of type " +
                       quoted(parent->name) + " can never be of type " + quoted(condition) + ".");
}

std::vector<Complaint> validate_query(Arena& arena, const Schema& schema, const Value& query) {
  return Validator(arena, schema, query).run();
}

}  // namespace signalbox::policy::graphql
