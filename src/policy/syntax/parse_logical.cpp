// `and`, `or`, groups in parentheses, bodies in braces, and `not { body }`: the future keywords of OPA 1.17
// and 1.20. An operand in braces is a body, not a set or object; parentheses group operands, and never hold a
// body. Both can only be told from a term by reading on, so they are tried and taken back when no operator
// follows.
#include <fmt/format.h>

#include "policy/syntax/parser.h"

namespace signalbox::policy::ast {
namespace {

Body body_of(Expr expr) {
  Body body;
  body.push_back(std::move(expr));
  return body;
}

bool is_logical(const Body& body) {
  return body.size() == 1 && as<Logical>(body.front()) != nullptr;
}

bool is_negated(const Body& body) {
  return body.size() == 1 && (body.front().negated || as<Not>(body.front()) != nullptr);
}

/// The term whose braces open `term`: of `{1, 2} & s` it is the set.
const Term& brace_led(const Term& term) {
  const auto* call = as<Call>(term);
  if (call == nullptr || call->arity() != 2) return term;
  const std::string op = operator_name(*call);
  for (const char* infix : {"plus", "minus", "mul", "div", "rem", "and", "or", "equal", "neq", "lt", "gt",
                            "lte", "gte", "internal.member_2"}) {
    if (op == infix) return brace_led(call->terms[1]);
  }
  return term;
}

/// The built-ins that produce nothing: an operand of these alone could never fail.
std::optional<std::pair<std::string, Span>> void_call(const Body& body) {
  std::optional<std::pair<std::string, Span>> first;
  for (const Expr& expr : body) {
    const auto* call = as<Call>(expr);
    if (call == nullptr || expr.negated) return {};
    const std::string op = operator_name(*call);
    if (op != "print" && op != "internal.print") return {};
    if (!first) first = {op, expr.span};
  }
  return first;
}

}  // namespace

bool Parser::at_negation() const {
  if (token() != Token::Not) return false;
  const Token next = peek_keeping_space();
  return next != Token::Dot && next != Token::LBrack;
}

std::optional<Expr> Parser::with_modifiers(std::optional<Expr> expr) {
  if (expr && token() == Token::With && !parse_withs(*expr)) return {};
  return expr;
}

std::optional<Expr> Parser::fold_tail(Operand operand) {
  if (at_logical()) return with_modifiers(parse_or_chain(std::move(operand)));
  return with_modifiers(std::move(operand.body.front()));
}

/// `{ body } and ...` at the start of a statement. Not committed: it was a term or a rule's body after all.
std::optional<Expr> Parser::parse_braced_operand(bool& committed) {
  State start = save();
  const Span open = span();
  scan();
  if (auto body = parse_body(Token::RBrace)) {
    scan();
    if (at_logical()) {
      committed = true;
      if (is_ambiguous_union(*body)) {
        error_ambiguous_union(open, *body, "");
        return {};
      }
      return with_modifiers(parse_or_chain({std::move(*body), true, open}));
    }
  }
  restore(std::move(start));
  return {};
}

std::optional<Expr> Parser::parse_not_body(const Span& not_at) {
  const Span open = span();
  State start = save();
  scan();
  const bool empty = token() == Token::RBrace;
  auto body = parse_body(Token::RBrace);
  if (!body) {
    if (empty) return {};
    State failed = save();
    restore(std::move(start));
    if (const auto term = parse_infix()) {
      error_operand_needs_body(open, text(open.offset, state_.last_end), *term, "not ");
      return {};
    }
    restore(std::move(failed));
    return {};
  }
  scan();
  if (is_ambiguous_union(*body)) {
    error_ambiguous_union(open, *body, "not ");
    return {};
  }
  Expr expr;
  expr.span = since(not_at);
  expr.node = Not{std::move(*body), true, expr.span};
  return expr;
}

Expr Parser::make_logical(LogicalOp op, Operand lhs, Operand rhs) {
  check_void_operands(lhs, rhs, op == LogicalOp::And ? "and" : "or");
  Expr expr;
  expr.span = since(lhs.span);
  expr.node =
      Logical{op, std::move(lhs.body), std::move(rhs.body), lhs.explicit_body, rhs.explicit_body, expr.span};
  return expr;
}

std::optional<Expr> Parser::parse_or_chain(Operand lhs) {
  const Nest nest(*this);
  if (!nest.ok()) return {};
  if (token() == Token::LogicalAnd) {
    auto chain = parse_and_chain(std::move(lhs));
    if (!chain) return {};
    const Span at = chain->span;
    lhs = {body_of(std::move(*chain)), false, at};
  }
  while (token() == Token::LogicalOr) {
    scan();
    auto rhs = parse_operand("or");
    if (!rhs) return {};
    if (token() == Token::LogicalAnd) {
      auto chain = parse_and_chain(std::move(*rhs));
      if (!chain) return {};
      rhs = Operand{body_of(std::move(*chain)), false, {}};
    }
    if (!grow()) return {};
    Expr expr = make_logical(LogicalOp::Or, std::move(lhs), std::move(*rhs));
    const Span at = expr.span;
    lhs = {body_of(std::move(expr)), false, at};
  }
  return std::move(lhs.body.front());
}

std::optional<Expr> Parser::parse_and_chain(Operand lhs) {
  const Nest nest(*this);
  if (!nest.ok()) return {};
  while (token() == Token::LogicalAnd) {
    scan();
    auto rhs = parse_operand("and");
    if (!rhs || !grow()) return {};
    Expr expr = make_logical(LogicalOp::And, std::move(lhs), std::move(*rhs));
    const Span at = expr.span;
    lhs = {body_of(std::move(expr)), false, at};
  }
  return std::move(lhs.body.front());
}

/// `op` is the operator the operand belongs to, "" when the caller only tries.
std::optional<Parser::Operand> Parser::parse_operand(std::string_view op) {
  if (token() == Token::LBrace) return parse_braces_operand(op);
  Span not_at;
  const bool negated = at_negation();
  if (negated) {
    not_at = span();
    scan();
  }
  if (negated && lexes(kNotBody) && token() == Token::LBrace) {
    auto expr = parse_not_body(not_at);
    if (!expr) return {};
    const Span at = expr->span;
    return Operand{body_of(std::move(*expr)), false, at};
  }
  if (token() == Token::LParen && logical_active() && (!negated || lexes(kNotBody))) {
    auto group = parse_group_operand(true, negated ? "not " : "");
    if (group.committed) {
      if (!group.operand || !negated) return std::move(group.operand);
      Expr expr;
      expr.span = since(not_at);
      expr.node = Not{std::move(group.operand->body), group.operand->explicit_body, expr.span};
      const Span at = expr.span;
      return Operand{body_of(std::move(expr)), false, at};
    }
  }
  return parse_plain_operand(negated, not_at);
}

std::optional<Parser::Operand> Parser::parse_braces_operand(std::string_view op) {
  const Span open = span();
  State start = save();
  scan();
  const bool empty = token() == Token::RBrace;
  auto body = parse_body(Token::RBrace);
  if (!body) {
    if (empty || op.empty()) return {};
    State failed = save();
    restore(std::move(start));
    if (parse_infix()) {
      error_brace_led(open, text(open.offset, state_.last_end), op);
      return {};
    }
    restore(std::move(failed));
    return {};
  }
  scan();
  if (is_ambiguous_union(*body)) error_ambiguous_union(open, *body, "");
  return Operand{std::move(*body), true, open};
}

std::optional<Parser::Operand> Parser::parse_plain_operand(bool negated, const Span& not_at) {
  const Span start = span();
  auto expr = parse_expr();
  if (!expr) return {};
  expr->span = since(start);
  if (negated && lexes(kNotBody)) {
    Expr outer;
    outer.span = since(not_at);
    outer.node = Not{body_of(std::move(*expr)), false, outer.span};
    expr = std::move(outer);
  } else if (negated) {
    expr->negated = true;
  }
  const Span at = expr->span;
  return Operand{body_of(std::move(*expr)), false, at};
}

/// A parenthesised group at `(`. `operand_context`: the parenthesis already stands where an operand must.
Parser::Group Parser::parse_group_operand(bool operand_context, std::string_view prefix) {
  const Nest nest(*this);
  if (!nest.ok()) return {.operand = {}, .committed = true};
  State start = save();
  const Span open = span();
  scan();
  if (token() == Token::RParen) {
    if (operand_context) {
      error(open, "empty parenthesized group");
      return {.operand = {}, .committed = true};
    }
    restore(std::move(start));
    return {};
  }
  auto lhs = parse_operand("");
  if (!lhs) {
    restore(std::move(start));
    return {};
  }
  return finish_group(std::move(start), open, std::move(*lhs), operand_context, prefix);
}

Parser::Group Parser::close_group(Operand operand, const Span& open) {
  if (token() != Token::RParen) {
    error(span(), "expected ) to close parenthesized group");
    return {.operand = {}, .committed = true};
  }
  scan();
  operand.span = since(open);
  return {.operand = std::move(operand), .committed = true};
}

Parser::Group Parser::finish_group(State start, const Span& open, Operand lhs, bool operand_context,
                                   std::string_view prefix) {
  const Group failed = {.operand = {}, .committed = true};
  if (at_logical()) {
    auto expr = with_modifiers(parse_or_chain(std::move(lhs)));
    if (!expr) return failed;
    return close_group({body_of(std::move(*expr)), false, {}}, open);
  }
  if (token() == Token::With && !lhs.explicit_body && lhs.body.size() == 1) {
    const Span with_at = span();
    if (!parse_withs(lhs.body.front())) return failed;
    if (at_logical()) {
      error_with_on_operand(with_at, token_name(token()));
      return failed;
    }
    Group group = close_group(std::move(lhs), open);
    if (!group.operand || operand_context || at_logical()) return group;
    restore(std::move(start));
    return {};
  }
  if (lhs.explicit_body) {
    const std::string_view braces = text(lhs.span.offset, state_.last_end);
    restore(start);
    scan();
    const bool is_term = parse_term().has_value();
    restore(std::move(start));
    if (is_term) return {};
    hint(fmt::format("drop the parens to keep the body: `{}{}`", prefix, braces));
    error(open, "`(...)` in an operand position cannot contain a body");
    return failed;
  }
  if (is_logical(lhs.body) || is_negated(lhs.body)) {
    lhs.explicit_body = false;
    return close_group(std::move(lhs), open);
  }
  restore(std::move(start));
  return {};
}

void Parser::error_with_on_operand(const Span& at, std::string_view op) {
  hint(fmt::format(
      "Wrap the operand in `(...)` or `{{...}}` to scope, or move `with` after the `{}` expression to "
      "apply it to the whole expression",
      op));
  error(at, fmt::format("`with` modifier is not allowed on operand of `{}`", op));
}

void Parser::error_brace_led(const Span& at, std::string_view operand, std::string_view op) {
  hint(fmt::format("wrap the operand to keep the value: `({}) {} ...`", operand, op));
  error(at, fmt::format("operand of `{}` cannot begin with `{{` unless the braces hold a body", op));
}

void Parser::error_operand_needs_body(const Span& at, std::string_view operand, const Term& term,
                                      std::string_view prefix) {
  hint(fmt::format("write `{0}({1})` to negate the value, or `{0}{{{1}}}` for a body holding it", prefix,
                   operand));
  error(at, fmt::format("`{{...}}` in an operand position must contain expression(s), got: {}",
                        kind_name(brace_led(term))));
}

void Parser::error_ambiguous_union(const Span& at, const Body& body, std::string_view prefix) {
  const std::string_view braces = text(at.offset, state_.last_end);
  std::string united(braces);
  const Span& first = body.front().span;
  const std::size_t from = first.offset - at.offset;
  const std::string_view expr = first.text(*source_);
  if (from > 0 && from + expr.size() <= braces.size()) {
    united = fmt::format("{}({}){}", braces.substr(0, from), expr, braces.substr(from + expr.size()));
  }
  hint(fmt::format("write `{0}({1})` for the comprehension, or `{0}{2}` for the set union", prefix, braces,
                   united));
  error(at,
        "ambiguous `{ ... | ... }` operand: read as a body holding a set-union expression, not as a "
        "comprehension");
}

bool Parser::is_ambiguous_union(const Body& body) const {
  const auto* call = as<Call>(body.front());
  if (call == nullptr || operator_name(*call) != "or") return false;
  // `a | b`, and neither `or(a, b)` nor `(a | b)`.
  return call->op().span.text(*source_) == "|" && !body.front().span.text(*source_).starts_with('(');
}

void Parser::check_void_operands(const Operand& lhs, const Operand& rhs, std::string_view op) {
  for (const Operand* operand : {&lhs, &rhs}) {
    const auto found = void_call(operand->body);
    if (!found) continue;
    hint(fmt::format(
        "`{}` produces no value and always succeeds, so the operand can never fail; move it out of the "
        "operand, or add an expression that can fail",
        found->first));
    error(found->second,
          fmt::format("operand of `{}` cannot consist only of calls to `{}`", op, found->first));
  }
}

}  // namespace signalbox::policy::ast
