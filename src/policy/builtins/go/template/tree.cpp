// How nodes of a template print, for complaints; and Go's string literals.
#include "policy/builtins/go/template/tree.h"

#include "policy/builtins/go/text.h"

namespace signalbox::policy::go::tmpl {
namespace {

std::string joined(const std::vector<std::string>& names, std::string_view before) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty() || !before.empty()) out += '.';
    out += name;
  }
  return out;
}

std::string in_parens(const Node& node) {
  return node.kind == NodeKind::Pipe ? "(" + node.source() + ")" : node.source();
}

std::string pipe_source(const Node& pipe) {
  std::string out;
  for (std::size_t i = 0; i < pipe.declared.size(); ++i)
    out += (i == 0 ? "" : ", ") + pipe.declared[i]->source();
  if (!pipe.declared.empty()) out += pipe.flag ? " = " : " := ";
  for (std::size_t i = 0; i < pipe.children.size(); ++i)
    out += (i == 0 ? "" : " | ") + pipe.children[i]->source();
  return out;
}

std::string branch_source(std::string_view word, const Node& node) {
  std::string out = "{{" + std::string(word) + " " + node.pipe->source() + "}}" + node.list->source();
  if (node.otherwise) out += "{{else}}" + node.otherwise->source();
  return out + "{{end}}";
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 32);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The escape behind a backslash, taken off `rest`.
bool take_escape(std::string_view& rest, char quote, std::string& out) {
  if (rest.empty()) return false;
  constexpr std::string_view kLetters = "abfnrtv\\", kMeanings = "\a\b\f\n\r\t\v\\";
  const char letter = rest[0];
  rest.remove_prefix(1);
  if (const auto which = kLetters.find(letter); which != std::string_view::npos) {
    out += kMeanings[which];
    return true;
  }
  if (letter == quote) {
    out += quote;
    return true;
  }
  const bool octal = letter >= '0' && letter <= '7';
  const std::size_t count = octal ? 2 : letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  if (count == 0 || rest.size() < count) return false;
  std::uint32_t code = octal ? static_cast<std::uint32_t>(letter - '0') : 0;
  for (char c : rest.substr(0, count)) {
    const int digit = hex_digit(c);
    if (digit < 0 || (octal && digit > 7)) return false;
    code = code * (octal ? 8 : 16) + static_cast<std::uint32_t>(digit);
  }
  rest.remove_prefix(count);
  if (octal || letter == 'x') {
    if (code > 0xFF) return false;
    out += static_cast<char>(code);
    return true;
  }
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
  append_rune(out, code);
  return true;
}

}  // namespace

std::string Node::source() const {
  switch (kind) {
    case NodeKind::List: {
      std::string out;
      for (const NodePtr& child : children) out += child->source();
      return out;
    }
    case NodeKind::Action: return "{{" + pipe->source() + "}}";
    case NodeKind::Break: return "{{break}}";
    case NodeKind::Continue: return "{{continue}}";
    case NodeKind::End: return "{{end}}";
    case NodeKind::Else: return "{{else}}";
    case NodeKind::If: return branch_source("if", *this);
    case NodeKind::With: return branch_source("with", *this);
    case NodeKind::Range: return branch_source("range", *this);
    case NodeKind::Template: return "{{template " + quote(text) + (pipe ? " " + pipe->source() : "") + "}}";
    case NodeKind::Pipe: return pipe_source(*this);
    case NodeKind::Command: {
      std::string out;
      for (std::size_t i = 0; i < children.size(); ++i) out += (i == 0 ? "" : " ") + in_parens(*children[i]);
      return out;
    }
    case NodeKind::Chain: return in_parens(*children[0]) + joined(names, ".");
    case NodeKind::Field: return joined(names, ".");
    case NodeKind::Variable: return joined(names, "");
    case NodeKind::Dot: return ".";
    case NodeKind::Nil: return "nil";
    default: return text;
  }
}

std::expected<std::string, std::string> unquote(std::string_view literal) {
  const std::unexpected<std::string> invalid("invalid syntax");
  if (literal.size() < 2 || literal.front() != literal.back()) return invalid;
  const char quote = literal.front();
  std::string_view rest = literal.substr(1, literal.size() - 2);
  std::string out;
  if (quote == '`') {
    for (char c : rest)
      if (c != '\r') out += c;
    return out;
  }
  while (!rest.empty()) {
    const char c = rest[0];
    rest.remove_prefix(1);
    if (c == quote || c == '\n') return invalid;
    if (c != '\\') {
      out += c;
    } else if (!take_escape(rest, quote, out)) {
      return invalid;
    }
  }
  if (quote == '\'' && rune_count(out) != 1) return invalid;
  return out;
}

}  // namespace signalbox::policy::go::tmpl
