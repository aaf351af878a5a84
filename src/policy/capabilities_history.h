// The table behind capabilities_of(): what each version of OPA brought. Lists are words with blanks between.
#pragma once

#include <span>
#include <string_view>

namespace signalbox::policy {

/// Built-ins that a version brought.
struct VersionNews {
  std::string_view version, builtins;
};
/// Future keywords and features from a version on, until the next row.
struct VersionLanguage {
  std::string_view version, future_keywords, features;
};

/// Every version, oldest first.
std::string_view opa_versions();
std::span<const VersionNews> builtins_by_version();
std::span<const VersionLanguage> language_by_version();

}  // namespace signalbox::policy
