// YAML by libyaml, copied into a tree of our own that keeps rows and columns.
//
// The idea: what YAML lets pass and nobody can have meant is refused here, for every reader: a key that
// stands twice, of which one would be overlooked, and a second document, whose rules would be. libyaml's
// complaints name tokens; a table adds what authors have most likely done.
#include "policy/yaml/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>

#include "policy/data/yaml_events.h"
#include "policy/syntax/yaml_term.h"

namespace signalbox::policy::yaml {
namespace {

std::string_view text_of(const yaml_char_t* bytes) {
  return bytes == nullptr ? std::string_view() : reinterpret_cast<const char*>(bytes);
}

bool is_null(std::string_view plain) {
  return plain.empty() || plain == "~" || plain == "null" || plain == "Null" || plain == "NULL";
}

struct Advice {
  std::string_view problem;  ///< libyaml's
  std::string_view hint;
};
constexpr Advice kAdvice[] = {
    {"found character that cannot start any token",
     "texts that begin with @ ` % or a tab need quotes; lines are indented with blanks, not tabs"},
    {"mapping values are not allowed in this context",
     "a text with a colon and a blank in it needs quotes; or the line is indented otherwise than it should"},
    {"did not find expected alphabetic or numeric character", "a text that begins with * or & needs quotes"},
    {"could not find expected ':'", "a key has a colon and a blank behind it, in its own line"},
    {"did not find expected key", "is the line indented as its neighbours are?"},
    {"did not find expected '-' indicator", "is the line indented as its neighbours are?"},
    {"did not find expected ',' or '}'", "within {..}, a text with any of , [ ] { } in it needs quotes"},
    {"did not find expected ',' or ']'", "within [..], a text with any of , [ ] { } in it needs quotes"},
    {"found unexpected end of stream", "a quote is not closed"},
};

/// Bytes before a place, asked in the order of the text; libyaml counts characters.
class Offsets {
 public:
  explicit Offsets(std::string_view text) : text_(text), bytes_(text.starts_with("\xEF\xBB\xBF") ? 3 : 0) {
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    ascii_ = std::ranges::all_of(text, is_ascii);
  }
  std::size_t of(std::size_t characters) {
    if (ascii_) return characters;
    if (characters < characters_) *this = Offsets(text_);
    const auto continues = [&] { return (static_cast<unsigned char>(text_[bytes_]) & 0xC0) == 0x80; };
    for (; characters_ < characters && bytes_ < text_.size(); ++characters_) {
      do ++bytes_;
      while (bytes_ < text_.size() && continues());
    }
    return bytes_;
  }

 private:
  std::string_view text_;
  std::size_t bytes_ = 0, characters_ = 0;
  bool ascii_ = true;
};

class Composer {
 public:
  explicit Composer(const ast::Source& source)
      : source_(source), events_(source.text), offsets_(source.text) {}

  std::expected<Node, Diagnostics> only_document() {
    Node out;
    out.span = {1, 1, 0, 0, 0};
    const bool read = next() && next() &&
                      (is(YAML_STREAM_END_EVENT) ||
                       (is(YAML_DOCUMENT_START_EVENT) && next() && node(out, 0) && next() && next()));
    if (read && !is(YAML_STREAM_END_EVENT))
      refuse(span(), "policy_yaml_error", "a second document", "a file has one: write another file");
    if (problem_) return std::unexpected(Diagnostics{std::move(*problem_)});
    return out;
  }

 private:
  const yaml_event_t& event() const { return events_.event(); }
  bool is(yaml_event_type_t type) const { return event().type == type; }

  bool next() {
    if (events_.next()) return true;
    const yaml_parser_t& parser = events_.parser();
    const std::string_view problem = parser.problem == nullptr ? "this is no YAML" : parser.problem;
    std::string message(problem);
    if (parser.context != nullptr)
      message += fmt::format(" {} that begins at {}:{}", parser.context, parser.context_mark.line + 1,
                             parser.context_mark.column + 1);
    const bool bytes = parser.error == YAML_READER_ERROR;
    const auto* advice = std::ranges::find(kAdvice, problem, &Advice::problem);
    return refuse(bytes ? span_of_byte(parser.problem_offset) : span(parser.problem_mark),
                  "policy_yaml_error", std::move(message),
                  std::string(advice == std::end(kAdvice) ? "" : advice->hint));
  }

  /// Always false.
  bool refuse(const ast::Span& at, std::string_view code, std::string message, std::string hint) {
    if (problem_) return false;
    problem_.emplace();
    problem_->code = code;
    problem_->message = std::move(message);
    problem_->hint = std::move(hint);
    problem_->at = ast::position(source_, at);
    problem_->source_line = line_of(source_.text, at.row);
    return false;
  }

  ast::Span span() { return span(event().start_mark); }
  ast::Span span(const yaml_mark_t& mark) {
    const auto at = static_cast<std::uint32_t>(offsets_.of(mark.index));
    return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1), at, at,
            at};
  }
  ast::Span span_of_byte(std::size_t offset) const {
    const std::string_view before = std::string_view(source_.text).substr(0, offset);
    const auto row = static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1);
    const auto col = static_cast<std::uint32_t>(before.size() - (before.rfind('\n') + 1) + 1);
    return {.row = row, .col = col};
  }

  /// From the present event to the last one of the node. False when something is wrong.
  bool node(Node& out, int depth) {
    out.span = span();
    if (depth > kMaxDepth)
      return refuse(out.span, "policy_yaml_error", "the document is nested too deeply", "");
    if (++nodes_ > kMaxNodes)
      return refuse(out.span, "policy_yaml_error", "the document is too large",
                    "spread the rules over several files");
    if (is(YAML_ALIAS_EVENT)) return alias(out);
    const bool plain = is(YAML_SCALAR_EVENT), items = is(YAML_SEQUENCE_START_EVENT);
    const std::string anchor(text_of(plain   ? event().data.scalar.anchor
                                     : items ? event().data.sequence_start.anchor
                                             : event().data.mapping_start.anchor));
    const int before = nodes_;
    if (!(plain ? scalar(out) : items ? list(out, depth) : map(out, depth))) return false;
    if (!anchor.empty()) anchors_.insert_or_assign(anchor, Anchored{out, nodes_ - before + 1});
    return true;
  }

  bool alias(Node& out) {
    const std::string name(text_of(event().data.alias.anchor));
    const auto found = anchors_.find(name);
    if (found == anchors_.end())
      return refuse(out.span, "policy_yaml_error", fmt::format("there is no anchor {} before this", name),
                    fmt::format("a text that begins with * needs quotes: \"*{}\"", name));
    nodes_ += found->second.nodes;
    if (nodes_ > kMaxNodes)
      return refuse(out.span, "policy_yaml_error", "the document is too large with its aliases written out",
                    "");
    out = found->second.node;
    return true;
  }

  bool scalar(Node& out) {
    const auto& scalar = event().data.scalar;
    const std::string_view tag = text_of(scalar.tag);
    const bool plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
    out.block = scalar.style == YAML_LITERAL_SCALAR_STYLE || scalar.style == YAML_FOLDED_SCALAR_STYLE;
    out.quoted = !plain || tag == "!" || tag == YAML_STR_TAG;
    if (!tag.empty() && !out.quoted && !tag.starts_with("tag:yaml.org,2002:"))
      return refuse(out.span, "policy_yaml_error", fmt::format("the tag {} means nothing here", tag),
                    "a text that begins with ! needs quotes");
    const std::string_view text(reinterpret_cast<const char*>(scalar.value), scalar.length);
    if (!out.quoted && is_null(text)) return true;
    out.kind = NodeKind::Scalar;
    out.text = text;
    return true;
  }

  bool list(Node& out, int depth) {
    out.kind = NodeKind::List;
    while (next() && !is(YAML_SEQUENCE_END_EVENT))
      if (!node(out.items.emplace_back(), depth + 1)) return false;
    return !problem_;
  }

  bool map(Node& out, int depth) {
    out.kind = NodeKind::Map;
    while (next() && !is(YAML_MAPPING_END_EVENT)) {
      auto& [key, value] = out.fields.emplace_back();
      if (!node(key, depth + 1)) return false;
      if (!key.is(NodeKind::Scalar))
        return refuse(key.span, "policy_yaml_error",
                      fmt::format("a key must be a text, not {}", describe(key)), "");
      if (!next() || !node(value, depth + 1)) return false;
      if (value.is(NodeKind::Null)) value.span = key.span;  // it has no place of its own
    }
    return !problem_ && keys_differ(out);
  }

  bool keys_differ(const Node& map) {
    std::unordered_set<std::string_view> seen;
    for (const auto& [key, value] : map.fields) {
      if (!seen.insert(key.text).second)
        return refuse(key.span, "policy_duplicate_key", fmt::format("the key {} stands twice here", key.text),
                      "");
    }
    return true;
  }

  struct Anchored {
    Node node;
    int nodes = 0;  ///< it is made of
  };

  const ast::Source& source_;
  YamlEvents events_;
  Offsets offsets_;
  std::map<std::string, Anchored, std::less<>> anchors_;
  std::optional<Diagnostic> problem_;
  int nodes_ = 0;
};

}  // namespace

const Node* Node::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key.text == name) return &value;
  }
  return nullptr;
}

std::expected<Node, Diagnostics> read_document(const ast::Source& source) {
  return Composer(source).only_document();
}

ast::Term to_term(const Node& node) {
  switch (node.kind) {
    case NodeKind::Null: return ast::make_null(node.span);
    case NodeKind::Scalar: {
      ast::Term out = node.quoted ? ast::make_string(node.text) : ast::scalar_from_yaml(node.text);
      out.span = node.span;
      return out;
    }
    case NodeKind::List: {
      ast::Array out;
      for (const Node& item : node.items) out.items.push_back(to_term(item));
      return {std::move(out), node.span};
    }
    case NodeKind::Map: {
      ast::Object out;
      for (const auto& [key, value] : node.fields) out.items.push_back({to_term(key), to_term(value)});
      return {std::move(out), node.span};
    }
  }
  return {};
}

std::string_view describe(const Node& node) {
  switch (node.kind) {
    case NodeKind::Null: return "nothing";
    case NodeKind::List: return "a list";
    case NodeKind::Map: return "a map";
    case NodeKind::Scalar: break;
  }
  const ast::Term term = to_term(node);
  if (ast::as<ast::String>(term) != nullptr) return "a string";
  if (ast::as<ast::Number>(term) != nullptr) return "a number";
  return ast::as<ast::Boolean>(term) != nullptr ? "a boolean" : "nothing";
}

}  // namespace signalbox::policy::yaml
