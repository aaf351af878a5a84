// text/template's parser: recursive descent over items, with up to three of look-ahead.
// The first complaint ends it; nesting is bounded.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "policy/builtins/go/number.h"
#include "policy/builtins/go/template/lexer.h"
#include "policy/builtins/go/template/tree.h"
#include "policy/builtins/go/text.h"

namespace signalbox::policy::go::tmpl {
namespace {

constexpr int kMaxDepth = 256;

constexpr std::string_view kFunctions[] = {"and",   "call",   "eq",      "ge",    "gt",      "html", "index",
                                           "js",    "le",     "len",     "lt",    "ne",      "not",  "or",
                                           "print", "printf", "println", "slice", "urlquery"};

/// Thrown nowhere else: a complaint unwinds the descent, and parse() catches it.
struct Complaint {
  std::string text;
};

bool is_empty(const Node& node) {
  if (node.kind == NodeKind::Text) return trim_space(node.text).empty();
  if (node.kind != NodeKind::List) return false;
  return std::ranges::all_of(node.children, [](const NodePtr& child) { return is_empty(*child); });
}

class Parser {
 public:
  explicit Parser(Templates& out) : out_(out), lexer_(out.text) {}

  void run() {
    auto root = node(NodeKind::List, peek().at);
    while (peek().kind != ItemKind::Eof) {
      if (peek().kind == ItemKind::LeftDelim) {
        const Item delim = next();
        if (next_non_space().kind == ItemKind::Define) {
          definition();
          continue;
        }
        back_up(delim);
      }
      auto one = text_or_action();
      if (one->kind == NodeKind::End || one->kind == NodeKind::Else) fail("unexpected " + one->source());
      root->children.push_back(std::move(one));
    }
    define(std::string(kMainTemplate), std::move(root));
  }

 private:
  // Items.

  Item next() {
    if (!pending_.empty()) {
      current_ = std::move(pending_.back());
      pending_.pop_back();
    } else {
      current_ = lexer_.next();
    }
    return current_;
  }
  const Item& peek() {
    if (pending_.empty()) pending_.push_back(current_ = lexer_.next());
    return pending_.back();
  }
  /// Takes the current item back; `before` is the one that came before it.
  void back_up() { pending_.push_back(current_); }
  void back_up(const Item& before) {
    pending_.push_back(current_);
    pending_.push_back(before);
  }
  Item next_non_space() {
    Item item = next();
    while (item.kind == ItemKind::Space) item = next();
    return item;
  }
  const Item& peek_non_space() {
    next_non_space();
    back_up();
    return pending_.back();
  }
  Item expect(ItemKind kind, std::string_view where) {
    Item item = next_non_space();
    if (item.kind != kind) unexpected(item, where);
    return item;
  }

  [[noreturn]] void fail(const std::string& text) {
    throw Complaint{fmt::format("template: {}:{}: {}", kMainTemplate, current_.line, text)};
  }
  [[noreturn]] void unexpected(const Item& item, std::string_view where) {
    if (item.kind != ItemKind::Error) fail(fmt::format("unexpected {} in {}", item.shown(), where));
    std::string extra;
    if (action_line_ != 0 && action_line_ != item.line)
      extra = fmt::format("{} started at {}:{}", item.text.ends_with(" action") ? "" : " in action",
                          kMainTemplate, action_line_);
    fail(item.text + extra);
  }

  static NodePtr node(NodeKind kind, std::size_t at) { return std::make_unique<Node>(kind, at); }

  struct Nest {
    Parser& parser;
    explicit Nest(Parser& p) : parser(p) {
      if (++parser.depth_ > kMaxDepth) parser.fail("max expression depth exceeded");
    }
    ~Nest() { --parser.depth_; }
  };

  // Templates.

  void define(const std::string& name, NodePtr root) {
    auto& known = out_.roots[name];
    if (known == nullptr || is_empty(*known)) {
      known = std::move(root);
    } else if (!is_empty(*root)) {
      fail("template: multiple definition of template " + quote(name));
    }
  }

  std::string string_literal(const Item& item) {
    auto text = unquote(item.text);
    if (!text) fail(text.error());
    return *text;
  }

  /// A body with variables of its own, up to its {{end}}.
  NodePtr body(std::string_view where) {
    const auto variables = std::exchange(variables_, {"$"});
    const int ranges = std::exchange(ranges_, 0);
    NodePtr end;
    auto list = items(end);
    if (end->kind != NodeKind::End) fail(fmt::format("unexpected {} in {}", end->source(), where));
    variables_ = variables;
    ranges_ = ranges;
    return list;
  }

  void definition() {
    constexpr std::string_view kWhere = "define clause";
    const Item name = next_non_space();
    if (name.kind != ItemKind::String && name.kind != ItemKind::RawString) unexpected(name, kWhere);
    const std::string text = string_literal(name);
    expect(ItemKind::RightDelim, kWhere);
    define(text, body(kWhere));
  }

  NodePtr items(NodePtr& end) {
    const Nest nest(*this);
    auto list = node(NodeKind::List, peek_non_space().at);
    while (peek_non_space().kind != ItemKind::Eof) {
      auto one = text_or_action();
      if (one->kind == NodeKind::End || one->kind == NodeKind::Else) {
        end = std::move(one);
        return list;
      }
      list->children.push_back(std::move(one));
    }
    fail("unexpected EOF");
  }

  NodePtr text_or_action() {
    const Item item = next_non_space();
    if (item.kind == ItemKind::Text) {
      auto text = node(NodeKind::Text, item.at);
      text->text = item.text;
      return text;
    }
    if (item.kind != ItemKind::LeftDelim) unexpected(item, "input");
    action_line_ = item.line;
    auto out = action();
    action_line_ = 0;
    return out;
  }

  NodePtr action() {
    const Item item = next_non_space();
    switch (item.kind) {
      case ItemKind::Block: return block();
      case ItemKind::Break: return jump(NodeKind::Break, item);
      case ItemKind::Continue: return jump(NodeKind::Continue, item);
      case ItemKind::Else: return otherwise();
      case ItemKind::End: {
        const Item end = expect(ItemKind::RightDelim, "end");
        return node(NodeKind::End, end.at);
      }
      case ItemKind::If: return control(NodeKind::If, "if");
      case ItemKind::Range: return control(NodeKind::Range, "range");
      case ItemKind::With: return control(NodeKind::With, "with");
      case ItemKind::Template: return call_template();
      default: break;
    }
    back_up();
    auto out = node(NodeKind::Action, peek().at);
    out->pipe = pipeline("command", ItemKind::RightDelim);
    return out;
  }

  NodePtr jump(NodeKind kind, const Item& word) {
    const std::string name = "{{" + word.text + "}}";
    const Item item = next_non_space();
    if (item.kind != ItemKind::RightDelim) unexpected(item, name);
    if (ranges_ == 0) fail(name + " outside {{range}}");
    return node(kind, word.at);
  }

  NodePtr otherwise() {
    const Item& ahead = peek_non_space();
    if (ahead.kind == ItemKind::If || ahead.kind == ItemKind::With) return node(NodeKind::Else, ahead.at);
    const Item end = expect(ItemKind::RightDelim, "else");
    return node(NodeKind::Else, end.at);
  }

  NodePtr control(NodeKind kind, std::string_view word) {
    const Nest nest(*this);
    const std::size_t variables = variables_.size();
    auto out = node(kind, 0);
    out->pipe = pipeline(word, ItemKind::RightDelim);
    out->at = out->pipe->at;
    if (kind == NodeKind::Range) ++ranges_;
    NodePtr end;
    out->list = items(end);
    if (kind == NodeKind::Range) --ranges_;
    if (end->kind == NodeKind::Else) {
      const ItemKind same = kind == NodeKind::If ? ItemKind::If : ItemKind::With;
      if (kind != NodeKind::Range && peek().kind == same) {
        next();
        out->otherwise = node(NodeKind::List, end->at);
        out->otherwise->children.push_back(control(kind, word));
      } else {
        out->otherwise = items(end);
        if (end->kind != NodeKind::End) fail("expected end; found " + end->source());
      }
    }
    variables_.resize(variables);
    return out;
  }

  NodePtr block() {
    constexpr std::string_view kWhere = "block clause";
    const Item name = next_non_space();
    auto out = node(NodeKind::Template, name.at);
    out->text = template_name(name, kWhere);
    out->pipe = pipeline(kWhere, ItemKind::RightDelim);
    define(out->text, body(kWhere));
    return out;
  }

  NodePtr call_template() {
    constexpr std::string_view kWhere = "template clause";
    const Item name = next_non_space();
    auto out = node(NodeKind::Template, name.at);
    out->text = template_name(name, kWhere);
    if (next_non_space().kind != ItemKind::RightDelim) {
      back_up();
      out->pipe = pipeline(kWhere, ItemKind::RightDelim);
    }
    return out;
  }

  std::string template_name(const Item& item, std::string_view where) {
    if (item.kind != ItemKind::String && item.kind != ItemKind::RawString) unexpected(item, where);
    return string_literal(item);
  }

  // Pipelines.

  NodePtr pipeline(std::string_view where, ItemKind end) {
    auto pipe = node(NodeKind::Pipe, peek_non_space().at);
    declarations(*pipe, where);
    while (true) {
      const Item item = next_non_space();
      if (item.kind == end) break;
      switch (item.kind) {
        case ItemKind::Bool:
        case ItemKind::CharConstant:
        case ItemKind::Complex:
        case ItemKind::Dot:
        case ItemKind::Field:
        case ItemKind::Identifier:
        case ItemKind::Number:
        case ItemKind::Nil:
        case ItemKind::RawString:
        case ItemKind::String:
        case ItemKind::Variable:
        case ItemKind::LeftParen:
          back_up();
          pipe->children.push_back(command());
          continue;
        default: unexpected(item, where);
      }
    }
    if (pipe->children.empty()) fail(fmt::format("missing value for {}", where));
    for (std::size_t i = 1; i < pipe->children.size(); ++i) {
      const NodeKind first = pipe->children[i]->children.front()->kind;
      if (first == NodeKind::Bool || first == NodeKind::Dot || first == NodeKind::Nil ||
          first == NodeKind::Number || first == NodeKind::String)
        fail(fmt::format("non executable command in pipeline stage {}", i + 1));
    }
    return pipe;
  }

  void declarations(Node& pipe, std::string_view where) {
    while (peek_non_space().kind == ItemKind::Variable) {
      const Item variable = next();
      const Item after = peek();
      const Item ahead = peek_non_space();
      const bool comma = ahead.kind == ItemKind::Char && ahead.text == ",";
      if (ahead.kind != ItemKind::Assign && ahead.kind != ItemKind::Declare && !comma) {
        if (after.kind == ItemKind::Space) pending_.push_back(after);
        pending_.push_back(variable);
        return;
      }
      next_non_space();
      pipe.flag = ahead.kind == ItemKind::Assign;
      auto declared = node(NodeKind::Variable, variable.at);
      declared->names = {variable.text};
      pipe.declared.push_back(std::move(declared));
      variables_.push_back(variable.text);
      if (!comma) return;
      if (where != "range" || pipe.declared.size() >= 2)
        fail(fmt::format("too many declarations in {}", where));
      const ItemKind follows = peek_non_space().kind;
      if (follows != ItemKind::Variable && follows != ItemKind::RightDelim && follows != ItemKind::RightParen)
        fail("range can only initialize variables");
    }
  }

  NodePtr command() {
    auto out = node(NodeKind::Command, peek_non_space().at);
    while (true) {
      peek_non_space();
      if (auto one = operand()) out->children.push_back(std::move(one));
      const Item item = next();
      if (item.kind == ItemKind::Space) continue;
      if (item.kind == ItemKind::RightDelim || item.kind == ItemKind::RightParen) {
        back_up();
      } else if (item.kind != ItemKind::Pipe) {
        unexpected(item, "operand");
      }
      break;
    }
    if (out->children.empty()) fail("empty command");
    return out;
  }

  NodePtr operand() {
    auto start = term();
    if (start == nullptr || peek().kind != ItemKind::Field) return start;
    const std::size_t at = peek().at;
    std::vector<std::string> fields;
    while (peek().kind == ItemKind::Field) fields.push_back(next().text.substr(1));
    switch (start->kind) {
      case NodeKind::Field:
      case NodeKind::Variable:
        for (std::string& field : fields) start->names.push_back(std::move(field));
        start->at = at;
        return start;
      case NodeKind::Bool:
      case NodeKind::String:
      case NodeKind::Number:
      case NodeKind::Nil:
      case NodeKind::Dot: fail("unexpected . after term " + quote(start->source()));
      default: break;
    }
    auto chain = node(NodeKind::Chain, at);
    chain->names = std::move(fields);
    chain->children.push_back(std::move(start));
    return chain;
  }

  NodePtr term() {
    const Item item = next_non_space();
    const auto made = [&](NodeKind kind) {
      auto out = node(kind, item.at);
      out->text = item.text;
      return out;
    };
    switch (item.kind) {
      case ItemKind::Identifier:
        if (std::ranges::find(kFunctions, item.text) == std::end(kFunctions))
          fail("function " + quote(item.text) + " not defined");
        return made(NodeKind::Identifier);
      case ItemKind::Dot: return made(NodeKind::Dot);
      case ItemKind::Nil: return made(NodeKind::Nil);
      case ItemKind::Variable: {
        if (std::ranges::find(variables_, item.text) == variables_.end())
          fail("undefined variable " + quote(item.text));
        auto out = made(NodeKind::Variable);
        out->names = {item.text};
        return out;
      }
      case ItemKind::Field: {
        auto out = made(NodeKind::Field);
        out->names = {item.text.substr(1)};
        return out;
      }
      case ItemKind::Bool: {
        auto out = made(NodeKind::Bool);
        out->flag = item.text == "true";
        return out;
      }
      case ItemKind::CharConstant:
      case ItemKind::Complex:
      case ItemKind::Number: {
        auto out = made(NodeKind::Number);
        read_number(*out, item);
        return out;
      }
      case ItemKind::LeftParen: {
        const Nest nest(*this);
        return pipeline("parenthesized pipeline", ItemKind::RightParen);
      }
      case ItemKind::String:
      case ItemKind::RawString: {
        auto out = made(NodeKind::String);
        out->value = string_literal(item);
        return out;
      }
      default: back_up(); return nullptr;
    }
  }

  void read_number(Node& out, const Item& item) {
    const std::string& text = item.text;
    if (item.kind == ItemKind::CharConstant) {
      auto character = unquote(text);
      if (!character) fail(text == "''" ? "invalid syntax" : "malformed character constant: " + text);
      out.integer = static_cast<std::int64_t>(decode_rune(*character).value);
      return;
    }
    // Imaginary constants have no use on Rego's values.
    if (item.kind == ItemKind::Complex || text.ends_with('i')) fail("illegal number syntax: " + quote(text));
    if (auto integer = parse_integer(text)) {
      out.integer = *integer;
      return;
    }
    const bool looks_real = text.find_first_of(".eEpP") != std::string::npos;
    if (auto problem = parse_float_problem(text); problem && *problem != "value out of range")
      fail("illegal number syntax: " + quote(text));
    if (!looks_real) fail("integer overflow: " + quote(text));
    const std::string plain = json_spelling(text);
    out.real = true;
    std::from_chars(plain.data(), plain.data() + plain.size(), out.number);
  }

  /// strconv.ParseInt with base 0.
  static std::optional<std::int64_t> parse_integer(std::string_view text) {
    std::string digits;
    bool negative = false;
    if (text.starts_with('-') || text.starts_with('+')) {
      negative = text[0] == '-';
      text.remove_prefix(1);
    }
    int base = 10;
    if (text.size() > 1 && text[0] == '0') {
      const char letter = static_cast<char>(text[1] | 32);
      base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
      text.remove_prefix(letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1);
    }
    for (char c : text)
      if (c != '_') digits += c;
    if (negative) digits.insert(0, 1, '-');
    std::int64_t out = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), out, base);
    if (problem != std::errc() || end != digits.data() + digits.size() || digits.empty()) return std::nullopt;
    return out;
  }

  Templates& out_;
  Lexer lexer_;
  Item current_;
  std::vector<Item> pending_;  ///< look-ahead, the nearest last
  std::vector<std::string> variables_ = {"$"};
  int action_line_ = 0, ranges_ = 0, depth_ = 0;
};

}  // namespace

std::expected<Templates, std::string> parse(std::string text) {
  Templates out;
  out.text = std::move(text);
  try {
    Parser(out).run();
  } catch (const Complaint& complaint) {
    return std::unexpected(complaint.text);
  }
  return out;
}

}  // namespace signalbox::policy::go::tmpl
