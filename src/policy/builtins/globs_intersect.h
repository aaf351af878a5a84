// Do two simple globs (characters, '.', [sets], each with * or +) match a common text?
// The answers, also where they are approximate, are those of github.com/yashtewari/glob-intersection, which
// OPA uses.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "policy/limits.h"

namespace signalbox::policy::builtins {

/// The error is the library's message.
std::expected<bool, std::string> globs_intersect(std::string_view left, std::string_view right, Meter& meter);

}  // namespace signalbox::policy::builtins
