// Complaints about DER: only the outermost header is looked at, which is where foreign bytes go wrong.
#include "policy/builtins/crypto/der.h"

#include <fmt/format.h>

#include <cstdint>

namespace signalbox::policy::crypto {

std::string der_problem(std::string_view der, std::string_view structure) {
  if (der.empty()) return "asn1: syntax error: sequence truncated";
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(der[i]); };
  if (der.size() < 2) return "asn1: syntax error: truncated tag or length";
  std::size_t header = 2, length = byte(1);
  if (length >= 0x80) {
    const std::size_t count = length & 0x7F;
    if (count == 0) return "asn1: syntax error: indefinite length found (not DER)";
    if (count > 4) return "asn1: structure error: length too large";
    if (der.size() < 2 + count) return "asn1: syntax error: truncated tag or length";
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | byte(2 + i);
    header += count;
  }
  constexpr unsigned char kSequence = 0x30;
  if (byte(0) != kSequence)
    return fmt::format(
        "asn1: structure error: tags don't match (16 vs {{class:{} tag:{} length:{} isCompound:{}}}) "
        "{{optional:false "
        "explicit:false application:false private:false defaultValue:<nil> tag:<nil> stringType:0 timeType:0 "
        "set:false "
        "omitEmpty:false}} {} @{}",
        byte(0) >> 6, byte(0) & 0x1F, length, (byte(0) & 0x20) != 0, structure, header);
  if (der.size() - header < length) return "asn1: syntax error: data truncated";
  return "asn1: structure error";
}

}  // namespace signalbox::policy::crypto
