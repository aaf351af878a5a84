// Tokens of Rego. One X-macro line each: enumerator and the name that parse errors use for it.
#pragma once

#include <cstdint>
#include <string_view>

namespace signalbox::policy::ast {

// clang-format off
#define SIGNALBOX_REGO_TOKENS(X)                                                                         \
  X(Illegal, "illegal") X(Eof, "eof") X(Whitespace, "whitespace") X(Ident, "identifier")                 \
  X(Comment, "comment")                                                                                  \
  X(Package, "package") X(Import, "import") X(As, "as") X(Default, "default") X(Else, "else")            \
  X(Not, "not") X(Some, "some") X(With, "with") X(Null, "null") X(True, "true") X(False, "false")        \
  X(Number, "number") X(String, "string")                                                                \
  X(TemplatePart, "template-string-part") X(TemplateEnd, "template-string-end")                          \
  X(RawTemplatePart, "raw-template-string-part") X(RawTemplateEnd, "raw-template-string-end")            \
  X(LBrack, "[") X(RBrack, "]") X(LBrace, "{") X(RBrace, "}") X(LParen, "(") X(RParen, ")")              \
  X(Comma, ",") X(Colon, ":")                                                                            \
  X(Add, "plus") X(Sub, "minus") X(Mul, "mul") X(Quo, "div") X(Rem, "rem") X(And, "and") X(Or, "or")     \
  X(Unify, "eq") X(Equal, "equal") X(Assign, "assign") X(In, "in") X(Neq, "neq") X(Gt, "gt")             \
  X(Lt, "lt") X(Gte, "gte") X(Lte, "lte") X(Dot, ".") X(Semicolon, ";")                                  \
  X(Every, "every") X(Contains, "contains") X(If, "if") X(LogicalAnd, "and") X(LogicalOr, "or")
// clang-format on

enum class Token : std::uint8_t {
#define X(name, text) name,
  SIGNALBOX_REGO_TOKENS(X)
#undef X
};

std::string_view token_name(Token token);

/// Words that the lexer may read as keywords beyond those that every Rego has. A set of bits.
enum FutureKeyword : std::uint8_t {
  kIn = 1,
  kEvery = 2,
  kContains = 4,
  kIf = 8,
  kAnd = 16,
  kOr = 32,
  kNotBody = 64,  ///< `future.keywords.not`: `not` is always a word, this changes what it means
};
using FutureKeywords = std::uint8_t;

inline constexpr FutureKeywords kV1Keywords = kIn | kEvery | kContains | kIf;
inline constexpr FutureKeywords kAllFutureKeywords = kV1Keywords | kAnd | kOr | kNotBody;

/// The bit of a word that `import future.keywords.<word>` may name; 0 when there is none.
FutureKeywords future_keyword(std::string_view word);

/// What `word` is under the enabled future keywords; Ident when it is none. The path of an import may name
/// `not`, so that there it is no keyword.
Token keyword_token(std::string_view word, FutureKeywords enabled, bool not_is_keyword = true);

/// A word that error texts call a keyword.
bool is_word(Token token);

}  // namespace signalbox::policy::ast
