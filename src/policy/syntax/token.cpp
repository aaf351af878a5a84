// Names of tokens and the look-up of words.
#include "policy/syntax/token.h"

#include <array>
#include <utility>

namespace signalbox::policy::ast {
namespace {

constexpr std::array<std::pair<std::string_view, Token>, 11> kWords = {{
    {"package", Token::Package},
    {"import", Token::Import},
    {"as", Token::As},
    {"default", Token::Default},
    {"else", Token::Else},
    {"not", Token::Not},
    {"some", Token::Some},
    {"with", Token::With},
    {"null", Token::Null},
    {"true", Token::True},
    {"false", Token::False},
}};

struct FutureWord {
  std::string_view word;
  FutureKeyword bit;
  Token token;
};

constexpr std::array<FutureWord, 7> kFutureWords = {{
    {"in", kIn, Token::In},
    {"every", kEvery, Token::Every},
    {"contains", kContains, Token::Contains},
    {"if", kIf, Token::If},
    {"and", kAnd, Token::LogicalAnd},
    {"or", kOr, Token::LogicalOr},
    {"not", kNotBody, Token::Not},
}};

}  // namespace

std::string_view token_name(Token token) {
  static constexpr std::array kNames = {
#define X(name, text) std::string_view(text),
      SIGNALBOX_REGO_TOKENS(X)
#undef X
  };
  return kNames[static_cast<std::size_t>(token)];
}

FutureKeywords future_keyword(std::string_view word) {
  for (const auto& future : kFutureWords) {
    if (future.word == word) return future.bit;
  }
  return 0;
}

Token keyword_token(std::string_view word, FutureKeywords enabled, bool not_is_keyword) {
  if (word == "not" && !not_is_keyword) return Token::Ident;
  for (const auto& [text, token] : kWords) {
    if (text == word) return token;
  }
  for (const auto& future : kFutureWords) {
    if (future.word == word && (enabled & future.bit) != 0) return future.token;
  }
  return Token::Ident;
}

bool is_word(Token token) {
  switch (token) {
    case Token::In:
    case Token::Every:
    case Token::Contains:
    case Token::If:
    case Token::LogicalAnd:
    case Token::LogicalOr: return true;
    default: break;
  }
  // Error texts go by the name, so `&` (and) does not count, as its own name is not one of the basic words.
  for (const auto& [text, word] : kWords) {
    if (word == token) return true;
  }
  return false;
}

}  // namespace signalbox::policy::ast
