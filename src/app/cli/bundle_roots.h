// Whether several bundles may be loaded together: no two may own the same part of `data`.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/diagnostic.h"

namespace signalbox::app::cli {

/// By the bundle's name. Without a manifest a bundle owns everything: the root "".
using BundleRoots = std::map<std::string, std::vector<std::string>>;

/// OPA's complaint, or nothing.
Diagnostics overlapping(const BundleRoots& bundles);

}  // namespace signalbox::app::cli
