// The detectors of this build, and what is made of their list.
#pragma once

#include <span>
#include <string>

#include "proxy/signals/detector.h"

namespace signalbox::proxy {

/// Sorted by name.
std::span<const Detector* const> detectors();

/// docs/signals.md, whole.
std::string signals_markdown();

}  // namespace signalbox::proxy
