// The version of this build.
#pragma once

#include <string_view>

namespace signalbox::app {

inline constexpr std::string_view kVersion = SIGNALBOX_VERSION;

}  // namespace signalbox::app
