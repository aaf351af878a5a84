// The shared parts of the YAML front end: errors with suggestions, lines, expressions.
#include "policy/yaml/reader.h"

#include <algorithm>

#include "policy/syntax/parsing.h"

namespace signalbox::policy::yaml {
namespace {

/// How much of `text` the lines of a block scalar are that stand at its beginning: up to the first one that
/// is indented less than the first.
std::size_t block_size(std::string_view text) {
  std::size_t indent = 0, size = 0;
  while (size < text.size()) {
    const std::string_view line = text.substr(size, text.find('\n', size) - size);
    const std::size_t begins = line.find_first_not_of(" \t\r");
    if (begins != std::string_view::npos) {
      if (indent == 0) indent = begins;
      if (begins < indent) break;
    }
    size = std::min(text.size(), size + line.size() + 1);
  }
  return size;
}

/// Where in the file the text of a scalar stands as it is; nothing when YAML has made it from something else
/// (escapes, several lines). Of a folded block it is the lines as they stand.
std::optional<ast::Span> verbatim(std::string_view file, const Node& node) {
  std::size_t begin = node.span.offset + (node.quoted ? 1 : 0), size = node.text.size();
  ast::Span out = {.row = node.span.row, .col = node.span.col + (node.quoted ? 1 : 0)};
  if (node.block) {
    begin = std::min(file.find('\n', node.span.offset), file.size() - 1) + 1;
    size = block_size(file.substr(begin));
    out = {.row = node.span.row + 1, .col = 1};
  } else if (begin > file.size() || file.substr(begin, size) != node.text) {
    return std::nullopt;
  }
  out.offset = out.begin = static_cast<std::uint32_t>(begin);
  out.end = static_cast<std::uint32_t>(begin + size);
  return out;
}

}  // namespace

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
  constexpr std::size_t kMostShown = 40;
  std::string lower(word);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  std::string_view near = nearest(word, words);
  if (near.empty()) near = nearest(lower, words);
  std::string hint;
  if (!near.empty()) {
    hint = fmt::format("did you mean {}?", near);
  } else if (words.size() > kMostShown) {
    hint = "signalbox policy schema lists what it may be";
  } else if (!words.empty()) {
    hint = fmt::format("known: {}", fmt::join(words, ", "));
  }
  error(code, at, std::move(message), std::move(hint));
}

void Reader::check_fields(const Node& map, std::string_view what,
                          const std::vector<std::string_view>& known) {
  for (const auto& [key, value] : map.fields) {
    if (std::ranges::find(known, key.text) == known.end())
      unknown("policy_unknown_key", key.span, fmt::format("unknown key {} in {}", key.text, what), key.text,
              known);
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
  ast::ParseOptions options;
  options.keywords = ast::kAllFutureKeywords;
  ast::SourcePtr source = reader.source;
  if (const auto place = verbatim(source->text, node)) {
    options.part = *place;
  } else {
    source = ast::make_source(source->name, node.text);
    options.part = {.row = node.span.row,
                    .col = node.span.col + (node.quoted ? 1 : 0),
                    .offset = 0,
                    .begin = 0,
                    .end = static_cast<std::uint32_t>(node.text.size())};
  }
  auto body = ast::parse_query(source, options);
  if (body) return std::move(*body);
  for (Diagnostic& diagnostic : body.error()) {
    diagnostic.source_line = line_of(reader.source->text, diagnostic.at.row);
    reader.errors.push_back(std::move(diagnostic));
  }
  return {};
}

}  // namespace signalbox::policy::yaml
