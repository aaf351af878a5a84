// Schemas: what the host's vocabulary says of input and of actions' parameters, read once for all policies.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine.h"
#include "policy/syntax/ast.h"

namespace signalbox::policy::yaml {

/// What a schema says of a value.
struct FactType {
  std::vector<std::string_view> types;    ///< JSON Schema's names; empty: anything
  std::vector<std::string_view> choices;  ///< of an enumeration; empty: no such
  std::vector<std::string_view> members;  ///< of an object, as far as they are known

  /// Numbers are "number", be they whole or not.
  bool admits(std::string_view type) const;
};

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
  const FactType& type_of(const ast::Object* schema) const;

 private:
  const ast::Object* follow(const ast::Term* schema) const;
  static FactType read_type(const ast::Object& schema);
  ast::Term document_;
  const ast::Object* root_ = nullptr;
  mutable std::map<const ast::Object*, FactType> types_;  ///< those that were asked for
};

/// Borrows the vocabulary. What it gives stays where it is.
class Schemas {
 public:
  explicit Schemas(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

  const Vocabulary& vocabulary() const { return vocabulary_; }
  const InputSchema& input();
  /// Null: anything.
  const ast::Object* parameters(const Vocabulary::Action& action);

 private:
  const Vocabulary& vocabulary_;
  std::optional<InputSchema> input_;
  std::map<std::string, ast::Term, std::less<>> parameters_;  ///< by the action's name
};

}  // namespace signalbox::policy::yaml
