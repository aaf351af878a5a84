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

namespace signalbox::policy::yaml {

/// A JSON Schema of documents, asked for paths. Knows nothing when there is no schema.
class InputSchema {
 public:
  explicit InputSchema(std::string_view json);

  struct Step {
    bool known = true;                    ///< false: the schema has no such member here
    bool array = false;                   ///< what is reached is an array
    const ast::Object* below = nullptr;   ///< its schema; null: anything
    std::vector<std::string_view> names;  ///< members that there are, when not known
  };
  const ast::Object* root() const { return root_; }
  /// Steps from a schema (null: anything) to its member `name`.
  Step member(const ast::Object* schema, std::string_view name) const;
  /// The schema of what a dotted path leads to; null when it says nothing.
  const ast::Object* at(std::string_view path) const;
  /// The schema of an array's elements.
  const ast::Object* elements(const ast::Object* schema) const;

 private:
  const ast::Object* follow(const ast::Term* schema) const;
  ast::Term document_;
  const ast::Object* root_ = nullptr;
};

struct Reader {
  ast::SourcePtr source;
  const Vocabulary& vocabulary;
  InputSchema schema;
  const Node* parameters = nullptr;  ///< the policy's `parameters`; may be null
  Diagnostics errors;
  std::uint32_t variables = 0;

  Reader(ast::SourcePtr text, const Vocabulary& words)
      : source(std::move(text)), vocabulary(words), schema(words.input_schema) {}

  void error(std::string_view code, const ast::Span& at, std::string message, std::string hint = {});
  /// An error about `word`, which should have been one of `words`: the nearest is suggested.
  void unknown(std::string_view code, const ast::Span& at, std::string message, std::string_view word,
               const std::vector<std::string_view>& words);
  /// Reports fields of `map` that are none of `known`.
  void check_fields(const Node& map, std::string_view what, const std::vector<std::string_view>& known);
  std::string fresh_variable() { return fmt::format("item{}", ++variables); }
};

/// input.PATH for a dotted path (`input.` may be written), as far as it goes without walking an array. Behind
/// an array each element is bound to a variable by an expression added to `body`. Null when the path is wrong
/// (reported).
std::optional<ast::Term> path_term(Reader& reader, std::string_view path, const ast::Span& at,
                                   ast::Body& body);

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

/// The objects that the `then` of a rule stands for.
std::vector<ast::Term> read_actions(Reader& reader, const Node& then, const ActionDefaults& defaults);

/// Rego in a scalar of the file: `when`. Places are those in the file.
std::optional<ast::Body> read_rego(Reader& reader, const Node& node);

// Making expressions.
ast::Expr call_expr(std::string_view op, std::vector<ast::Term> operands, const ast::Span& at);
ast::Expr any_of(std::vector<ast::Body> alternatives, const ast::Span& at);
ast::Expr none_of(ast::Body body, const ast::Span& at);

}  // namespace signalbox::policy::yaml
