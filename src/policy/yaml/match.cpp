// `match`: conditions on facts. Each becomes the Rego one would write, in forms that the rule index knows:
// equality, membership, glob.match, startswith, net.cidr_contains, comparisons, regex.match.
#include <algorithm>
#include <array>

#include "policy/syntax/print.h"
#include "policy/yaml/fact.h"

namespace signalbox::policy::yaml {
namespace {

using Make = ast::Expr (*)(const ast::Term& fact, ast::Term value, const ast::Span& at);

ast::Expr equal(const ast::Term& fact, ast::Term value, const ast::Span& at) {
  return call_expr("equal", {fact, std::move(value)}, at);
}
ast::Expr glob(const ast::Term& fact, ast::Term value, const ast::Span& at) {
  return call_expr("glob.match", {std::move(value), ast::make_null(at), fact}, at);
}
ast::Expr regex(const ast::Term& fact, ast::Term value, const ast::Span& at) {
  return call_expr("regex.match", {std::move(value), fact}, at);
}
ast::Expr cidr(const ast::Term& fact, ast::Term value, const ast::Span& at) {
  return call_expr("net.cidr_contains", {std::move(value), fact}, at);
}
ast::Expr prefix(const ast::Term& fact, ast::Term value, const ast::Span& at) {
  return call_expr("startswith", {fact, std::move(value)}, at);
}

struct TextTest {
  std::string_view name;
  Make make;
};
constexpr std::array<TextTest, 4> kTextTests = {
    {{"glob", glob}, {"regex", regex}, {"cidr", cidr}, {"prefix", prefix}}};

struct Bound {
  std::string_view name;
  std::string_view op;
};
constexpr std::array<Bound, 4> kBounds = {{{"min", "gte"}, {"max", "lte"}, {"above", "gt"}, {"below", "lt"}}};

const std::vector<std::string_view> kTests = {"equals", "in",    "glob",   "regex", "cidr",
                                              "prefix", "range", "exists", "not",   "any"};

bool looks_like_glob(const ast::Term& value) {
  const auto* text = ast::as<ast::String>(value);
  return text != nullptr && text->value.find_first_of("*?") != std::string::npos;
}

ast::Body one(ast::Expr expr) {
  ast::Body body;
  body.push_back(std::move(expr));
  return body;
}

/// Conditions on one fact.
class Condition {
 public:
  Condition(Reader& reader, Fact fact) : reader_(reader), fact_(std::move(fact)) {}

  void read(const Node& node, ast::Body& body) {
    switch (node.kind) {
      case NodeKind::Map: return read_tests(node, body);
      case NodeKind::List: return any_value(node.items, true, node.span, body);
      default: return any_value({node}, true, node.span, body);
    }
  }

 private:
  /// Equal to any of the values; texts with wildcards are globs when `globs`.
  void any_value(const std::vector<Node>& values, bool globs, const ast::Span& at, ast::Body& body) {
    if (values.empty()) return reader_.error("policy_bad_value", at, "an empty list matches nothing");
    ast::Set equals;
    std::vector<ast::Body> alternatives;
    for (const Node& node : values) {
      if (!node.is(NodeKind::Scalar) && !node.is(NodeKind::Null)) {
        reader_.error("policy_bad_value", node.span,
                      fmt::format("a value was expected, not {}", describe(node)));
        continue;
      }
      ast::Term value = templated(reader_, node);
      if (globs && looks_like_glob(value)) {
        if (!can_be_text(reader_, fact_, "a pattern", node.span) || !is_pattern(reader_, "glob", node, value))
          continue;
        alternatives.push_back(one(glob(fact_.term, std::move(value), node.span)));
      } else if (can_equal(reader_, fact_, node, value)) {
        equals.items.push_back(std::move(value));
      }
    }
    if (equals.items.size() == 1) {
      alternatives.insert(alternatives.begin(), one(equal(fact_.term, std::move(equals.items.front()), at)));
    } else if (!equals.items.empty()) {
      std::vector<ast::Term> operands = {fact_.term, ast::Term{std::move(equals), at}};
      alternatives.insert(alternatives.begin(), one(call_expr("internal.member_2", std::move(operands), at)));
    }
    if (!alternatives.empty()) body.push_back(any_of(std::move(alternatives), at));
  }

  void read_tests(const Node& node, ast::Body& body) {
    if (node.fields.empty()) return reader_.error("policy_bad_value", node.span, "an empty condition");
    for (const auto& [key, value] : node.fields) test(key, value, body);
  }

  void test(const Node& key, const Node& value, ast::Body& body) {
    const std::string& name = key.text;
    if (name == "not") {
      ast::Body inner;
      read(value, inner);
      if (!inner.empty()) body.push_back(none_of(std::move(inner), key.span));
    } else if (name == "equals" || name == "in") {
      any_value(value.is(NodeKind::List) ? value.items : std::vector<Node>{value}, false, key.span, body);
    } else if (name == "any") {
      reader_.error("policy_bad_value", key.span,
                    "any is for lists, and stands alone: query.tables: {any: {..}}");
    } else if (name == "exists") {
      exists(key, value, body);
    } else if (name == "range") {
      range(value, body);
    } else if (const auto* found = std::ranges::find(kTextTests, name, &TextTest::name);
               found != kTextTests.end()) {
      any_text(*found, value, body);
    } else {
      reader_.unknown("policy_unknown_key", key.span, fmt::format("unknown condition {}", name), name,
                      kTests);
    }
  }

  void any_text(const TextTest& test, const Node& node, ast::Body& body) {
    if (!can_be_text(reader_, fact_, test.name, node.span)) return;
    std::vector<ast::Body> alternatives;
    for (const Node& value : node.is(NodeKind::List) ? node.items : std::vector<Node>{node}) {
      if (!value.is(NodeKind::Scalar)) {
        reader_.error("policy_bad_value", value.span,
                      fmt::format("{} must be a string, not {}", test.name, describe(value)));
        continue;
      }
      Node text = value;
      text.quoted = true;  // 10 is "10" here
      ast::Term pattern = templated(reader_, text);
      if (is_pattern(reader_, test.name, text, pattern))
        alternatives.push_back(one(test.make(fact_.term, std::move(pattern), value.span)));
    }
    if (!alternatives.empty()) body.push_back(any_of(std::move(alternatives), node.span));
  }

  void exists(const Node& key, const Node& value, ast::Body& body) {
    const ast::Term wanted = to_term(value);
    const auto* flag = ast::as<ast::Boolean>(wanted);
    if (flag == nullptr) {
      return reader_.error("policy_bad_value", value.span,
                           fmt::format("exists must be true or false, not {}", describe(value)));
    }
    ast::Expr there = call_expr("neq", {fact_.term, ast::make_null(key.span)}, key.span);
    body.push_back(flag->value ? std::move(there) : none_of(one(std::move(there)), key.span));
  }

  void range(const Node& node, ast::Body& body) {
    if (node.is(NodeKind::List) && node.items.size() == 2) {
      bound("gte", node.items[0], body);
      bound("lte", node.items[1], body);
      return;
    }
    if (!node.is(NodeKind::Map) || node.fields.empty()) {
      return reader_.error("policy_bad_value", node.span,
                           "range must be [min, max], or a map of min, max, above, below");
    }
    for (const auto& [key, value] : node.fields) {
      const auto* found = std::ranges::find(kBounds, key.text, &Bound::name);
      if (found != kBounds.end()) {
        bound(found->op, value, body);
      } else {
        reader_.unknown("policy_unknown_key", key.span, fmt::format("unknown bound {}", key.text), key.text,
                        {"min", "max", "above", "below"});
      }
    }
  }

  void bound(std::string_view op, const Node& node, ast::Body& body) {
    ast::Term value = templated(reader_, node);
    if (ast::as<ast::Number>(value) == nullptr && ast::as<ast::String>(value) == nullptr) {
      return reader_.error("policy_bad_value", node.span,
                           fmt::format("a bound must be a number, not {}", describe(node)));
    }
    if (can_compare(reader_, fact_, node, value))
      body.push_back(call_expr(op, {fact_.term, std::move(value)}, node.span));
  }

  Reader& reader_;
  Fact fact_;
};

/// `{not: ..}` on a path through an array: no element may match.
bool is_negated(const Node& condition) {
  return condition.is(NodeKind::Map) && condition.fields.size() == 1 &&
         condition.fields.front().key.text == "not";
}

/// `any: {KEY: CONDITION, ..}` on a list of objects; null for any other condition.
const Node* one_for_all(const Node& condition) {
  return condition.is(NodeKind::Map) && condition.fields.size() == 1 ? condition.field("any") : nullptr;
}

/// The path's elements are bound by `elements`, the last of them to `fact`: conditions on its members.
void read_any(Reader& reader, std::string_view path, const Fact& fact, const Node& members,
              ast::Body& elements) {
  const ast::Object* schema = reader.schema.elements(reader.schema.at(path));
  if (!members.is(NodeKind::Map) || members.fields.empty()) {
    return reader.error("policy_bad_value", members.span,
                        fmt::format("any must be a map of members, not {}", describe(members)));
  }
  for (const auto& [name, condition] : members.fields) {
    if (!has_members(reader, fact, name.text, name.span)) return;
    const auto step = reader.schema.member(schema, name.text);
    if (!step.known) {
      reader.unknown("policy_unknown_path", name.span,
                     fmt::format("an element of {} has no {}", path, name.text), name.text, step.names);
      continue;
    }
    std::vector<ast::Term> ref = {fact.term, ast::make_string(name.text, name.span)};
    Fact member = {.term = ast::make_ref(std::move(ref), name.span),
                   .path = fmt::format("{}.{}", fact.path, name.text),
                   .type = &reader.schema.type_of(step.below)};
    Condition(reader, std::move(member)).read(condition, elements);
  }
}

}  // namespace

void read_match(Reader& reader, const Node& match, ast::Body& body) {
  if (!match.is(NodeKind::Map)) {
    return reader.error("policy_bad_value", match.span,
                        fmt::format("match must be a map, not {}", describe(match)));
  }
  for (const auto& [path, condition] : match.fields) {
    ast::Body elements;
    auto fact = find_fact(reader, path.text, path.span, elements);
    if (!fact) continue;
    const bool negated = !elements.empty() && is_negated(condition);
    const Node& tested = negated ? condition.fields.front().value : condition;
    const Node* members = elements.empty() ? nullptr : one_for_all(tested);
    if (members != nullptr) {
      read_any(reader, path.text, *fact, *members, elements);
    } else {
      Condition(reader, std::move(*fact)).read(tested, elements);
    }
    if (!negated) {
      std::move(elements.begin(), elements.end(), std::back_inserter(body));
      continue;
    }
    ast::Expr none = none_of(std::move(elements), path.span);
    std::get<ast::Not>(none.node).explicit_body = true;
    body.push_back(std::move(none));
  }
}

}  // namespace signalbox::policy::yaml
