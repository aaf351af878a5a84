// Glob patterns (github.com/gobwas/glob, which OPA uses) as RE2 patterns. The rule index uses this too.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace signalbox::policy::builtins {

/// An RE2 pattern that matches a whole text exactly when the glob does. `delimiters` are the runes that `*`
/// and `?` stop at (`**` does not); none means they stop at nothing. The error is gobwas's message.
std::expected<std::string, std::string> glob_to_re2(std::string_view glob,
                                                    std::span<const char32_t> delimiters);

/// The glob that matches `text` and nothing else.
std::string quote_glob(std::string_view text);

}  // namespace signalbox::policy::builtins
