// YAML as a tree whose scalars know what they are, and where it stands: what annotations are read from.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/syntax/ast.h"

namespace signalbox::policy::ast {

struct YamlProblem {
  std::uint32_t row = 0;  ///< from 1, in the text given; 0 when unknown
  std::string message;    ///< as go-yaml v3 has it: "yaml: line 2: did not find expected ',' or ']'"
};

struct YamlNode;
using YamlNodePtr = std::shared_ptr<const YamlNode>;  // an anchor's node stands in several places

struct YamlNode {
  enum class Kind : std::uint8_t { Scalar, Sequence, Map };
  Kind kind = Kind::Scalar;
  std::string tag;   ///< !!str, !!int, !!float, !!bool, !!null, !!timestamp, !!binary, !!merge; !!seq, !!map
  std::string text;  ///< of a scalar, as written
  Term value;        ///< of a scalar: null, a boolean, a number or a string
  std::uint32_t row = 0;
  std::vector<YamlNodePtr> children;  ///< of a map key, value, key, ..

  bool is_null() const { return tag == "!!null"; }
};

/// The first document; null where there is none. Nesting is bounded.
std::expected<YamlNodePtr, YamlProblem> read_yaml(std::string_view text);

}  // namespace signalbox::policy::ast
