// The Prometheus text form of everything that the gateway counts.
#pragma once

#include <string>

#include "admin/context.h"

namespace signalbox::admin {

std::string exposition(const Context& context);

}  // namespace signalbox::admin
