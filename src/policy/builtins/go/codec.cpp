// Base64 and hex. Go's decoder reports the byte where it gave up, and policies show that.
#include "policy/builtins/go/codec.h"

#include <array>

#include "policy/builtins/go/text.h"

namespace signalbox::policy::go {
namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> decode_map(std::string_view alphabet) {
  std::array<std::int8_t, 256> map{};
  map.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    map[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return map;
}
constexpr auto kStandardMap = decode_map(kStandard);
constexpr auto kUrlMap = decode_map(kUrl);

std::unexpected<Error> corrupt(std::size_t at) {
  return fail(ErrorCode::InvalidArgument, "illegal base64 data at input byte " + std::to_string(at));
}

bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

/// Checks what follows the first '=' after `have` characters of a group. Returns the offset of the fault, or
/// npos.
std::size_t padding_fault(std::string_view text, std::size_t after, std::size_t have) {
  auto skip = [&] {
    while (after < text.size() && is_line_end(text[after])) ++after;
  };
  if (have < 2) return after - 1;
  if (have == 2) {
    skip();
    if (after == text.size()) return text.size();
    if (text[after] != '=') return after - 1;
    ++after;
  }
  skip();
  return after < text.size() ? after : std::string_view::npos;
}

void append_group(std::string& out, std::uint32_t bits, std::size_t have) {
  bits <<= 6 * (4 - have);
  out += static_cast<char>(bits >> 16);
  if (have > 2) out += static_cast<char>(bits >> 8);
  if (have > 3) out += static_cast<char>(bits);
}

}  // namespace

std::string base64_encode(std::string_view bytes, Base64 alphabet) {
  std::string_view letters = alphabet == Base64::Standard ? kStandard : kUrl;
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k <= have; ++k) out += letters[bits >> (18 - 6 * k) & 63];
    if (alphabet != Base64::RawUrl) out.append(3 - have, '=');
  }
  return out;
}

Result<std::string> base64_decode(std::string_view text, Base64 alphabet) {
  const auto& map = alphabet == Base64::Standard ? kStandardMap : kUrlMap;
  std::string out;
  out.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  std::size_t have = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (int value = map[static_cast<unsigned char>(c)]; value >= 0) {
      bits = bits << 6 | static_cast<std::uint32_t>(value);
      if (++have == 4) append_group(out, bits, 4), bits = 0, have = 0;
      continue;
    }
    if (is_line_end(c)) continue;
    if (c != '=' || alphabet == Base64::RawUrl) return corrupt(i);
    if (auto fault = padding_fault(text, i + 1, have); fault != std::string_view::npos) return corrupt(fault);
    append_group(out, bits, have);
    return out;
  }
  if (have == 0) return out;
  if (have == 1 || alphabet != Base64::RawUrl) return corrupt(text.size() - have);
  append_group(out, bits, have);
  return out;
}

Result<std::string> base64url_decode_lax(std::string_view text) {
  if (text.ends_with('=') || text.size() % 4 == 0) return base64_decode(text, Base64::Url);
  if (text.size() % 4 == 1)
    return fail(ErrorCode::InvalidArgument, "illegal base64url string: " + std::string(text));
  return base64_decode(std::string(text).append(4 - text.size() % 4, '='), Base64::Url);
}

std::string hex_encode(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    out.append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
  }
  return out;
}

Result<std::string> hex_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 2);
  int high = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    int value = c >= '0' && c <= '9'                 ? c - '0'
                : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                     : -1;
    if (value < 0) {
      auto byte = static_cast<unsigned char>(c);
      std::string shown;
      append_rune(shown, byte);
      std::string message = "encoding/hex: invalid byte: U+00" + hex_encode(std::string_view(&c, 1));
      for (char& letter : message)
        if (&letter >= message.data() + message.size() - 2)
          letter = static_cast<char>(rune_to_upper(static_cast<unsigned char>(letter)));
      if (is_printable(byte)) message += " '" + shown + "'";
      return fail(ErrorCode::InvalidArgument, message);
    }
    if (i % 2 == 0)
      high = value;
    else
      out += static_cast<char>(high << 4 | value);
  }
  if (text.size() % 2 != 0) return fail(ErrorCode::InvalidArgument, "encoding/hex: odd length hex string");
  return out;
}

}  // namespace signalbox::policy::go
