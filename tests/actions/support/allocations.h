// Counts calls of operator new on this thread: what a test may assert about speed.
#pragma once

#include <cstddef>

namespace signalbox::actions::testing {
std::size_t allocations();
}
