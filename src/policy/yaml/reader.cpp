// The shared parts of the YAML front end: errors with suggestions, lines, expressions.
#include "policy/yaml/reader.h"

#include <algorithm>

#include "policy/syntax/parsing.h"

namespace signalbox::policy::yaml {
namespace {

/// The lines of a block scalar at the beginning of `text`, as they stand in the file: up to the first one
/// that is indented less than the first. (The scalar's value would do for `|`, but `>` folds its lines.)
std::string block_lines(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  std::optional<std::size_t> indent;
  std::string out;
  while (!text.empty()) {
    const std::string_view line = line_of(text, 1);
    const std::size_t begins = line.find_first_not_of(kBlank);
    if (begins != std::string_view::npos) {
      if (!indent) indent = begins;
      if (begins < *indent) break;
    }
    out += std::string(line) + '\n';
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  return out;
}

}  // namespace

std::string_view Reader::from_line(std::uint32_t row) {
  const std::string_view text = source->text;
  if (line_starts.empty()) {
    line_starts.push_back(0);
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
      line_starts.push_back(at + 1);
  }
  return row == 0 || row > line_starts.size() ? std::string_view() : text.substr(line_starts[row - 1]);
}

void Reader::error(std::string_view code, const ast::Span& at, std::string message, std::string hint) {
  Diagnostic diagnostic;
  diagnostic.code = code;
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  diagnostic.at = ast::position(*source, at);
  diagnostic.source_line = line_of(source->text, at.row);
  errors.push_back(std::move(diagnostic));
}

void Reader::unknown(std::string_view code, const ast::Span& at, std::string message, std::string_view word,
                     const std::vector<std::string_view>& words) {
  const std::string_view near = nearest(word, words);
  std::string hint =
      near.empty() ? fmt::format("known: {}", fmt::join(words, ", ")) : fmt::format("did you mean {}?", near);
  error(code, at, std::move(message), words.empty() ? std::string() : std::move(hint));
}

void Reader::check_fields(const Node& map, std::string_view what,
                          const std::vector<std::string_view>& known) {
  std::vector<std::string_view> seen;
  for (const auto& [key, value] : map.fields) {
    if (std::ranges::find(known, key.text) == known.end()) {
      unknown("policy_unknown_key", key.span, fmt::format("unknown key {} in {}", key.text, what), key.text,
              known);
    } else if (std::ranges::find(seen, key.text) != seen.end()) {
      error("policy_duplicate_key", key.span, fmt::format("key {} stands twice in {}", key.text, what));
    }
    seen.push_back(key.text);
  }
}

ast::Expr call_expr(std::string_view op, std::vector<ast::Term> operands, const ast::Span& at) {
  ast::Call call;
  call.terms.push_back(ast::make_operator(op, at));
  std::move(operands.begin(), operands.end(), std::back_inserter(call.terms));
  ast::Expr expr;
  expr.node = std::move(call);
  expr.span = at;
  return expr;
}

/// `a or b or c`; one alternative of one expression stays as it is.
ast::Expr any_of(std::vector<ast::Body> alternatives, const ast::Span& at) {
  const auto is_plain = [](const ast::Body& body) { return body.size() == 1; };
  ast::Body chain = std::move(alternatives.front());
  bool braces = !is_plain(chain);
  for (std::size_t i = 1; i < alternatives.size(); ++i) {
    ast::Expr expr;
    const bool right_braces = !is_plain(alternatives[i]);
    expr.node = ast::Logical{
        ast::LogicalOp::Or, std::move(chain), std::move(alternatives[i]), braces, right_braces, at};
    expr.span = at;
    chain.clear();
    chain.push_back(std::move(expr));
    braces = false;
  }
  if (chain.size() == 1) return std::move(chain.front());
  ast::Expr both;  // a lone alternative of several expressions: all must hold
  both.node = ast::Logical{ast::LogicalOp::And, chain, std::move(chain), true, true, at};
  both.span = at;
  return both;
}

ast::Expr none_of(ast::Body body, const ast::Span& at) {
  ast::Expr expr;
  const bool braces = body.size() != 1 || ast::as<ast::Logical>(body.front()) != nullptr;
  expr.node = ast::Not{std::move(body), braces, at};
  expr.span = at;
  return expr;
}

std::optional<ast::Body> read_rego(Reader& reader, const Node& node) {
  if (!node.is(NodeKind::Scalar)) {
    reader.error("policy_bad_value", node.span,
                 fmt::format("when must be Rego text, not {}", describe(node)));
    return {};
  }
  // The expressions are parsed at their place in the file: blank lines above, blanks before.
  const std::string& file = reader.source->text;
  const std::string_view first_line = line_of(reader.from_line(node.span.row), 1);
  const char mark = node.span.col <= first_line.size() ? first_line[node.span.col - 1] : ' ';
  std::string text(node.span.row - 1, '\n');
  if (mark == '|' || mark == '>') {
    text += '\n' + block_lines(reader.from_line(node.span.row + 1));
  } else {
    text += std::string(node.span.col - (mark == '"' || mark == '\'' ? 0 : 1), ' ') + node.text;
  }
  ast::ParseOptions options;
  options.keywords = ast::kAllFutureKeywords;
  auto body = ast::parse_query(ast::make_source(reader.source->name, std::move(text)), options);
  if (body) return std::move(*body);
  for (Diagnostic& diagnostic : body.error()) {
    diagnostic.source_line = line_of(file, diagnostic.at.row);
    reader.errors.push_back(std::move(diagnostic));
  }
  return {};
}

}  // namespace signalbox::policy::yaml
