// YAML by yaml-cpp, copied into a tree of our own that keeps rows and columns; most texts take the short way
// (plain.h).
#include "policy/yaml/document.h"

#include <yaml-cpp/yaml.h>

#include "policy/syntax/yaml_term.h"
#include "policy/yaml/plain.h"

namespace signalbox::policy::yaml {
namespace {

class Reader {
 public:
  Node read(const YAML::Node& from, int depth) {
    if (depth > kMaxDepth) throw YAML::Exception(from.Mark(), "the document is nested too deeply");
    if (++nodes_ > kMaxNodes)
      throw YAML::Exception(from.Mark(), "the document is too large: spread the rules over several files");
    Node out;
    const YAML::Mark mark = from.Mark();
    out.span = {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1),
                static_cast<std::uint32_t>(mark.pos), static_cast<std::uint32_t>(mark.pos),
                static_cast<std::uint32_t>(mark.pos)};
    switch (from.Type()) {
      case YAML::NodeType::Scalar:
        out.kind = NodeKind::Scalar;
        out.text = from.Scalar();
        out.quoted = from.Tag() == "!";
        break;
      case YAML::NodeType::Sequence:
        out.kind = NodeKind::List;
        for (const auto& item : from) out.items.push_back(read(item, depth + 1));
        break;
      case YAML::NodeType::Map:
        out.kind = NodeKind::Map;
        for (const auto& field : from) {
          Node key = read(field.first, depth + 1);
          // An empty value has no place of its own.
          Node value = read(field.second, depth + 1);
          if (field.second.IsNull()) value.span = key.span;
          out.fields.push_back({std::move(key), std::move(value)});
        }
        break;
      default: break;
    }
    return out;
  }

 private:
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
  if (auto plain = read_plainly(source.text)) return std::move(*plain);
  return read_fully(source);
}

std::expected<Node, Diagnostics> read_fully(const ast::Source& source) {
  try {
    return Reader().read(YAML::Load(source.text), 0);
  } catch (const YAML::Exception& problem) {
    Diagnostic diagnostic;
    diagnostic.code = "policy_yaml_error";
    diagnostic.message = problem.msg;
    diagnostic.at.file = source.name;
    if (!problem.mark.is_null()) {
      diagnostic.at.row = static_cast<std::uint32_t>(problem.mark.line + 1);
      diagnostic.at.col = static_cast<std::uint32_t>(problem.mark.column + 1);
      diagnostic.source_line = line_of(source.text, diagnostic.at.row);
    }
    return std::unexpected(Diagnostics{std::move(diagnostic)});
  }
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
