// Formatting: Rego in the one layout that everybody uses, byte for byte that of `opa fmt` (the rules are
// those of OPA's formatter, Apache-2.0). Line breaks of the author between elements are kept, everything else
// is decided here.
#pragma once

#include <expected>
#include <string>

#include "base/diagnostic.h"
#include "policy/syntax/parsing.h"

namespace signalbox::policy::fmt_rego {

struct FormatOptions {
  ast::RegoVersion version = ast::RegoVersion::V1;
  /// Leave out `rego.v1` and `future.keywords` imports that the version makes redundant.
  bool drop_v0_imports = false;
};

/// The text formatted; parse errors otherwise. Formatting twice changes nothing more.
std::expected<std::string, Diagnostics> format_source(const std::string& name, const std::string& text,
                                                      const FormatOptions& options = {});

/// A parsed module formatted; it must have its source.
std::string format_module(const ast::Module& module, const FormatOptions& options = {});

}  // namespace signalbox::policy::fmt_rego
