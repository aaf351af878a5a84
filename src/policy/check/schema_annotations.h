// Schemas in annotations: which of them hold for a rule, and the types they give its documents.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/check/context.h"
#include "policy/check/schema_types.h"
#include "policy/check/type_env.h"

namespace signalbox::policy::check {

/// Of all modules; a package's annotations hold for its rules in every file. The modules outlive it.
class SchemaAnnotations {
 public:
  explicit SchemaAnnotations(Context& context);

  /// The type of `input` that the schema named `schema` gives it everywhere; null without one.
  TypePtr input() const { return input_; }
  /// Gives documents the types that the annotations of the subpackages above the rule, of its package, its
  /// document and itself say, the nearest last. What is wrong with a schema is an error of the rule.
  void apply(TypeEnv& env, const ast::Module& module, const ast::Rule& rule);

 private:
  using Found = std::vector<const ast::Annotations*>;
  Found holding_for(const ast::Module& module, const ast::Rule& rule) const;
  std::expected<TypePtr, std::string> type_of(const ast::SchemaAnnotation& schema);
  std::expected<TypePtr, std::string> named(const ast::Ref& name);

  TypePtr read(const std::string& text, const std::string& file, SchemaSense sense);

  Context& context_;
  TypePtr input_;                                                    ///< everywhere
  TypePtr host_input_;                                               ///< in the packages that the host asks
  std::map<std::string, Found> subpackages_, packages_, documents_;  ///< by path
  std::map<std::string, TypePtr> named_;                             ///< known types of named schemas
};

}  // namespace signalbox::policy::check
