// Strings as Go sees them: UTF-8 with invalid bytes read as U+FFFD one at a time, simple case mappings,
// and strconv.Quote. Built-in results must match OPA's, which are Go's, byte for byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::policy::go {

inline constexpr char32_t kRuneError = 0xFFFD;

struct Rune {
  char32_t value = kRuneError;
  std::uint8_t width = 0;  ///< bytes consumed; 0 at the end of the text
  bool invalid() const { return value == kRuneError && width == 1; }
};

/// The first rune of `text`; an invalid byte is U+FFFD of width 1.
Rune decode_rune(std::string_view text);
/// The last rune of `text`.
Rune decode_last_rune(std::string_view text);
/// Appends UTF-8; surrogates and values above U+10FFFF become U+FFFD.
void append_rune(std::string& out, char32_t rune);
std::size_t rune_count(std::string_view text);
bool is_ascii(std::string_view text);
bool is_valid_utf8(std::string_view text);
/// Byte offset of rune number `index`, or text.size() when there are fewer.
std::size_t rune_offset(std::string_view text, std::size_t index);
/// `text` with every invalid byte replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

char32_t rune_to_lower(char32_t rune);
char32_t rune_to_upper(char32_t rune);
bool is_space(char32_t rune);
bool is_printable(char32_t rune);
bool is_alphanumeric(char32_t rune);

std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
std::string reverse(std::string_view text);
std::string_view trim_space(std::string_view text);
/// strings.TrimLeft / TrimRight with a set of runes.
std::string_view trim_left(std::string_view text, std::string_view cutset);
std::string_view trim_right(std::string_view text, std::string_view cutset);

enum class QuoteStyle : std::uint8_t { Unicode, Ascii };
/// strconv.Quote or QuoteToASCII, with `quote` as the delimiter.
std::string quote(std::string_view text, QuoteStyle style = QuoteStyle::Unicode, char quote = '"');
/// strconv.CanBackquote.
bool can_backquote(std::string_view text);

std::string replace_all(std::string_view text, std::string_view from, std::string_view to);
std::vector<std::string_view> split(std::string_view text, std::string_view separator);
bool equal_fold_ascii(std::string_view a, std::string_view b);

}  // namespace signalbox::policy::go
