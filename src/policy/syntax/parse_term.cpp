// Terms: scalars, names, references, calls, template strings, parentheses.
// The surprise: white space matters after a term. `a [b]` is the term `a` and something else, `a[b]` a
// reference.
#include <fmt/format.h>

#include <charconv>

#include "policy/syntax/parser.h"
#include "policy/syntax/unescape.h"

namespace signalbox::policy::ast {
namespace {

bool is_root(const Term& term) {
  const auto* var = as<Var>(term);
  return var != nullptr && (var->name == "input" || var->name == "data");
}

bool is_set_constructor(const Term& op) {
  const auto* ref = as<Ref>(op);
  const auto* name = ref != nullptr && ref->terms.size() == 1 ? as<Var>(ref->terms.front()) : nullptr;
  return name != nullptr && name->name == "set";
}

/// OPA refuses numbers whose binary exponent is beyond 100,000 (about 10^30103).
bool too_big(std::string_view number) {
  constexpr long kMaxDecimalExponent = 30103;
  long digits_before_point = 0;
  long zeros_after_point = 0;
  bool seen_point = false;
  bool seen_digit = false;
  long exponent = 0;
  for (std::size_t i = 0; i < number.size(); ++i) {
    const char c = number[i];
    if (c == '.') {
      seen_point = true;
    } else if (c == 'e' || c == 'E') {
      std::size_t from = i + 1;
      if (from < number.size() && number[from] == '+') ++from;
      const auto [end, problem] =
          std::from_chars(number.data() + from, number.data() + number.size(), exponent);
      if (problem != std::errc()) return seen_digit;
      break;
    } else if (c >= '0' && c <= '9') {
      seen_digit = seen_digit || c != '0';
      if (seen_digit && !seen_point) ++digits_before_point;
      if (!seen_digit && seen_point) ++zeros_after_point;
    }
  }
  if (!seen_digit) return false;
  const long magnitude = exponent + (digits_before_point > 0 ? digits_before_point : -zeros_after_point);
  return magnitude > kMaxDecimalExponent || magnitude < -kMaxDecimalExponent;
}

}  // namespace

std::optional<Term> Parser::parse_term() {
  const Nest nest(*this);
  if (!nest.ok()) return {};
  // An `and` or `or` with a parenthesis right behind it, where a term is expected, calls the built-in of that
  // name.
  if (at_logical() && peek_keeping_space() == Token::LParen) state_.token.token = Token::Ident;

  std::optional<Span> minus_at;
  auto term = token() == Token::Sub ? parse_minus(minus_at) : parse_primary();
  if (!term) return {};
  term = parse_term_finish(std::move(*term), false);
  if (term && minus_at) {
    Span at = *minus_at;
    at.end = state_.last_end;
    std::vector<Term> terms;
    terms.push_back(make_operator("minus"));
    terms.push_back(make_number("0", *minus_at));
    terms.push_back(std::move(*term));
    return make_call(std::move(terms), at);
  }
  return term;
}

std::optional<Term> Parser::parse_minus(std::optional<Span>& minus_at) {
  const State start = save();
  scan();
  if (token() == Token::Ident || token() == Token::Contains) {
    minus_at = start.token.span;
    return parse_var();
  }
  restore(start);
  return parse_number();
}

std::optional<Term> Parser::parse_primary() {
  switch (token()) {
    case Token::Null: return make_null(span());
    case Token::True: return make_bool(true, span());
    case Token::False: return make_bool(false, span());
    case Token::Dot:
    case Token::Number: return parse_number();
    case Token::String: return parse_string();
    case Token::TemplatePart:
    case Token::TemplateEnd: return parse_template_string(false);
    case Token::RawTemplatePart:
    case Token::RawTemplateEnd: return parse_template_string(true);
    case Token::Ident:
    case Token::Contains: return parse_var();
    case Token::LBrack: return parse_array();
    case Token::LBrace: return parse_set_or_object();
    case Token::LParen: return parse_group();
    default: illegal(); return {};
  }
}

std::optional<Term> Parser::parse_group() {
  const std::uint32_t open = span().offset;
  scan();
  auto term = parse_infix();
  if (!term) return {};
  if (token() != Token::RParen) {
    error(span(), "non-terminated expression");
    return {};
  }
  term->span.begin = open;
  term->span.end = state_.token_end;
  return term;
}

Term Parser::parse_var() {
  if (state_.token.text == "_") return make_var(new_wildcard(), span());
  return make_var(std::string(state_.token.text), span());
}

std::optional<Term> Parser::parse_term_finish(Term head, bool skip_space) {
  const std::uint32_t offset = span().offset;
  scan_token(skip_space, Lexer::Mode::Normal);
  switch (token()) {
    case Token::LParen:
    case Token::Dot:
    case Token::LBrack: return parse_ref(std::move(head), offset);
    case Token::Whitespace: scan(); break;
    default: break;
  }
  if (!is_root(head)) return head;
  const Span at = head.span;
  std::vector<Term> terms;
  terms.push_back(std::move(head));
  return make_ref(std::move(terms), at);
}

std::optional<Term> Parser::parse_number() {
  const Span at = span();
  std::string digits;
  if (token() == Token::Sub) {
    digits = "-";
    scan();
    if (token() != Token::Number && token() != Token::Dot) {
      illegal("expected number");
      return {};
    }
  }
  if (token() == Token::Dot) {
    digits += '.';
    scan();
    if (token() != Token::Number) {
      illegal("expected number");
      return {};
    }
  }
  const std::string_view written = state_.token.text;
  if (!digits.ends_with('.') && written.size() > 1 && written[0] == '0') {
    const bool scientific = written.size() > 2 && (written[1] == 'e' || written[1] == 'E');
    if (written[1] != '.' && !scientific) {
      illegal("expected number without leading zero");
      return {};
    }
  }
  if (digits.ends_with('.') && written.find('.') != std::string_view::npos) {
    illegal("invalid float");
    return {};
  }
  digits += written;
  if (too_big(digits)) {
    error(span(), "number too big");
    return {};
  }
  return make_number(std::move(digits), at);
}

std::optional<Term> Parser::parse_string() {
  const std::string_view written = state_.token.text;
  if (written.size() < 2) return {};
  const std::string_view inner = written.substr(1, written.size() - 2);
  if (written[0] == '`' || inner.find('\\') == std::string_view::npos)
    return make_string(std::string(inner), span());
  auto value = unescape(inner);
  if (!value) {
    error(span(), fmt::format("illegal string literal: {}", written));
    return {};
  }
  return make_string(std::move(*value), span());
}

std::optional<std::string> Parser::template_text() {
  const std::string_view written =
      state_.token.unescaped.empty() ? state_.token.text : std::string_view(state_.token.unescaped);
  const std::string_view inner =
      written.size() < 2 ? std::string_view() : written.substr(1, written.size() - 2);
  switch (token()) {
    case Token::TemplatePart:
    case Token::TemplateEnd: {
      if (inner.find('\\') == std::string_view::npos) return std::string(inner);
      auto value = unescape(inner);
      if (!value) error(span(), fmt::format("illegal template-string part: {}", written));
      return value;
    }
    case Token::RawTemplatePart:
    case Token::RawTemplateEnd: return std::string(inner);
    default: error(span(), "expected template-string part"); return {};
  }
}

std::optional<Term> Parser::parse_template_string(bool raw) {
  Span at = span();
  if (version_ == RegoVersion::V0) {
    error(at, "template strings are not supported by current capabilities");
    return {};
  }
  TemplateString out;
  out.raw = raw;
  while (true) {
    const Span part_at = span();
    auto words = template_text();
    if (!words) return {};
    if (!words->empty()) out.parts.emplace_back(Box<Term>(make_string(std::move(*words), part_at)));
    if (token() == Token::TemplateEnd || token() == Token::RawTemplateEnd) break;
    if (!parse_template_expr(out)) return {};
    if (token() != Token::RBrace) {
      error(span(), "expected } to end template string expression");
      return {};
    }
    scan_token(false, raw ? Lexer::Mode::RawTemplate : Lexer::Mode::Template);
  }
  at.end = state_.token_end;
  return Term{std::move(out), at};
}

bool Parser::parse_template_expr(TemplateString& out) {
  const std::int32_t comments_before = state_.last_comment;
  scan();
  const bool commented = state_.last_comment != comments_before;
  auto expr = parse_literal();
  const auto refuse = [&](const std::string& what) {
    error(expr->span, fmt::format("unexpected {} in template-string expression", what));
    return false;
  };
  if (!expr) {
    error(span(), "invalid template-string expression");
    return false;
  }
  if (expr->negated) return refuse("negation ('not')");
  if (const auto* call = as<Call>(*expr)) {
    if (operator_name(*call) == "eq") return refuse("unification ('=')");
    if (operator_name(*call) == "assign") return refuse("assignment (':=')");
  }
  if (as<Every>(*expr) != nullptr) return refuse("'every'");
  if (as<SomeDecl>(*expr) != nullptr) return refuse("'some'");
  // A scalar is always defined: it needs no guard against undefined, unless a comment must be kept.
  const auto* term = as<Term>(*expr);
  const bool scalar = term != nullptr && (as<String>(*term) != nullptr || as<Number>(*term) != nullptr ||
                                          as<Boolean>(*term) != nullptr || as<Null>(*term) != nullptr);
  if (scalar && !commented) {
    out.parts.emplace_back(Box<Term>(*term));
  } else {
    out.parts.emplace_back(Box<Expr>(std::move(*expr)));
  }
  return true;
}

std::optional<Term> Parser::parse_call(Term op, std::uint32_t offset) {
  const Nest nest(*this);
  if (!nest.ok()) return {};
  Span at = op.span;
  at.begin = offset;
  scan();  // over '('
  const bool empty = token() == Token::RParen;
  const bool set = is_set_constructor(op);
  std::vector<Term> terms;
  terms.push_back(std::move(op));
  if (!empty) {
    auto list = parse_term_list(Token::RParen, std::move(terms));
    if (!list) return {};
    terms = std::move(*list);
  }
  at.end = state_.token_end;
  scan_keeping_space();
  if (empty && set) return Term{Set{}, at};
  return make_call(std::move(terms), at);
}

bool Parser::parse_ref_part(std::vector<Term>& ref) {
  if (token() == Token::Dot) {
    scan_keeping_space();
    if (token() != Token::Ident && !is_allowed_ref_keyword(token())) {
      illegal("expected identifier");
      return false;
    }
    ref.push_back(make_string(std::string(state_.token.text), span()));
    scan_keeping_space();
    return true;
  }
  scan();  // over '['
  auto part = parse_infix();
  if (!part) return false;
  if (token() != Token::RBrack) {
    illegal("expected [");
    return false;
  }
  ref.push_back(std::move(*part));
  scan_keeping_space();
  return true;
}

std::optional<Term> Parser::parse_ref(Term head, std::uint32_t offset) {
  const Nest nest(*this);
  if (!nest.ok()) return {};
  Span at = head.span;
  const bool scalar = as<Null>(head) != nullptr || as<Boolean>(head) != nullptr ||
                      as<Number>(head) != nullptr || as<String>(head) != nullptr ||
                      as<Ref>(head) != nullptr || as<TemplateString>(head) != nullptr;
  if (scalar) error(at, fmt::format("illegal ref (head cannot be {})", kind_name(head)));
  at.begin = offset;

  std::vector<Term> ref;
  ref.push_back(std::move(head));
  while (true) {
    switch (token()) {
      case Token::Dot:
      case Token::LBrack:
        if (!parse_ref_part(ref)) return {};
        break;
      case Token::LParen: {
        Span op_at = at;
        op_at.end = span().offset;
        auto call = parse_call(make_ref(std::move(ref), op_at), offset);
        if (!call) return {};
        if (token() == Token::Whitespace) {
          scan();
        } else if (token() == Token::Dot || token() == Token::LBrack) {
          call = parse_ref(std::move(*call), offset);
        }
        if (!call) return {};
        call->span.begin = offset;
        call->span.end = state_.last_end;
        return call;
      }
      case Token::Whitespace:
        at.end = state_.last_end;
        scan();
        return make_ref(std::move(ref), at);
      default: at.end = state_.last_end; return make_ref(std::move(ref), at);
    }
  }
}

}  // namespace signalbox::policy::ast
