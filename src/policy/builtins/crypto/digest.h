// Message digests and HMACs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::policy::crypto {

enum class Digest : std::uint8_t { Md5, Sha1, Sha256, Sha384, Sha512 };

std::string digest(Digest kind, std::string_view text);
std::string hmac(Digest kind, std::string_view key, std::string_view text);
/// Takes the same time wherever the texts differ.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace signalbox::policy::crypto
