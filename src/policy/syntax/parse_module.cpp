// The interface of parsing: statements become a Module, a query or a term.
// A lone expression in a module is a rule in disguise (`p := 1`, `p[x]`, `f(x) = y`): rule_from_body says
// which.
#include <fmt/format.h>

#include "policy/builtins/builtin.h"
#include "policy/syntax/parser.h"
#include "policy/syntax/print.h"

namespace signalbox::policy::ast {
namespace {

Body true_body(const Span& at) {
  Expr expr;
  expr.node = make_bool(true, at);
  expr.span = at;
  Body body;
  body.push_back(std::move(expr));
  return body;
}

std::unexpected<std::string> not_a_rule(std::string why) {
  return std::unexpected(std::move(why));
}

Rule bodiless_rule(RuleHead head, const Span& at, const Span& body_at) {
  Rule rule;
  rule.head = std::move(head);
  rule.head.span = at;
  rule.span = at;
  rule.body = true_body(body_at);
  rule.generated_body = true;
  return rule;
}

/// `lhs = rhs` or `lhs := rhs`.
std::expected<Rule, std::string> rule_from_equality(Call call, const Span& at) {
  if (call.arity() != 2) return not_a_rule("assignment requires two operands");
  const bool assign = operator_name(call) == "assign";
  Term& lhs = call.terms[1];
  Term& rhs = call.terms[2];
  RuleHead head;
  head.assign = assign;
  if (auto* function = as<Call>(lhs)) {
    auto* name = as<Ref>(function->terms.front());
    if (name == nullptr || as<Var>(name->terms.front()) == nullptr) {
      return not_a_rule(fmt::format("{}s cannot be used in function signature", kind_name(function->op())));
    }
    head.ref = std::move(*name);
    head.is_function = true;
    head.args.assign(function->terms.begin() + 1, function->terms.end());
  } else if (auto* ref = as<Ref>(lhs)) {
    if (as<Var>(ref->terms.front()) == nullptr)
      return not_a_rule(fmt::format("invalid rule head: {}", to_text(*ref)));
    head.ref = std::move(*ref);
  } else if (as<Var>(lhs) != nullptr) {
    head.ref.terms.push_back(std::move(lhs));
  } else {
    return not_a_rule(fmt::format("{} cannot be used for rule name", kind_name(lhs)));
  }
  const Span body_at = rhs.span;
  head.value = std::move(rhs);
  return bodiless_rule(std::move(head), at, body_at);
}

/// `p.q.r` is a rule with the value true; `p[x]` adds x to a set.
std::expected<Rule, std::string> rule_from_term(Term term) {
  auto* ref = as<Ref>(term);
  if (ref == nullptr) return not_a_rule(fmt::format("{} cannot be used for rule name", kind_name(term)));
  if (ref->terms.size() == 1) return not_a_rule("refs cannot be used for rule head");
  if (as<Var>(ref->terms.front()) == nullptr)
    return not_a_rule(fmt::format("invalid rule head: {}", to_text(*ref)));
  RuleHead head;
  head.ref = std::move(*ref);
  if (head.ref.terms.size() > 2) {
    head.value = make_bool(true, term.span);
    head.generated_value = true;
  } else {
    head.key = std::move(head.ref.terms.back());
    head.ref.terms.pop_back();
  }
  return bodiless_rule(std::move(head), term.span, term.span);
}

std::expected<Rule, std::string> rule_from_call(Call call) {
  if (call.arity() == 0) return not_a_rule("rule argument list must take at least one argument");
  const Span at = call.op().span;
  auto* name = as<Ref>(call.terms.front());
  if (name == nullptr) return not_a_rule("expression cannot be used for rule head");
  if (as<Var>(name->terms.front()) == nullptr)
    return not_a_rule(fmt::format("invalid rule head: {}", to_text(*name)));
  RuleHead head;
  head.ref = std::move(*name);
  head.is_function = true;
  head.args.assign(call.terms.begin() + 1, call.terms.end());
  head.value = make_bool(true, at);
  head.generated_value = true;
  return bodiless_rule(std::move(head), at, at);
}

class ModuleBuilder {
 public:
  ModuleBuilder(Parser& parser, Module& module) : parser_(parser), module_(module) {}

  void add(Statement statement, bool first) {
    if (first && !std::holds_alternative<Package>(statement)) {
      parser_.error(span_of(statement), "package expected");
      return;
    }
    std::visit([&](auto& node) { put(node, first); }, statement);
  }

  std::vector<std::pair<Span, std::int32_t>> places;  ///< of the statements: rules by index, else -1 or -2

 private:
  static Span span_of(const Statement& statement) {
    return std::visit(
        []<class T>(const T& node) {
          if constexpr (std::is_same_v<T, Body>) {
            return node.front().span;
          } else {
            return node.span;
          }
        },
        statement);
  }

  void put(Package& package, bool first) {
    if (!first) return parser_.error(package.span, "unexpected package");
    places.emplace_back(package.span, -1);
    module_.package = std::move(package);
  }
  void put(Import& import, bool) {
    if (module_.version == RegoVersion::V0 && to_text(import.path) == "rego.v1") {
      module_.version = RegoVersion::V0CompatV1;
    }
    places.emplace_back(import.span, -2);
    module_.imports.push_back(std::move(import));
  }
  void put(Rule& rule, bool) {
    places.emplace_back(rule.span, static_cast<std::int32_t>(module_.rules.size()));
    module_.rules.push_back(std::move(rule));
  }
  void put(Body& body, bool first) {
    const Span at = body.front().span;
    auto rule = rule_from_body(std::move(body));
    if (!rule) return parser_.error(at, rule.error());
    put(*rule, first);
  }

  Parser& parser_;
  Module& module_;
};

std::string_view rule_or_function(const Rule& rule) {
  return rule.head.is_function ? "function" : "rule";
}

}  // namespace

void check_v1_rule(const Rule& rule, Parser& parser) {
  for (const Rule* at = &rule; at != nullptr; at = at->otherwise ? &**at->otherwise : nullptr) {
    const RuleHead& head = at->head;
    const auto* name = as<Var>(head.ref.terms.front());
    if (head.ref.terms.size() < 2 && name != nullptr && is_keyword(name->name)) {
      parser.error(at->span, fmt::format("{} keyword cannot be used for rule name", name->name));
    }
    if (at->generated_body && head.generated_value && !head.is_function) {  // `f(1)` alone is f(1) := true
      parser.error(at->span, "rule must have value assignment and/or body declaration");
    }
    if (!at->generated_body && !head.keywords.if_ && !at->is_default) {
      parser.error(at->span, fmt::format("`if` keyword is required before {} body", rule_or_function(*at)));
    }
    if (at->kind() == RuleKind::MultiValue && !head.keywords.contains) {
      parser.error(at->span, "`contains` keyword is required for partial set rules");
    }
  }
}

std::expected<Rule, std::string> rule_from_body(Body body) {
  if (body.size() != 1) return not_a_rule("multiple expressions cannot be used for rule head");
  Expr& expr = body.front();
  if (!expr.with.empty()) return not_a_rule("expressions using with keyword cannot be used for rule head");
  if (expr.negated) return not_a_rule("negated expressions cannot be used for rule head");
  if (as<SomeDecl>(expr) != nullptr) return not_a_rule("'some' declarations cannot be used for rule head");
  if (auto* term = as<Term>(expr)) return rule_from_term(std::move(*term));
  auto* call = as<Call>(expr);
  if (call == nullptr) return not_a_rule("expression cannot be used for rule head");
  const std::string op = operator_name(*call);
  if (op == "eq" || op == "assign") return rule_from_equality(std::move(*call), expr.span);
  if (find_builtin(op) != nullptr) return not_a_rule("rule name conflicts with built-in function");
  return rule_from_call(std::move(*call));
}

SourcePtr make_source(std::string name, std::string text) {
  return std::make_shared<const Source>(Source{std::move(name), std::move(text)});
}

std::string_view kind_name(const Term& term) {
  static constexpr std::string_view kNames[] = {"null",
                                                "boolean",
                                                "number",
                                                "string",
                                                "var",
                                                "ref",
                                                "array",
                                                "object",
                                                "set",
                                                "arraycomprehension",
                                                "setcomprehension",
                                                "objectcomprehension",
                                                "call",
                                                "templatestring"};
  return kNames[term.node.index()];
}

Parsed<Module> parse_module(SourcePtr source, const ParseOptions& options) {
  Parser parser(source, options);
  auto statements = parser.parse_statements(false);
  if (auto errors = parser.errors(); !errors.empty()) return std::unexpected(std::move(errors));
  if (statements.empty()) {
    parser.error({}, "empty module");
    return std::unexpected(parser.errors());
  }
  Module module;
  module.source = std::move(source);
  module.version = options.version;
  module.comments = parser.comments();
  ModuleBuilder builder(parser, module);
  for (std::size_t i = 0; i < statements.size(); ++i) builder.add(std::move(statements[i]), i == 0);
  if (module.version != RegoVersion::V0) {
    for (const Rule& rule : module.rules) check_v1_rule(rule, parser);
  }
  if (options.annotations && parser.errors().empty()) attach_annotations(module, builder.places, parser);
  if (auto errors = parser.errors(); !errors.empty()) return std::unexpected(std::move(errors));
  return module;
}

Parsed<Body> parse_query(SourcePtr source, const ParseOptions& options) {
  Parser parser(std::move(source), options);
  Body query;
  for (Statement& statement : parser.parse_statements(true)) {
    if (auto* body = std::get_if<Body>(&statement)) {
      std::move(body->begin(), body->end(), std::back_inserter(query));
    } else if (const auto* import = std::get_if<Import>(&statement)) {
      parser.error(import->span, "expected body but got import");
    } else if (const auto* package = std::get_if<Package>(&statement)) {
      parser.error(package->span, "expected body but got package");
    }
  }
  if (query.empty() && parser.errors().empty()) parser.error({}, "empty query");
  if (auto errors = parser.errors(); !errors.empty()) return std::unexpected(std::move(errors));
  return query;
}

Parsed<Term> parse_term(SourcePtr source, const ParseOptions& options) {
  auto query = parse_query(source, options);
  if (!query) return std::unexpected(std::move(query.error()));
  auto* term = query->size() == 1 ? as<Term>(query->front()) : nullptr;
  if (term != nullptr && query->front().with.empty() && !query->front().negated) return std::move(*term);
  // A call at the top of an expression is a term as well.
  auto* call = query->size() == 1 ? as<Call>(query->front()) : nullptr;
  if (call != nullptr && query->front().with.empty() && !query->front().negated) {
    return Term{std::move(*call), query->front().span};
  }
  Diagnostic error{.severity = Severity::Error,
                   .code = "rego_parse_error",
                   .message = "expected exactly one term",
                   .at = position(*source, query->front().span),
                   .source_line = std::string(line_of(source->text, query->front().span.row)),
                   .hint = {}};
  return std::unexpected(Diagnostics{std::move(error)});
}

Parsed<Ref> parse_ref(SourcePtr source, const ParseOptions& options) {
  auto term = parse_term(source, options);
  if (!term) return std::unexpected(std::move(term.error()));
  if (auto* ref = as<Ref>(*term)) return std::move(*ref);
  if (as<Var>(*term) != nullptr) return Ref{{std::move(*term)}};
  Diagnostic error{.severity = Severity::Error,
                   .code = "rego_parse_error",
                   .message = fmt::format("expected ref but got {}", to_text(*term)),
                   .at = position(*source, term->span),
                   .source_line = std::string(line_of(source->text, term->span.row)),
                   .hint = {}};
  return std::unexpected(Diagnostics{std::move(error)});
}

}  // namespace signalbox::policy::ast
