// What the parts of the YAML front end share: where errors go, the vocabulary, the policy's constants.
// Internal.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine.h"
#include "policy/syntax/ast.h"
#include "policy/yaml/document.h"
#include "policy/yaml/schemas.h"

namespace signalbox::policy::yaml {

struct Reader {
  ast::SourcePtr source;
  Schemas& schemas;
  const Vocabulary& vocabulary;
  const InputSchema& schema;
  const Node* parameters = nullptr;  ///< the policy's `parameters`; may be null
  Diagnostics errors;
  std::uint32_t variables = 0;
  std::string stem = "item";  ///< of generated variables: a word that the text does not have

  Reader(ast::SourcePtr text, Schemas& known)
      : source(std::move(text)), schemas(known), vocabulary(known.vocabulary()), schema(known.input()) {
    while (source->text.find(stem) != std::string::npos) stem += '_';
  }

  void error(std::string_view code, const ast::Span& at, std::string message, std::string hint = {});
  /// An error about `word`, which should have been one of `words`: the nearest is suggested.
  void unknown(std::string_view code, const ast::Span& at, std::string message, std::string_view word,
               const std::vector<std::string_view>& words);
  /// Reports fields of `map` that are none of `known`.
  void check_fields(const Node& map, std::string_view what, const std::vector<std::string_view>& known);
  std::string fresh_variable() { return fmt::format("{}{}", stem, ++variables); }
};

/// Conditions of `match`, added to `body`.
void read_match(Reader& reader, const Node& match, ast::Body& body);

/// A scalar, list or map of an action's parameter, with {{ }} filled in.
ast::Term templated(Reader& reader, const Node& node);

/// What every action of a rule gets unless it says otherwise.
struct ActionDefaults {
  bool shadow = false;
  std::optional<ast::Term> priority;
  std::optional<ast::Term> final;
  std::vector<std::string> hooks;  ///< where the rule is asked
};

/// The objects that the `then` of a rule stands for, those without mistakes.
std::vector<ast::Term> read_actions(Reader& reader, const Node& then, const ActionDefaults& defaults);

/// Rego in a scalar of the file: `when`. Places are those in the file.
std::optional<ast::Body> read_rego(Reader& reader, const Node& node);

// Making expressions.
ast::Expr call_expr(std::string_view op, std::vector<ast::Term> operands, const ast::Span& at);
ast::Expr any_of(std::vector<ast::Body> alternatives, const ast::Span& at);
ast::Expr none_of(ast::Body body, const ast::Span& at);

}  // namespace signalbox::policy::yaml
