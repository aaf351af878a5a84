// encoding/base64 and encoding/hex, with Go's errors.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace signalbox::policy::go {

enum class Base64 : std::uint8_t { Standard, Url, RawUrl };  ///< RawUrl has no padding

std::string base64_encode(std::string_view bytes, Base64 alphabet = Base64::Standard);
/// Line ends are skipped. Error: "illegal base64 data at input byte 4".
Result<std::string> base64_decode(std::string_view text, Base64 alphabet = Base64::Standard);
/// OPA's base64url.decode: missing padding is added first.
Result<std::string> base64url_decode_lax(std::string_view text);

std::string hex_encode(std::string_view bytes);
Result<std::string> hex_decode(std::string_view text);

}  // namespace signalbox::policy::go
