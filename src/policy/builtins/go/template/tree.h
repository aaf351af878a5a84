// A parsed Go template: nodes, and the templates that it defines.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::policy::go::tmpl {

enum class NodeKind : std::uint8_t {
  Text,
  Action,
  Break,
  Continue,
  If,
  With,
  Range,
  Template,
  List,  // what is walked
  Pipe,
  Command,
  Bool,
  Chain,
  Dot,
  Field,
  Identifier,
  Nil,
  Number,
  String,
  Variable,  // operands
  End,
  Else,  // only while parsing
};

struct Node;
using NodePtr = std::unique_ptr<Node>;

struct Node {
  NodeKind kind;
  std::size_t at = 0;              ///< byte of the template, for complaints
  std::string text;                ///< as written: text, literal, name of a function or template
  std::string value;               ///< a string literal's meaning
  std::vector<std::string> names;  ///< of a field, variable or chain: `.a.b` is {"a", "b"}
  bool flag = false;               ///< Bool: its value; Pipe: assigns instead of declaring
  bool real = false;               ///< Number: a floating-point constant
  std::int64_t integer = 0;
  double number = 0;
  std::vector<NodePtr> declared;  ///< Pipe: variables
  std::vector<NodePtr> children;  ///< List: nodes; Pipe: commands; Command: operands; Chain: its start
  NodePtr pipe, list, otherwise;

  explicit Node(NodeKind node_kind, std::size_t position) : kind(node_kind), at(position) {}
  /// The node as a template's source spells it.
  std::string source() const;
};

struct Templates {
  std::string text;
  std::map<std::string, NodePtr, std::less<>> roots;  ///< "template" is the outermost
};

/// The name that OPA gives to a template.
inline constexpr std::string_view kMainTemplate = "template";

/// Errors read as Go's: `template: template:1: unexpected EOF`.
std::expected<Templates, std::string> parse(std::string text);

/// strconv.Unquote of a literal in double, single or back quotes; nothing when it is malformed.
std::expected<std::string, std::string> unquote(std::string_view literal);

}  // namespace signalbox::policy::go::tmpl
