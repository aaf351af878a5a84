// The fields of a METADATA block, as the YAML in it has them: of the right types, nothing more is checked.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/syntax/ast.h"
#include "policy/syntax/yaml_node.h"

namespace signalbox::policy::ast {

struct AnnotationFields {
  std::string scope, title, description;
  bool entrypoint = false;
  std::vector<std::string> organizations;
  std::vector<Term> related_resources, authors;
  std::vector<Object> schemas;
  std::optional<Object> compile, custom, labels;
};

/// Problems of types are told together, in go-yaml's words.
std::expected<AnnotationFields, YamlProblem> annotation_fields(std::string_view yaml);

/// The value as Go's %s prints what go-yaml made of it: map[a:%!s(int=1)].
std::string go_text(const Term& term);

/// Why OPA refuses the keys of a free-form value: "invalid map key type(s): a/0"; "" when it does not.
std::string key_problem(const Term& term);

}  // namespace signalbox::policy::ast
