// NamePattern: which tests are run, `-r`.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "base/diagnostic.h"

namespace re2 {
class RE2;
}

namespace signalbox::policy::testing {

class NamePattern {
 public:
  /// A regular expression (RE2) that is looked for in "data.package.test_name"; empty = all. One that cannot
  /// be read names the command line, not a file.
  static std::expected<NamePattern, Diagnostics> read(const std::string& pattern);
  bool matches(std::string_view package, std::string_view name) const;

 private:
  std::shared_ptr<const re2::RE2> expression_;
};

}  // namespace signalbox::policy::testing
