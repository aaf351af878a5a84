// Bodies and their expressions: `some`, `every`, `not`, `with`, calls, unification, assignment.
#include "policy/syntax/parser.h"

namespace signalbox::policy::ast {
namespace {

/// `k, v in xs` or `v in xs`, as an infix term.
const Call* member_call(const Term& term) {
  const auto* call = as<Call>(term);
  if (call == nullptr) return nullptr;
  const std::string op = operator_name(*call);
  return op == "internal.member_2" || op == "internal.member_3" ? call : nullptr;
}

}  // namespace

std::optional<Body> Parser::parse_body(Token end) {
  const Nest nest(*this);
  if (!nest.ok()) return {};
  return parse_query(false, end);
}

std::optional<Body> Parser::parse_query(bool require_semicolon, Token end) {
  if (token() == end) {
    error(span(), "found empty body");
    return {};
  }
  Body body;
  while (true) {
    auto expr = parse_literal();
    if (!expr) return {};
    body.push_back(std::move(*expr));
    if (token() == Token::Semicolon) {
      scan();
      continue;
    }
    if (token() == end || require_semicolon) return body;
    if (!state_.skipped_newline) {
      if (!has_errors()) illegal("expected \\n or ; or " + std::string(token_name(end)));
      return {};
    }
  }
}

std::optional<Expr> Parser::parse_literal() {
  Span at = span();
  auto expr = parse_literal_unspanned();
  if (!expr) return {};
  expr->span = since(at);
  if (auto* negation = as<Not>(*expr); negation != nullptr && !negation->explicit_body) {
    for (Expr& inner : negation->body) inner.span = expr->span;
  }
  return expr;
}

std::optional<Expr> Parser::parse_literal_unspanned() {
  if (logical_active()) {
    bool committed = false;
    if (token() == Token::LBrace) {
      auto expr = parse_braced_operand(committed);
      if (committed) return expr;
    }
    if (token() == Token::LParen) {
      auto group = parse_group_operand(false, "");
      if (group.committed) return group.operand ? fold_tail(std::move(*group.operand)) : std::nullopt;
    }
  }
  if (scan_ahead_ref()) return parse_literal_expr(false, {});

  std::optional<Span> not_at;
  if (at_negation()) {
    not_at = span();
    scan();
    if (lexes(kNotBody) && token() == Token::LBrace) {
      auto negation = parse_not_body(*not_at);
      if (!negation) return {};
      const Span at = negation->span;
      Body body;
      body.push_back(std::move(*negation));
      return fold_tail({std::move(body), false, at});
    }
  }
  switch (token()) {
    case Token::Some:
      if (not_at) {
        illegal("illegal negation of 'some'");
        return {};
      }
      return parse_some();
    case Token::Every:
      if (not_at) {
        illegal("illegal negation of 'every'");
        return {};
      }
      return parse_every();
    default: return parse_literal_expr(not_at.has_value(), not_at);
  }
}

std::optional<Expr> Parser::parse_literal_expr(bool negated, std::optional<Span> not_at) {
  State start = save();
  const bool negates_body = negated && lexes(kNotBody);
  if (negates_body && token() == Token::LParen) {
    auto group = parse_group_operand(true, "not ");
    if (group.committed) {
      if (!group.operand) return {};
      const Span at = since(*not_at);
      Expr expr;
      expr.node = Not{std::move(group.operand->body), group.operand->explicit_body, at};
      expr.span = at;
      Body body;
      body.push_back(std::move(expr));
      return fold_tail({std::move(body), false, at});
    }
  }
  auto expr = parse_expr();
  if (!expr) return {};
  std::optional<Span> with_at;
  if (token() == Token::With) {
    with_at = span();
    if (!parse_withs(*expr)) return {};
  }
  hint_future_every(*expr, start);
  if (negates_body) {  // `with` belongs to the whole negation
    const Span at = since(*not_at);
    Expr outer;
    outer.with = std::exchange(expr->with, {});
    outer.span = at;
    Body body;
    body.push_back(std::move(*expr));
    outer.node = Not{std::move(body), false, at};
    expr = std::move(outer);
  } else {
    expr->negated = negated;
  }
  if (!at_logical()) return expr;
  return parse_logical_after(std::move(*expr), start.token.span, with_at, not_at.has_value());
}

/// `expr` turned out to be the first operand of `and` or `or`.
std::optional<Expr> Parser::parse_logical_after(Expr expr, const Span& start,
                                                const std::optional<Span>& with_at, bool negated) {
  const std::string_view op = token_name(token());
  if (with_at) {
    error_with_on_operand(*with_at, op);
    return {};
  }
  if (!expr.span.known()) expr.span = since(start);
  if (!negated && expr.span.text(*source_).starts_with('{')) {
    const auto* term = as<Term>(expr);
    const auto* object = term != nullptr && expr.with.empty() ? as<Object>(*term) : nullptr;
    if (object != nullptr && object->items.empty()) {
      error(expr.span, "found empty body");
    } else {
      error_brace_led(expr.span, expr.span.text(*source_), op);
    }
    return {};
  }
  const Span at = expr.span;
  Body body;
  body.push_back(std::move(expr));
  return with_modifiers(parse_or_chain({std::move(body), false, at}));
}

std::optional<Expr> Parser::parse_expr() {
  auto lhs = parse_infix();
  if (!lhs) return {};
  Expr expr;
  if (token() == Token::Assign || token() == Token::Unify) {
    std::vector<Term> terms;
    terms.push_back(take_operator());
    auto rhs = parse_infix();
    if (!rhs) return {};
    terms.push_back(std::move(*lhs));
    terms.push_back(std::move(*rhs));
    expr.node = Call{std::move(terms)};
  } else if (auto* call = as<Call>(*lhs)) {
    expr.node = std::move(*call);
  } else {
    expr.node = std::move(*lhs);
  }
  return expr;
}

bool Parser::parse_withs(Expr& expr) {
  while (token() == Token::With) {
    With with;
    with.span = span();
    scan();
    if (token() != Token::Ident) {
      illegal("expected ident");
      return false;
    }
    auto target = parse_term();
    if (!target) return false;
    if (as<Ref>(*target) == nullptr && as<Var>(*target) == nullptr) illegal("expected with target path");
    if (token() != Token::As) {
      illegal("expected as keyword");
      return false;
    }
    scan();
    auto value = parse_infix();
    if (!value) return false;
    with.target = std::move(*target);
    with.value = std::move(*value);
    with.span = since(with.span);
    expr.with.push_back(std::move(with));
  }
  return true;
}

std::optional<Expr> Parser::parse_some() {
  const Span at = span();
  State start = save();
  if (auto expr = parse_some_in()) {
    if (const auto* decl = as<SomeDecl>(*expr); decl->symbols.empty()) return {};
    return parse_withs(*expr) ? std::move(expr) : std::nullopt;
  }
  restore(std::move(start));
  hint_future_in();
  SomeDecl decl;
  decl.span = at;
  do {
    scan();
    if (token() != Token::Ident) {
      illegal("expected var");
      return {};
    }
    decl.symbols.push_back(parse_var());
    scan();
  } while (token() == Token::Comma);
  Expr expr;
  expr.node = std::move(decl);
  expr.span = at;
  return expr;
}

/// `some [k,] v in xs`. Nothing: it is the other form. A declaration without symbols: it is wrong, and said
/// so.
std::optional<Expr> Parser::parse_some_in() {
  SomeDecl decl;
  decl.span = span();
  Expr expr;
  expr.span = span();
  scan();
  auto term = parse_infix();
  if (!term || as<Call>(*term) == nullptr) return {};
  if (member_call(*term) == nullptr) {
    illegal("expected `x in xs` or `x, y in xs` expression");
  } else {
    decl.symbols.push_back(std::move(*term));
  }
  expr.node = std::move(decl);
  return expr;
}

std::optional<Expr> Parser::parse_every() {
  Every every;
  every.span = span();
  scan();
  auto term = parse_infix();
  if (!term) return {};
  const Call* call = member_call(*term);
  if (call == nullptr) {
    illegal("expected `x[, y] in xs { ... }` expression");
    return {};
  }
  if (call->arity() == 3) {
    if (as<Var>(call->terms[1]) == nullptr) {
      illegal("expected key to be a variable");
      return {};
    }
    every.key = call->terms[1];
  }
  every.value = call->terms[call->arity() - 1];
  every.domain = call->terms[call->arity()];
  if (as<Var>(*every.value) == nullptr) {
    illegal("expected value to be a variable");
    return {};
  }
  if (token() != Token::LBrace) {
    illegal("missing body");
    return {};
  }
  scan();
  auto body = parse_body(Token::RBrace);
  if (!body) return {};
  scan();
  every.body = std::move(*body);
  Expr expr;
  expr.span = every.span;
  expr.node = std::move(every);
  if (!parse_withs(expr)) return {};
  return expr;
}

/// v0: a lone name `every` that would begin an `every` if the keyword were imported.
void Parser::hint_future_every(const Expr& expr, const State& start) {
  if (version_ == RegoVersion::V1) return;
  const auto* term = as<Term>(expr);
  const auto* var = term != nullptr ? as<Var>(*term) : nullptr;
  if (var == nullptr || var->name != "every") return;
  State here = save();
  const FutureKeywords keywords = std::exchange(keywords_, kAllFutureKeywords);
  restore(start);
  const bool would = parse_every().has_value();
  keywords_ = keywords;
  restore(std::move(here));
  if (would) hint("`import future.keywords.every` for `every x in xs { ... }` expressions");
}

/// v0: `some x in xs` that would parse if the keyword were imported.
void Parser::hint_future_in() {
  if (version_ == RegoVersion::V1) return;
  State here = save();
  const FutureKeywords keywords = std::exchange(keywords_, kAllFutureKeywords);
  scan();
  const auto term = parse_infix();
  const bool would = term && member_call(*term) != nullptr;
  keywords_ = keywords;
  restore(std::move(here));
  if (would) hint("`import future.keywords.in` for `some x in xs` expressions");
}

}  // namespace signalbox::policy::ast
