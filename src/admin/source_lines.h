// The lines of a policy set's files, for those who quote them.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "policy/engine.h"

namespace signalbox::admin {

/// Borrows the set, which may be null. A file is cut into lines when the first of them is asked for.
class SourceLines {
 public:
  explicit SourceLines(const policy::PolicySet* set);

  /// The line, without the spaces around it; "" when it is not known.
  std::string_view at(const SourcePosition& place);

 private:
  struct File {
    std::string_view text;
    std::vector<std::string_view> lines;
  };
  std::map<std::string_view, File> files_;  // by name
};

}  // namespace signalbox::admin
