// Compiled patterns, kept per evaluator and bounded. The only file of the built-ins that includes RE2 beside
// regex.cpp.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "policy/builtins/builtin.h"

namespace re2 {
class RE2;
}

namespace signalbox::policy::builtins {

/// Compiles `pattern` with Go's syntax, or says what Go would: "error parsing regexp: missing closing ):
/// `(`".
std::expected<std::unique_ptr<re2::RE2>, std::string> compile_regex(std::string_view pattern);

/// The compiled form of an RE2 pattern, from the evaluator's cache. Valid until the evaluator's next
/// compilation.
std::expected<const re2::RE2*, std::string> cached_regex(BuiltinContext& context, std::string_view pattern);

/// The compiled form of a glob with these delimiters, from the same cache.
std::expected<const re2::RE2*, std::string> cached_glob(BuiltinContext& context, std::string_view glob,
                                                        std::u32string_view delimiters);

/// Charges what searching `text` may cost, which for large patterns is more than to read it. False when a
/// limit is hit: nothing stops RE2 once it searches.
bool charge_search(BuiltinContext& context, const re2::RE2& pattern, std::string_view text);

/// Whether `pattern` matches all of `text` (which globs anchor themselves).
bool matches(const re2::RE2& pattern, std::string_view text);

}  // namespace signalbox::policy::builtins
