// Bodies and expressions.
#include <algorithm>

#include "policy/formatter/writer.h"

namespace signalbox::policy::fmt_rego {
namespace {

bool needs_parens(const ast::Expr& expr, ast::LogicalOp parent, bool rhs) {
  if (!expr.with.empty()) return true;
  if (const auto* logical = ast::as<ast::Logical>(expr)) {
    if (logical->op == ast::LogicalOp::Or) return parent == ast::LogicalOp::And || rhs;
    return parent == ast::LogicalOp::And && rhs;
  }
  return leads_with_brace(expr);
}

bool not_needs_parens(const ast::Expr& expr) {
  return !expr.with.empty() || ast::as<ast::Logical>(expr) != nullptr || ast::as<ast::Not>(expr) != nullptr ||
         leads_with_brace(expr);
}

std::string_view trim_right(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

}  // namespace

bool Writer::write_body(const ast::Body& body) {
  if (!insert_comments(body.front().span.row)) return false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (i > 0 && body[i].span.row > last_row_of(place(body[i - 1].span)) + 1) blank_line();
    start_line();
    write_expr(body[i]);
    end_line();
  }
  return true;
}

bool Writer::write_expr(const ast::Expr& expr) {
  const bool parens = paren_expr_ == &expr;
  if (parens) paren_expr_ = nullptr;
  if (!insert_comments(expr.span.row)) return false;
  if (!inline_) start_line();
  if (expr.negated) write("not ");
  if (parens) write("(");
  if (!write_expr_node(expr)) return false;
  if (parens) write(")");
  return write_withs(expr);
}

bool Writer::write_expr_node(const ast::Expr& expr) {
  const Place at = place(expr.span);
  if (const auto* some = ast::as<ast::SomeDecl>(expr)) return write_some(*some);
  if (const auto* every = ast::as<ast::Every>(expr)) return write_every(*every, at);
  if (const auto* negation = ast::as<ast::Not>(expr)) return write_not(*negation, at);
  if (ast::as<ast::Logical>(expr) != nullptr) return write_logical(expr);
  if (const auto* call = ast::as<ast::Call>(expr)) return write_call_expr(expr, *call);
  return write_term(*ast::as<ast::Term>(expr));
}

bool Writer::write_withs(const ast::Expr& expr) {
  if (expr.with.empty()) return true;
  // Where the expression itself ends: its text goes on to the end of the modifiers.
  Place terms = place(expr.span);
  const auto length = static_cast<std::int64_t>(expr.with.front().span.offset) - terms.offset;
  if (length > 0) terms.text = terms.text.substr(0, static_cast<std::size_t>(length));
  terms.text = trim_right(terms.text);
  std::int64_t last = last_row_of(terms);
  std::size_t i = 0;
  if (expr.with.front().span.row == last) {
    if (!write_with(expr.with.front(), false)) return false;
    i = 1;
  }
  bool indented = false;
  bool ok = true;
  for (; i < expr.with.size() && ok; ++i) {
    const bool indent = expr.with[i].span.row > last;
    if (indent) {
      if (!indented) ++level_;
      indented = true;
      end_line();
      start_line();
      last = expr.with[i].span.row;
    }
    ok = write_with(expr.with[i], indent);
  }
  if (indented) --level_;
  return ok;
}

bool Writer::write_with(const ast::With& with, bool indented) {
  if (!insert_comments(with.span.row)) return false;
  if (!indented) write(" ");
  write("with ");
  if (!write_term(with.target)) return false;
  write(" as ");
  write_term(with.value);  // a value that had to be written as it stands is written all the same
  return true;
}

bool Writer::write_some(const ast::SomeDecl& decl) {
  if (!insert_comments(decl.span.row)) return false;
  write("some ");
  std::int64_t row = decl.span.row;
  for (std::size_t i = 0; i < decl.symbols.size(); ++i) {
    const ast::Term& symbol = decl.symbols[i];
    if (const auto* member = ast::as<ast::Call>(symbol)) {
      if (!write_in(std::span(member->terms).subspan(1), false)) return false;
      continue;
    }
    if (symbol.span.row > row) {
      end_line();
      start_line();
      write("\t");
      row = symbol.span.row;
    } else if (i > 0) {
      write(" ");
    }
    if (!write_term(symbol)) return false;
    if (i + 1 < decl.symbols.size()) write(",");
  }
  return true;
}

bool Writer::write_every(const ast::Every& every, const Place& at) {
  if (!insert_comments(at.row)) return false;
  write("every ");
  if (every.key) {
    if (!write_term(**every.key)) return false;
    write(", ");
  }
  if (!write_term(*every.value)) return false;
  write(" in ");
  if (!write_term(*every.domain)) return false;
  write(" {");
  write_comprehension_body('{', '}', every.body, at.row, at);
  if (every.body.size() == 1 && every.body.front().span.row == every.span.row) write(" ");
  write("}");
  return true;
}

bool Writer::write_not(const ast::Not& node, const Place& at) {
  if (!insert_comments(at.row)) return false;
  write("not ");
  if (node.explicit_body || node.body.size() > 1) {
    if (is_union(node.body.front())) paren_expr_ = &node.body.front();
    write("{");
    write_comprehension_body('{', '}', node.body, at.row, at);
    if (node.body.back().span.row == at.row) write(" ");
    write("}");
    return true;
  }
  const bool parens = not_needs_parens(node.body.front());
  if (parens) write("(");
  write_expr(node.body.front());
  if (parens) write(")");
  return true;
}

bool Writer::Step::breaks_line() const {
  const std::int64_t start = rhs.is_explicit ? rhs.brace.row : std::int64_t{rhs.body->front().span.row};
  return start > lhs_end_row;
}

bool Writer::write_logical(const ast::Expr& expr) {
  std::vector<Step> steps;
  const Operand first = first_operand(expr, steps);
  write_operand(first);
  bool indented = false;
  for (const Step& step : steps) {
    write(" ");
    write(step.op);
    if (step.breaks_line()) {
      if (!indented) ++level_;
      indented = true;
      end_line();
      start_line();
    } else {
      write(" ");
    }
    write_operand(step.rhs);
  }
  if (indented) --level_;
  return true;
}

bool Writer::write_operand(const Operand& operand) {
  if (!operand.is_explicit) {
    if (operand.parens) write("(");
    const bool ok = write_expr(operand.body->front());
    if (operand.parens) write(")");
    return ok;
  }
  if (is_union(operand.body->front())) paren_expr_ = &operand.body->front();
  write("{");
  write_comprehension_body('{', '}', *operand.body, operand.brace.row, operand.brace);
  if (operand.body->back().span.row == operand.brace.row) write(" ");
  write("}");
  return true;
}

/// The chain `a and b and c` is nested to the left in the tree; it is written with one indent.
Writer::Operand Writer::first_operand(const ast::Expr& expr, std::vector<Step>& steps) const {
  const auto& node = *ast::as<ast::Logical>(expr);
  const Place at = place(expr.span);
  Step step;
  step.op = node.op == ast::LogicalOp::And ? "and" : "or";
  step.rhs = make_operand(node.rhs, node.explicit_rhs, node.op, true, at);
  const bool chain = !node.explicit_lhs && node.lhs.size() == 1 &&
                     ast::as<ast::Logical>(node.lhs.front()) != nullptr &&
                     !needs_parens(node.lhs.front(), node.op, false);
  if (chain) {
    step.lhs_end_row = end_row(node.lhs);
    const Operand first = first_operand(node.lhs.front(), steps);
    steps.push_back(step);
    return first;
  }
  const Operand first = make_operand(node.lhs, node.explicit_lhs, node.op, false, at);
  step.lhs_end_row = end_row(first);
  steps.push_back(step);
  return first;
}

Writer::Operand Writer::make_operand(const ast::Body& body, bool is_explicit, ast::LogicalOp parent, bool rhs,
                                     const Place& node) const {
  if (is_explicit || body.size() != 1) return {&body, true, false, brace_before(node, body)};
  return {&body, false, needs_parens(body.front(), parent, rhs), {}};
}

std::int64_t Writer::end_row(const ast::Body& body) const {
  Place at = place(body.back().span);
  at.text = trim_right(at.text);
  return last_row_of(at);
}

std::int64_t Writer::end_row(const Operand& operand) const {
  if (operand.is_explicit) {
    const std::int64_t row = closing_row('{', '}', operand.brace);
    if (row > 0) return row;
  }
  return end_row(*operand.body);
}

/// The brace that opens an operand: the nearest one before its first expression.
Place Writer::brace_before(const Place& node, const ast::Body& body) const {
  auto i = std::min(static_cast<std::int64_t>(body.front().span.offset) - node.offset,
                    static_cast<std::int64_t>(node.text.size()));
  for (--i; i >= 0; --i) {
    const auto at = static_cast<std::size_t>(i);
    if (node.text[at] != '{') continue;
    Place brace = node;
    brace.row = node.row + std::ranges::count(node.text.substr(0, at), '\n');
    brace.offset = node.offset + i;
    brace.text = node.text.substr(at);
    return brace;
  }
  return node;
}

/// A union that leads a body in braces would read as a comprehension: it is put in parentheses.
void Writer::mark_union_lead(const ast::Expr& expr) {
  if (expr.negated) return;
  if (ast::as<ast::Logical>(expr) != nullptr) {
    std::vector<Step> steps;
    const Operand first = first_operand(expr, steps);
    if (!first.is_explicit && !first.parens) mark_union_lead(first.body->front());
    return;
  }
  if (is_union(expr)) {
    paren_expr_ = &expr;
    return;
  }
  const auto* call = ast::as<ast::Call>(expr);
  if (call == nullptr || infix_of(ast::operator_name(*call)).empty()) return;
  const ast::Term* lead = call->arity() == 2   ? &call->terms[1]
                          : call->arity() == 3 ? &call->terms[3]
                                               : nullptr;
  if (lead != nullptr && is_union(*lead)) paren_term_ = lead;
}

bool Writer::write_call_expr(const ast::Expr&, const ast::Call& call) {
  const std::string op = ast::operator_name(call);
  if (op == "internal.member_2" || op == "internal.member_3")
    return write_in(std::span(call.terms).subspan(1), false);
  const std::string_view infix = infix_of(op);
  if (infix.empty() || call.arity() < 2 || call.arity() > 3) return write_call_plain(call);
  if (call.arity() == 3) {
    if (!write_term(call.terms[3])) return false;
    write(" = ");
  }
  if (!write_term(call.terms[1])) return false;
  write(" " + std::string(infix) + " ");
  return write_term(call.terms[2]);
}

bool Writer::write_comprehension_body(char open, char close, const ast::Body& body, std::int64_t term_row,
                                      const Place& at) {
  std::vector<Element> elements;
  for (const ast::Expr& expr : body) elements.push_back({nullptr, nullptr, &expr});
  const std::size_t lines = group(std::move(elements), term_row).size();
  const bool multiline = body.front().span.row > term_row || lines > 1;
  bool ok = true;
  if (multiline) {
    end_line();
    ++level_;
    ok = write_body(body);
  } else {
    write(" ");
    for (std::size_t i = 0; i < body.size() && ok; ++i) {
      if (i > 0) write("; ");
      ok = write_expr(body[i]);
    }
  }
  ok = ok && insert_comments(closing_row(open, close, at));
  if (multiline) {
    --level_;
    start_line();
  }
  return ok;
}

}  // namespace signalbox::policy::fmt_rego
