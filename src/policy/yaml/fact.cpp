// Facts by their paths, and what can be said of them. The surprise: a pattern that does not compile is an
// error of each evaluation, so that its rule would never hold; hence it is compiled here.
#include "policy/yaml/fact.h"

#include <algorithm>

#include "policy/builtins/glob_pattern.h"
#include "policy/vm/index.h"
#include "policy/vm/pattern_set.h"

namespace signalbox::policy::yaml {
namespace {

/// "a string"; what a schema calls a type.
std::string with_article(std::string_view type) {
  if (type == "null") return "nothing";
  const bool vowel = type.starts_with('a') || type.starts_with('i') || type.starts_with('o');
  return fmt::format("{} {}", vowel ? "an" : "a", type == "array" ? "list" : type);
}

std::string some_of(const std::vector<std::string_view>& types) {
  std::string out;
  for (const std::string_view type : types) out += (out.empty() ? "" : " or ") + with_article(type);
  return out;
}

/// "query.kind is a string", "each of query.kinds is a string".
std::string told(const Fact& fact) {
  return fmt::format("{}{} is {}", fact.one_of ? "each of " : "", fact.path, some_of(fact.type->types));
}

/// Nothing for what is known only when it is evaluated.
std::string_view type_of(const ast::Term& value) {
  if (ast::as<ast::Null>(value) != nullptr) return "null";
  if (ast::as<ast::Boolean>(value) != nullptr) return "boolean";
  if (ast::as<ast::String>(value) != nullptr) return "string";
  if (ast::as<ast::Array>(value) != nullptr) return "array";
  if (ast::as<ast::Object>(value) != nullptr) return "object";
  return ast::as<ast::Number>(value) != nullptr ? "number" : "";
}

std::string_view hint_for(const Fact& fact, std::string_view given) {
  if (given == "null") return "for a fact that is not there: {exists: false}";
  if (fact.type->admits("boolean")) return "true or false, without quotes";
  if (fact.type->admits("number")) return "a number, without quotes";
  return fact.type->admits("string") ? "a text; with quotes where it looks like something else" : "";
}

/// An object or a list of them: a member of it must be named.
bool is_whole(Reader& reader, const Fact& fact, const ast::Span& at) {
  if (fact.type->types.empty() || std::ranges::any_of(fact.type->types, [](std::string_view type) {
        return type != "object" && type != "array" && type != "null";
      }))
    return false;
  const std::string member(fact.type->members.empty() ? "NAME" : fact.type->members.front());
  reader.error("policy_bad_value", at, told(fact) + ": a condition is about a member of it",
               fact.one_of ? fmt::format("{0}.{1}: .., or {0}: {{any: {{{1}: ..}}}}", fact.path, member)
                           : fmt::format("{}.{}: ..", fact.path, member));
  return true;
}

/// The variable for an element of what `ref` leads to; `body` binds it.
ast::Term element_of(Reader& reader, std::vector<ast::Term> ref, const ast::Span& at, ast::Body& body) {
  const std::string element = reader.fresh_variable();
  ref.push_back(ast::make_var("$" + element, at));
  std::vector<ast::Term> operands = {ast::make_var(element, at), ast::make_ref(std::move(ref), at)};
  body.push_back(call_expr("assign", std::move(operands), at));
  return ast::make_var(element, at);
}

}  // namespace

std::vector<std::string_view> split_at_dots(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto dot = path.find('.');
    parts.push_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    path.remove_prefix(dot + 1);
  }
}

std::optional<Fact> find_fact(Reader& reader, std::string_view path, const ast::Span& at, ast::Body& body) {
  if (path.starts_with("input.")) path.remove_prefix(6);
  const ast::Object* schema = reader.schema.root();
  std::vector<ast::Term> ref = {ast::make_var("input", at)};
  Fact fact;
  bool array = false;
  for (std::string_view part : split_at_dots(path)) {
    if (part.empty()) {
      reader.error("policy_bad_path", at, fmt::format("\"{}\" is no path", path),
                   "names with a dot between any two, such as query.kind");
      return {};
    }
    if (array) {  // the path goes on inside the elements
      ref = {element_of(reader, std::move(ref), at, body)};
      schema = reader.schema.elements(schema);
    }
    fact.type = &reader.schema.type_of(schema);
    fact.one_of = array;
    if (!has_members(reader, fact, part, at)) return {};
    const auto step = reader.schema.member(schema, part);
    if (!step.known) {
      reader.unknown("policy_unknown_path", at, fmt::format("there is no fact {}", path), part, step.names);
      return {};
    }
    ref.push_back(ast::make_string(std::string(part), at));
    fact.path += (fact.path.empty() ? "" : ".") + std::string(part);
    schema = step.below;
    array = step.array;
  }
  fact.one_of = array;
  fact.type = &reader.schema.type_of(array ? reader.schema.elements(schema) : schema);
  fact.term = array ? element_of(reader, std::move(ref), at, body) : ast::make_ref(std::move(ref), at);
  return fact;
}

bool can_equal(Reader& reader, const Fact& fact, const Node& node, const ast::Term& value) {
  const std::string_view given = type_of(value);
  if (given.empty()) return true;
  if (given != "null" && is_whole(reader, fact, node.span)) return false;
  if (!fact.type->admits(given)) {
    reader.error("policy_bad_value", node.span, fmt::format("{}, never {}", told(fact), with_article(given)),
                 std::string(hint_for(fact, given)));
    return false;
  }
  const auto* text = ast::as<ast::String>(value);
  if (text == nullptr || fact.type->choices.empty()) return true;
  if (std::ranges::find(fact.type->choices, text->value) != fact.type->choices.end()) return true;
  reader.unknown("policy_bad_value", node.span, fmt::format("{} is never {}", fact.path, text->value),
                 text->value, fact.type->choices);
  return false;
}

bool has_members(Reader& reader, const Fact& fact, std::string_view name, const ast::Span& at) {
  if (fact.type->admits("object")) return true;
  reader.error("policy_unknown_path", at, fmt::format("{}: it has no {}", told(fact), name),
               fmt::format("{}: ..", fact.path));
  return false;
}

bool can_be_text(Reader& reader, const Fact& fact, std::string_view test, const ast::Span& at) {
  if (fact.type->admits("string")) return true;
  if (!is_whole(reader, fact, at))
    reader.error("policy_bad_value", at, fmt::format("{}: {} is for texts", told(fact), test));
  return false;
}

bool can_compare(Reader& reader, const Fact& fact, const Node& node, const ast::Term& bound) {
  const std::string_view given = type_of(bound);
  if (given.empty() || fact.type->admits(given)) return true;
  if (!is_whole(reader, fact, node.span))
    reader.error("policy_bad_value", node.span,
                 fmt::format("{}: {} is no bound for it", told(fact), with_article(given)));
  return false;
}

bool is_pattern(Reader& reader, std::string_view test, const Node& node, const ast::Term& pattern) {
  const auto* text = ast::as<ast::String>(pattern);
  if (text == nullptr) return true;
  Network network;
  if (test == "cidr" && !parse_network(text->value, network)) {
    reader.error("policy_bad_value", node.span, fmt::format("{} is no network", text->value),
                 "10.0.0.0/8, 2001:db8::/32, or an address");
    return false;
  }
  const bool compiles = test == "regex"  ? PatternSet::parses(text->value)
                        : test == "glob" ? builtins::glob_to_re2(text->value, {}).has_value()
                                         : true;
  if (!compiles)
    reader.error("policy_bad_value", node.span,
                 fmt::format("{} is no {}", text->value, test == "glob" ? "pattern" : "regular expression"),
                 test == "glob" ? "* ? [a-z] {this,that}; \\ takes the meaning of one away" : "RE2's syntax");
  return compiles;
}

}  // namespace signalbox::policy::yaml
