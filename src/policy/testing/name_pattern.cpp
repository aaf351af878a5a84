// Package and name are matched as one text, as OPA does it, so that a pattern may reach over the dot.
#include "policy/testing/name_pattern.h"

#include <re2/re2.h>

namespace signalbox::policy::testing {

std::expected<NamePattern, Diagnostics> NamePattern::read(const std::string& pattern) {
  NamePattern out;
  out.expression_ = std::make_shared<const RE2>(pattern, RE2::Quiet);
  if (out.expression_->ok()) return out;
  return std::unexpected(
      Diagnostics{{Severity::Error, "test_bad_pattern", out.expression_->error(), {}, {}, {}}});
}

bool NamePattern::matches(std::string_view package, std::string_view name) const {
  std::string whole(package);
  whole.append(".").append(name);
  return RE2::PartialMatch(whole, *expression_);
}

}  // namespace signalbox::policy::testing
