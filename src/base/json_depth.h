// How deep a JSON text nests. Libraries that read or write documents follow their nesting with the stack, so
// what strangers send is looked at before.
#pragma once

#include <cstddef>
#include <string_view>

namespace signalbox {

/// Deeper than any document of ours.
inline constexpr std::size_t kDeepestJson = 512;

/// The text; "", which is no JSON, where arrays and objects are nested deeper than that.
std::string_view if_shallow(std::string_view json, std::size_t deepest = kDeepestJson);

}  // namespace signalbox
