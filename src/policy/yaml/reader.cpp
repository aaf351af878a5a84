// The shared parts of the YAML front end: errors with suggestions, the input schema, expressions.
#include "policy/yaml/reader.h"

#include <algorithm>

#include "policy/syntax/parsing.h"
#include "policy/syntax/yaml_term.h"

namespace signalbox::policy::yaml {
namespace {

const ast::Term* field(const ast::Object& object, std::string_view name) {
  for (const ast::ObjectItem& item : object.items) {
    const auto* key = ast::as<ast::String>(item.key);
    if (key != nullptr && key->value == name) return &item.value;
  }
  return nullptr;
}

std::string_view text_field(const ast::Object& object, std::string_view name) {
  const ast::Term* value = field(object, name);
  const auto* text = value == nullptr ? nullptr : ast::as<ast::String>(*value);
  return text == nullptr ? std::string_view() : std::string_view(text->value);
}

/// "array", also in ["array", "null"].
bool has_type(const ast::Object& schema, std::string_view type) {
  const ast::Term* value = field(schema, "type");
  if (value == nullptr) return false;
  if (const auto* text = ast::as<ast::String>(*value)) return text->value == type;
  const auto* list = ast::as<ast::Array>(*value);
  return list != nullptr && std::ranges::any_of(list->items, [&](const ast::Term& item) {
           const auto* text = ast::as<ast::String>(item);
           return text != nullptr && text->value == type;
         });
}

/// The lines of a block scalar that begins at `row`, as they stand in the file: up to the first one that is
/// indented less than the first. (The scalar's value would do for `|`, but `>` folds its lines.)
std::string block_lines(std::string_view file, std::uint32_t row) {
  constexpr std::string_view kBlank = " \t\r";
  std::optional<std::size_t> indent;
  std::string out;
  const auto last = static_cast<std::uint32_t>(std::ranges::count(file, '\n')) + 1;
  for (; row <= last; ++row) {
    const std::string_view line = line_of(file, row);
    const std::size_t begins = line.find_first_not_of(kBlank);
    if (begins != std::string_view::npos) {
      if (!indent) indent = begins;
      if (begins < *indent) break;
    }
    out += std::string(line) + '\n';
  }
  return out;
}

}  // namespace

InputSchema::InputSchema(std::string_view json) {
  if (json.empty()) return;
  if (auto term = ast::term_from_yaml(json)) document_ = std::move(*term);
  root_ = ast::as<ast::Object>(document_);
}

/// Follows `$ref: "#/$defs/name"` and the like, within this document.
const ast::Object* InputSchema::follow(const ast::Term* schema) const {
  for (int hops = 0; schema != nullptr && hops < 16; ++hops) {
    const auto* object = ast::as<ast::Object>(*schema);
    if (object == nullptr) return nullptr;
    std::string_view target = text_field(*object, "$ref");
    if (!target.starts_with("#/")) return object;
    target.remove_prefix(2);
    schema = &document_;
    while (!target.empty() && schema != nullptr) {
      const auto slash = target.find('/');
      const auto* at = ast::as<ast::Object>(*schema);
      schema = at == nullptr ? nullptr : field(*at, target.substr(0, slash));
      target = slash == std::string_view::npos ? std::string_view() : target.substr(slash + 1);
    }
  }
  return nullptr;
}

const ast::Object* InputSchema::at(std::string_view path) const {
  if (path.starts_with("input.")) path.remove_prefix(6);
  const ast::Object* schema = root_;
  while (schema != nullptr && !path.empty()) {
    if (const ast::Object* below = elements(schema)) schema = below;
    const auto dot = path.find('.');
    schema = member(schema, path.substr(0, dot)).below;
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return schema;
}

const ast::Object* InputSchema::elements(const ast::Object* schema) const {
  return schema == nullptr ? nullptr : follow(field(*schema, "items"));
}

InputSchema::Step InputSchema::member(const ast::Object* schema, std::string_view name) const {
  Step step;
  if (schema == nullptr) return step;
  const ast::Term* properties = field(*schema, "properties");
  const auto* members = properties == nullptr ? nullptr : ast::as<ast::Object>(*properties);
  if (members == nullptr) return step;
  if (const ast::Term* found = field(*members, name)) {
    step.below = follow(found);
    step.array = step.below != nullptr && has_type(*step.below, "array");
    return step;
  }
  // Objects that admit other members are maps.
  const ast::Term* others = field(*schema, "additionalProperties");
  const auto* refused = others == nullptr ? nullptr : ast::as<ast::Boolean>(*others);
  if (others != nullptr && refused == nullptr) {
    step.below = follow(others);
    return step;
  }
  if (refused != nullptr && refused->value) return step;
  step.known = false;
  for (const ast::ObjectItem& item : members->items) {
    if (const auto* key = ast::as<ast::String>(item.key)) step.names.push_back(key->value);
  }
  return step;
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
  const std::string_view first_line = line_of(file, node.span.row);
  const char mark = node.span.col <= first_line.size() ? first_line[node.span.col - 1] : ' ';
  std::string text(node.span.row - 1, '\n');
  if (mark == '|' || mark == '>') {
    text += '\n' + block_lines(file, node.span.row + 1);
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
