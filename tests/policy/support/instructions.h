// Counting instructions, which a busy machine does not change.
#pragma once

#include <cstdint>
#include <functional>

namespace signalbox::policy::test {

/// User-space instructions that `work` takes in a copy of this process, by stepping through them one by one
/// (a few microseconds each, so keep the work small). 0 where a process may not trace its child.
std::uint64_t instructions_of(const std::function<void()>& work);

}  // namespace signalbox::policy::test
