// Paths and {{ templates }}. A parameter's value is put in at load time and keeps its type when it stands
// alone; a fact is put in when the rule is evaluated, as text (a template string: a missing fact never loses
// the action).
#include <algorithm>

#include "policy/syntax/print.h"
#include "policy/yaml/fact.h"

namespace signalbox::policy::yaml {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

const Node* parameter(Reader& reader, std::string_view path, const ast::Span& at) {
  const Node* found = reader.parameters;
  std::vector<std::string_view> names;
  for (std::string_view part : split_at_dots(path)) {
    names.clear();
    if (found != nullptr) {
      for (const auto& [key, value] : found->fields) names.push_back(key.text);
      found = found->field(part);
    }
    if (found == nullptr) {
      reader.unknown("policy_unknown_parameter", at, fmt::format("there is no parameter {}", path), part,
                     names);
      return nullptr;
    }
  }
  return found;
}

std::string text_of(const ast::Term& term) {
  const auto* text = ast::as<ast::String>(term);
  return text == nullptr ? ast::to_text(term) : text->value;
}

/// A text with {{ }} in pieces.
class Template {
 public:
  Template(Reader& reader, const Node& node) : reader_(reader), node_(node) {}

  ast::Term read() {
    std::string_view rest = node_.text;
    for (auto open = rest.find("{{"); open != std::string_view::npos; open = rest.find("{{")) {
      const auto close = rest.find("}}", open);
      if (close == std::string_view::npos) {
        reader_.error("policy_bad_template", node_.span, "{{ without }}");
        break;
      }
      text_ += rest.substr(0, open);
      const bool alone = open == 0 && close + 2 == node_.text.size();
      if (auto whole = insert(trim(rest.substr(open + 2, close - open - 2)), alone)) return std::move(*whole);
      rest.remove_prefix(close + 2);
    }
    text_ += rest;
    if (parts_.parts.empty()) return ast::make_string(std::move(text_), node_.span);
    flush();
    return {std::move(parts_), node_.span};
  }

 private:
  void flush() {
    if (!text_.empty())
      parts_.parts.emplace_back(ast::Box<ast::Term>(ast::make_string(std::move(text_), node_.span)));
    text_.clear();
  }

  /// A parameter that stands alone is the whole value.
  std::optional<ast::Term> insert(std::string_view path, bool alone) {
    constexpr std::string_view kParameters = "parameters.";
    if (path.starts_with(kParameters)) {
      const Node* value = parameter(reader_, path.substr(kParameters.size()), node_.span);
      if (value == nullptr) return {};
      if (alone) return to_term(*value);
      text_ += text_of(to_term(*value));
      return {};
    }
    ast::Body elements;
    auto fact = find_fact(reader_, path, node_.span, elements);
    if (!fact) return {};
    if (!elements.empty()) {
      reader_.error("policy_bad_template", node_.span,
                    fmt::format("{} has many values: a template needs one", path));
      return {};
    }
    flush();
    ast::Expr expr;
    expr.span = node_.span;
    expr.node = std::move(fact->term);
    parts_.parts.emplace_back(ast::Box<ast::Expr>(std::move(expr)));
    return {};
  }

  Reader& reader_;
  const Node& node_;
  std::string text_;
  ast::TemplateString parts_;
};

}  // namespace

ast::Term templated(Reader& reader, const Node& node) {
  switch (node.kind) {
    case NodeKind::Scalar:
      if (node.text.find("{{") != std::string::npos) return Template(reader, node).read();
      return to_term(node);
    case NodeKind::List: {
      ast::Array out;
      for (const Node& item : node.items) out.items.push_back(templated(reader, item));
      return {std::move(out), node.span};
    }
    case NodeKind::Map: {
      ast::Object out;
      for (const auto& [key, value] : node.fields)
        out.items.push_back({to_term(key), templated(reader, value)});
      return {std::move(out), node.span};
    }
    case NodeKind::Null: break;
  }
  return ast::make_null(node.span);
}

}  // namespace signalbox::policy::yaml
