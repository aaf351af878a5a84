// The short way to read a YAML text: libyaml's events, for texts that have nothing but what policies are
// written in.
#pragma once

#include <optional>
#include <string_view>

#include "policy/yaml/document.h"

namespace signalbox::policy::yaml {

/// Nothing when the text has anything else (anchors, tags, bytes beyond ASCII, mistakes): read_fully() has
/// the last word then. Otherwise the same tree as read_fully(), in a tenth of the time; or one that
/// read_fully() refuses although it is YAML: {a: b?c}.
std::optional<Node> read_plainly(std::string_view text);

/// By yaml-cpp: all of YAML, and the complaints that authors see.
std::expected<Node, Diagnostics> read_fully(const ast::Source& source);

}  // namespace signalbox::policy::yaml
