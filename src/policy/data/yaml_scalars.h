// YAML's scalars as values: YAML 1.1's types by way of Go's, so `yes` is true and 1.0 is 1. Errors are
// go-yaml's sentences.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "policy/value/value.h"

namespace signalbox::policy {

struct YamlScalar {
  std::string_view type;  ///< short tag: !!int
  Value value;
};

/// Neither quoted nor tagged: its spelling says what it is.
std::expected<YamlScalar, std::string> yaml_resolve(Arena& arena, const std::string& text);
std::expected<Value, std::string> yaml_plain(Arena& arena, const std::string& text);

/// With a tag, "tag:yaml.org,2002:int" say. Tags that are not YAML's own make strings.
std::expected<Value, std::string> yaml_tagged(Arena& arena, std::string_view tag, const std::string& text);

}  // namespace signalbox::policy
