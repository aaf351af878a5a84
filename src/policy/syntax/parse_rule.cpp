// Rules: heads, bodies, `else`, chained bodies, `default`.
// A statement that has no body (`p := 1`) is read as a query first and becomes a rule in parse_module.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "policy/syntax/parser.h"
#include "policy/syntax/print.h"
#include "policy/syntax/visit.h"

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

bool is_infix(Token token) {
  switch (token) {
    case Token::Add:
    case Token::Sub:
    case Token::Mul:
    case Token::Quo:
    case Token::Rem:
    case Token::And:
    case Token::Or:
    case Token::Equal:
    case Token::Neq:
    case Token::Gt:
    case Token::Gte:
    case Token::Lt:
    case Token::Lte: return true;
    default: return false;
  }
}

}  // namespace

std::optional<std::vector<Rule>> Parser::parse_rules() {
  Rule rule;
  rule.span = span();
  scan_ahead_ref();
  if (token() == Token::Default) {
    scan();
    rule.is_default = true;
    scan_ahead_ref();
  }
  if (token() != Token::Ident) return {};
  auto head = parse_head(rule.is_default);
  if (!head) return {};
  rule.head = std::move(head->head);
  rule.head.keywords.contains = head->contains;

  std::vector<Rule> rules;
  if (rule.is_default) {
    if (!is_named(rule) || !valid_default(rule)) return {};
    rule.body = true_body(rule.span);
    rule.span = since(rule.span);
    rules.push_back(std::move(rule));
    return rules;
  }
  const BodyForm form = parse_rule_body(rule, head->contains);
  if (form == BodyForm::Wrong || !is_named(rule)) return {};
  if (form == BodyForm::None) {
    rules.push_back(std::move(rule));
    return rules;
  }
  if (token() == Token::Else && !scan_ahead_ref() && !parse_rule_else(rule)) return {};
  rule.span = since(rule.span);
  rules.push_back(std::move(rule));
  if (!parse_chained_bodies(rules)) return {};
  return rules;
}

/// `f(x).p contains 1` is not, though it reads like a rule; at some of these OPA's compiler panics.
bool Parser::is_named(const Rule& rule) {
  if (as<Var>(rule.head.ref.terms.front()) != nullptr) return true;
  error(rule.head.span, fmt::format("invalid rule head: {}", to_text(rule.head.ref)));
  return false;
}

Parser::BodyForm Parser::parse_rule_body(Rule& rule, bool contains) {
  RuleHead& head = rule.head;
  const bool has_if = token() == Token::If;
  if (!contains && !head.is_function && head.ref.terms.size() == 2 && !head.value) {
    if (has_if) {  // `p[x] if ..` is an object with the value true
      head.generated_value = true;
      head.value = make_bool(true, head.span);
    } else {  // `p[x] { .. }` is a set
      head.key = std::move(head.ref.terms.back());
      head.ref.terms.pop_back();
    }
  }
  if (has_if) return parse_if_body(rule);
  if (token() == Token::LBrace) {
    scan();
    auto body = parse_body(Token::RBrace);
    if (!body) return BodyForm::Wrong;
    rule.body = std::move(*body);
    scan();
    return BodyForm::Written;
  }
  if (!contains) return BodyForm::Wrong;
  rule.body = true_body(rule.span);
  rule.generated_body = true;
  rule.span = head.span;
  return BodyForm::None;
}

/// After `if`: one expression, or a body in braces. `{ x }` is a body although it could be a set.
Parser::BodyForm Parser::parse_if_body(Rule& rule) {
  rule.head.keywords.if_ = true;
  scan();
  State start = save();
  const bool brace = token() == Token::LBrace;
  if (auto expr = parse_literal()) {
    const auto* term = as<Term>(*expr);
    const bool set = brace && term != nullptr && as<Set>(*term) != nullptr;
    if (!set) {
      rule.body.push_back(std::move(*expr));
      return BodyForm::Written;
    }
  }
  if (!brace) return BodyForm::Wrong;
  restore(std::move(start));
  scan();
  auto body = parse_body(Token::RBrace);
  if (!body) return BodyForm::Wrong;
  rule.body = std::move(*body);
  scan();
  return BodyForm::Written;
}

bool Parser::parse_rule_else(Rule& rule) {
  const RuleHead& head = rule.head;
  if (head.ref.terms.size() > 1 && !is_ground(head.ref)) {
    error(span(), "else keyword cannot be used on rules with variables in head");
    return false;
  }
  const bool old_style_key = !head.keywords.if_ && !head.is_function && head.ref.terms.size() == 2;
  if (head.key || old_style_key) {
    error(span(), "else keyword cannot be used on multi-value rules");
    return false;
  }
  auto otherwise = parse_else(head);
  if (!otherwise) return false;
  rule.otherwise = Box<Rule>(std::move(*otherwise));
  return true;
}

/// `p { a } { b }`: further rules with the same head, reported at their bodies.
bool Parser::parse_chained_bodies(std::vector<Rule>& rules) {
  while (token() == Token::LBrace) {
    if (rules.front().otherwise) {
      error(span(), "expected else keyword");
      return false;
    }
    Rule next;
    next.span = span();
    scan();
    auto body = parse_body(Token::RBrace);
    if (!body) return false;
    scan();
    next.body = std::move(*body);
    next.span = since(next.span);
    next.head = rules.front().head;
    refresh_wildcards(next.head);
    set_spans(next.head, next.span);
    next.head.span = next.span;
    rules.push_back(std::move(next));
  }
  return true;
}

void Parser::refresh_wildcards(RuleHead& head) {
  for (Term& arg : head.args) {
    if (auto* var = as<Var>(arg); var != nullptr && var->is_wildcard()) var->name = new_wildcard();
  }
}

std::optional<Rule> Parser::parse_else(const RuleHead& head) {
  const Nest nest(*this);
  if (!nest.ok()) return {};
  Rule rule;
  rule.span = span();
  rule.head = head;
  rule.head.keywords = {};
  rule.head.generated_value = false;
  refresh_wildcards(rule.head);
  rule.head.span = span();
  scan();
  switch (token()) {
    case Token::LBrace:
    case Token::If:
      rule.head.generated_value = true;
      rule.head.value = make_bool(true);
      break;
    case Token::Assign:
    case Token::Unify: {
      rule.head.assign = token() == Token::Assign;
      scan();
      auto value = parse_infix();
      if (!value) return {};
      rule.head.value = std::move(*value);
      rule.head.span = since(rule.head.span);
      break;
    }
    default: illegal("expected else value term or rule body"); return {};
  }
  if (!parse_else_body(rule)) return {};
  if (token() == Token::Else) {
    auto otherwise = parse_else(head);
    if (!otherwise) return {};
    rule.otherwise = Box<Rule>(std::move(*otherwise));
  }
  rule.span = since(rule.span);
  return rule;
}

bool Parser::parse_else_body(Rule& rule) {
  const bool has_if = token() == Token::If;
  if (!has_if && token() != Token::LBrace) {
    rule.body = true_body(rule.head.span);
    rule.generated_body = true;
    return true;
  }
  if (has_if) {
    rule.head.keywords.if_ = true;
    scan();
  }
  if (token() == Token::LBrace) {
    scan();
    auto body = parse_body(Token::RBrace);
    if (!body) return false;
    rule.body = std::move(*body);
    scan();
    return true;
  }
  if (token() == Token::Eof) {
    illegal("rule body expected");
    return false;
  }
  auto expr = parse_literal();
  if (!expr) return false;
  rule.body.push_back(std::move(*expr));
  return true;
}

std::optional<Parser::Head> Parser::parse_head(bool is_default) {
  const Span at = span();
  auto out = parse_head_start();
  if (!out) return {};
  RuleHead& head = out->head;
  head.span = at;
  if (token() == Token::Contains) {
    const std::string name = to_text(head.ref);
    const std::string note = fmt::format("(e.g., {} contains <VALUE> {{ ... }})", name);
    if (head.is_function) {
      illegal("the contains keyword can only be used with multi-value rule definitions " + note);
    }
    scan();
    if (auto key = parse_infix()) {
      head.key = std::move(*key);
    } else {
      illegal("expected rule key term " + note);
      head.key = make_null(at);
    }
    out->contains = true;
  } else {
    parse_head_value(head, is_default);
    if (!head.value && (head.ref.terms.size() != 2 || head.is_function)) {
      head.generated_value = true;
      head.value = make_bool(true, at);
    }
  }
  head.span = since(at);
  return out;
}

std::optional<Parser::Head> Parser::parse_head_start() {
  auto term = parse_head_finish(parse_var());
  if (!term) {
    illegal("expected rule head name");
    return {};
  }
  Head out;
  if (auto* ref = as<Ref>(*term)) {
    out.head.ref = std::move(*ref);
    return out;
  }
  auto* call = as<Call>(*term);
  if (call == nullptr) {
    out.head.ref.terms.push_back(std::move(*term));
    return out;
  }
  auto* name = as<Ref>(call->terms.front());
  if (name == nullptr) return {};
  if (as<Var>(name->terms.front()) == nullptr) {
    illegal(fmt::format("rule head ref {} invalid", to_text(*name)));
    return {};
  }
  out.head.ref = std::move(*name);
  out.head.is_function = true;
  out.head.args.assign(std::make_move_iterator(call->terms.begin() + 1),
                       std::make_move_iterator(call->terms.end()));
  return out;
}

/// Like parse_term_finish, but `p + 1` is no head.
std::optional<Term> Parser::parse_head_finish(Term head) {
  const std::uint32_t offset = span().offset;
  scan_keeping_space();
  if (is_infix(token())) illegal();
  if (token() == Token::Whitespace) scan();
  switch (token()) {
    case Token::LParen:
    case Token::Dot:
    case Token::LBrack: return parse_ref(std::move(head), offset);
    default: return head;
  }
}

void Parser::parse_head_value(RuleHead& head, bool is_default) {
  if (token() != Token::Unify && token() != Token::Assign) return;
  head.assign = token() == Token::Assign;
  scan();
  if (auto value = parse_infix()) {
    head.value = std::move(*value);
    return;
  }
  const std::string name = to_text(head.ref);
  if (!head.assign) {
    illegal(fmt::format("expected rule value term (e.g., {}[<nil>] = <VALUE> {{ ... }})", name));
  } else if (!head.args.empty()) {
    illegal(fmt::format("expected function value term (e.g., {}(...) := <VALUE> {{ ... }})", name));
  } else if (is_default) {
    illegal(fmt::format("expected default rule value term (e.g., default {} := <VALUE>)", name));
  } else {
    illegal(fmt::format("expected rule value term (e.g., {} := <VALUE> {{ ... }})", name));
  }
}

bool Parser::valid_default(const Rule& rule) {
  if (!rule.head.value) {
    error(rule.span, "illegal default rule (must have a value)");
    return false;
  }
  bool valid = true;
  for_each_term(*rule.head.value, [&](const Term& term) {
    if (as<ArrayComprehension>(term) != nullptr || as<SetComprehension>(term) != nullptr ||
        as<ObjectComprehension>(term) != nullptr) {
      return false;
    }
    if (as<Ref>(term) == nullptr && as<Var>(term) == nullptr && as<Call>(term) == nullptr) return true;
    error(rule.span, fmt::format("illegal default rule (value cannot contain {})", kind_name(term)));
    valid = false;
    return false;
  });
  std::vector<std::string_view> names;
  for (const Term& arg : rule.head.args) {
    const auto* var = as<Var>(arg);
    if (var == nullptr) {
      error(rule.span, fmt::format("illegal default rule (arguments cannot contain {})", kind_name(arg)));
      valid = false;
    } else if (std::ranges::find(names, var->name) != names.end()) {
      error(rule.span, fmt::format("illegal default rule (arguments cannot be repeated {})", var->name));
      valid = false;
    } else {
      names.push_back(var->name);
    }
  }
  return valid;
}

}  // namespace signalbox::policy::ast
