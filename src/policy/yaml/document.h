// Document: a YAML text as a tree with places. The only file here that knows a YAML library is document.cpp.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "policy/syntax/ast.h"

namespace signalbox::policy::yaml {

enum class NodeKind : std::uint8_t { Null, Scalar, List, Map };

struct Field;

struct Node {
  NodeKind kind = NodeKind::Null;
  std::string text;     ///< of a scalar
  bool quoted = false;  ///< a quoted or block scalar: a string whatever it looks like
  bool block = false;   ///< a block scalar, | or >
  std::vector<Node> items;
  std::vector<Field> fields;  ///< keys and values, in the order of the text
  ast::Span span;             ///< row and column where it begins

  const Node* field(std::string_view name) const;
  bool is(NodeKind other) const { return kind == other; }
};

struct Field {
  Node key;
  Node value;
};

/// Nodes of a document, aliases written out: some 50,000 rules.
inline constexpr int kMaxNodes = 1'000'000;
inline constexpr int kMaxDepth = 32;

/// Reads the file's document; a file has one. Aliases are expanded; size and depth are bounded. Keys are
/// scalars, and differ.
std::expected<Node, Diagnostics> read_document(const ast::Source& source);

/// A node without templates as a constant term.
ast::Term to_term(const Node& node);

/// "a list", "a string", ...: how messages name what was found.
std::string_view describe(const Node& node);

}  // namespace signalbox::policy::yaml
