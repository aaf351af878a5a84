// What the tree does not show, which is the comment at the end, and the choice of grammar.
#include "sql/injection.h"

#include <algorithm>

#include "sql/grammar.h"
#include "sql/lexer.h"

namespace signalbox::sql {
namespace {

/// "-- -" and "--+" are how the comment is written where a blank must follow.
bool is_cut_off(std::string_view comment) {
  comment.remove_prefix(2);
  const auto first = comment.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return true;
  comment.remove_prefix(first);
  return comment.find_first_of("'\")") == 0 || comment == "-" || comment == "+";
}

}  // namespace

bool ends_in_cut_off_comment(std::string_view text, bool standard_conforming_strings) {
  Lexer lexer(text, standard_conforming_strings);
  bool behind_sql = false, cut_off = false;
  for (Token token; lexer.next(token);) {
    if (token.kind == TokenKind::Blank) {
      behind_sql = behind_sql && !token.text.contains('\n');
    } else if (token.kind == TokenKind::LineComment) {
      cut_off = behind_sql && is_cut_off(token.text);
      behind_sql = false;
    } else if (token.kind != TokenKind::BlockComment) {
      behind_sql = true;
      cut_off = false;
    }
  }
  return cut_off;
}

std::vector<std::string_view> injected_shapes(std::string_view text, const AnalyzeOptions& options) {
  auto shapes = grammar_for(options.server_version).injected_shapes(text, options);
  if (ends_in_cut_off_comment(text, options.standard_conforming_strings)) shapes.push_back("comment_tail");
  std::ranges::sort(shapes);
  shapes.erase(std::ranges::unique(shapes).begin(), shapes.end());
  return shapes;
}

}  // namespace signalbox::sql
