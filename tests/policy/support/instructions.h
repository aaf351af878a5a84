// Counting instructions of the calling thread, which a busy machine does not change.
#pragma once

#include <cstdint>
#include <functional>

namespace signalbox::policy::test {

/// User-space instructions that `work` took; 0 where the kernel does not let us count.
std::uint64_t instructions_of(const std::function<void()>& work);

}  // namespace signalbox::policy::test
