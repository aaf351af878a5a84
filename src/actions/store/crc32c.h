// CRC-32C (Castagnoli): the check sum of segment frames. Uses the processor's instruction where there is one.
#pragma once

#include <cstdint>
#include <string_view>

namespace signalbox::actions {

/// `seed` is the check sum of what came before, 0 at the start.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);
/// The portable form, for the test that both agree.
std::uint32_t crc32c_table(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace signalbox::actions
