// Surprise: tokens are counted before a long text is parsed, because a parse tree takes about 150 bytes a
// token, so that the memory of one statement is bounded whatever the client sends.
#include "sql/cost.h"

#include <algorithm>
#include <cstdint>

#include "sql/lexer.h"

namespace signalbox::sql {
namespace {

/// A shorter text cannot cost much, whatever it holds.
constexpr std::size_t kSmallText = 4096;
/// Characters that PostgreSQL's lexer may look at again and again; about a tenth of a second.
constexpr std::uint64_t kMaxRescans = 30'000'000;

bool is_operator_character(char c) {
  return c != '\0' && std::string_view("~!@#^&|`?+-*/%<>=").contains(c);
}

/// What parsing would cost. PostgreSQL's lexer matches a whole run of operator characters and then puts most
/// of it back when a comment begins within, so that "/*/*/*..." and "+/**/+/**/..." cost the square of their
/// length.
class Cost {
 public:
  explicit Cost(std::string_view text, bool standard) : lexer_(text, standard) {}

  bool is_within(std::size_t max_tokens) {
    std::size_t tokens = 0;
    for (Token token; lexer_.next(token);) {
      if (token.kind != TokenKind::Blank && ++tokens > max_tokens) return false;
      const bool is_text = token.kind == TokenKind::String || token.kind == TokenKind::QuotedIdentifier;
      if (is_text)
        end_run();
      else
        for (const char c : token.text) is_operator_character(c) ? void(++run_) : end_run();
    }
    end_run();
    return rescans_ <= kMaxRescans;
  }

 private:
  void end_run() {
    rescans_ += run_ * run_;
    run_ = 0;
  }

  Lexer lexer_;
  std::uint64_t run_ = 0;
  std::uint64_t rescans_ = 0;
};

}  // namespace

bool is_too_costly(std::string_view text, const AnalyzeOptions& options) {
  if (text.size() <= std::min(kSmallText, options.max_tokens)) return false;
  return !Cost(text, options.standard_conforming_strings).is_within(options.max_tokens);
}

}  // namespace signalbox::sql
