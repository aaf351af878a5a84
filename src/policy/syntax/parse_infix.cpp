// Infix operators, loosest first: `in`, comparisons, `|`, `&`, `+ -`, `* / %`. All group to the left.
#include <array>
#include <initializer_list>
#include <span>

#include "policy/syntax/parser.h"

namespace signalbox::policy::ast {
namespace {

constexpr std::array kRelations = {Token::Equal, Token::Neq, Token::Lt, Token::Gt, Token::Lte, Token::Gte};
constexpr std::array kUnions = {Token::Or};
constexpr std::array kIntersections = {Token::And};
constexpr std::array kSums = {Token::Add, Token::Sub};
constexpr std::array kProducts = {Token::Mul, Token::Quo, Token::Rem};

constexpr std::array<std::span<const Token>, 5> kLevels = {kRelations, kUnions, kIntersections, kSums,
                                                           kProducts};
constexpr int kTightest = static_cast<int>(kLevels.size()) - 1;

bool is_one_of(Token token, std::span<const Token> tokens) {
  for (Token candidate : tokens) {
    if (candidate == token) return true;
  }
  return false;
}

}  // namespace

/// A call of an operator is reported at its left operand and covers the text from `offset`.
Term Parser::combine(std::vector<Term> terms, std::uint32_t offset) {
  Span at = terms[1].span;
  at.begin = offset;
  at.end = state_.last_end;
  return make_call(std::move(terms), at);
}

/// The operator at the current token, under `name` or that of the token.
Term Parser::take_operator(std::string_view name) {
  Term op = make_operator(name.empty() ? token_name(token()) : name, span());
  scan();
  return op;
}

std::optional<Term> Parser::parse_in(bool key_value) {
  const std::uint32_t offset = span().offset;
  auto lhs = parse_level(0);
  if (!lhs) return {};
  while (true) {
    if (key_value && token() == Token::Comma) {  // `k, v in xs`
      State start = save();
      scan();
      auto value = parse_level(0);
      if (value && token() == Token::In) {
        std::vector<Term> terms;
        terms.push_back(take_operator("internal.member_3"));
        if (auto domain = parse_level(0)) {
          terms.push_back(std::move(*lhs));
          terms.push_back(std::move(*value));
          terms.push_back(std::move(*domain));
          lhs = combine(std::move(terms), offset);
          if (!grow()) return {};
          if (token() != Token::In) return lhs;
          continue;
        }
      }
      restore(std::move(start));
    }
    return parse_in_tail(std::move(*lhs), offset);
  }
}

/// Reads on from a term that begins an expression: its operators of every level.
std::optional<Term> Parser::parse_in_tail(Term lhs, std::uint32_t offset) {
  std::optional<Term> out = std::move(lhs);
  for (int level = kTightest; level >= 0 && out; --level) out = parse_chain(std::move(*out), level, offset);
  if (!out) return {};
  scan_ahead_ref();
  while (token() == Token::In) {
    std::vector<Term> terms;
    terms.push_back(take_operator("internal.member_2"));
    auto domain = parse_level(0);
    if (!domain) return out;
    if (!grow()) return {};
    terms.push_back(std::move(*out));
    terms.push_back(std::move(*domain));
    out = combine(std::move(terms), offset);
  }
  return out;
}

std::optional<Term> Parser::parse_level(int level) {
  const std::uint32_t offset = span().offset;
  auto out = parse_term();
  for (int at = kTightest; at >= level && out; --at) out = parse_chain(std::move(*out), at, offset);
  return out;
}

std::optional<Term> Parser::parse_chain(Term lhs, int level, std::uint32_t offset) {
  const auto operators = kLevels[static_cast<std::size_t>(level)];
  while (is_one_of(token(), operators)) {
    std::vector<Term> terms;
    terms.push_back(take_operator());
    auto rhs = level == kTightest ? parse_term() : parse_level(level + 1);
    if (!rhs) return lhs;  // the error is recorded; reading on finds others
    if (!grow()) return {};
    terms.push_back(std::move(lhs));
    terms.push_back(std::move(*rhs));
    lhs = combine(std::move(terms), offset);
  }
  return lhs;
}

}  // namespace signalbox::policy::ast
