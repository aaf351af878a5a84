// Go's unicode/utf8, unicode, strings and strconv.Quote, as far as Rego's built-ins show them.
// The surprise: a Rego string may hold bytes that are not UTF-8 (base64.decode makes them), and Go reads each
// such byte as one U+FFFD; so do we, everywhere.
#include "policy/builtins/go/text.h"

#include <algorithm>
#include <span>

#include "policy/builtins/go/parts.h"
#include "policy/builtins/go/unicode_tables.h"

namespace signalbox::policy::go {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

bool in_ranges(std::span<const RuneRange> ranges, char32_t rune) {
  auto after = std::upper_bound(ranges.begin(), ranges.end(), rune,
                                [](char32_t r, const RuneRange& range) { return r < range.lo; });
  return after != ranges.begin() && rune <= std::prev(after)->hi;
}

char32_t mapped(std::span<const CaseRun> runs, char32_t rune) {
  // Runs of different stride may interleave, so a few before the nearest one can still cover the rune.
  auto after = std::upper_bound(runs.begin(), runs.end(), rune,
                                [](char32_t r, const CaseRun& run) { return r < run.lo; });
  for (int back = 0; back < 4 && after != runs.begin(); ++back) {
    const CaseRun& run = *--after;
    if (rune <= run.hi && (rune - run.lo) % run.stride == 0)
      return static_cast<char32_t>(static_cast<std::int32_t>(rune) + run.delta);
  }
  return rune;
}

template <class Map>
std::string map_runes(std::string_view text, Map map) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    Rune rune = decode_rune(text);
    append_rune(out, map(rune.value));
    text.remove_prefix(rune.width);
  }
  return out;
}

void append_hex_escape(std::string& out, char kind, char32_t value, int digits) {
  out += '\\';
  out += kind;
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += kHexDigits[(value >> shift) & 0xF];
}

void append_escaped(std::string& out, Rune rune, unsigned char byte, char quote, QuoteStyle style) {
  if (rune.invalid()) return append_hex_escape(out, 'x', byte, 2);
  char32_t r = rune.value;
  if (r == static_cast<char32_t>(quote) || r == '\\') {
    out += '\\';
    out += static_cast<char>(r);
    return;
  }
  if (style == QuoteStyle::Ascii ? (r < 0x80 && is_printable(r)) : is_printable(r))
    return append_rune(out, r);
  static constexpr std::string_view kNamed = "\a\b\f\n\r\t\v", kLetters = "abfnrtv";
  if (r < 0x20)
    if (auto at = kNamed.find(static_cast<char>(r)); at != std::string_view::npos) {
      out += '\\';
      out += kLetters[at];
      return;
    }
  if (r < 0x20 || r == 0x7F) return append_hex_escape(out, 'x', r, 2);
  if (r < 0x10000) return append_hex_escape(out, 'u', r, 4);
  append_hex_escape(out, 'U', r, 8);
}

}  // namespace

Rune decode_rune(std::string_view text) {
  if (text.empty()) return {};
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  std::uint8_t need = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < need) return {kRuneError, 1};
  char32_t value = first & (0xFF >> (need + 1));
  for (std::uint8_t i = 1; i < need; ++i) {
    if (!is_continuation(text[i])) return {kRuneError, 1};
    value = value << 6 | (byte(i) & 0x3F);
  }
  bool overlong = (need == 3 && value < 0x800) || (need == 4 && value < 0x10000);
  if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {kRuneError, 1};
  return {value, need};
}

Rune decode_last_rune(std::string_view text) {
  for (std::size_t width = 1; width <= 4 && width <= text.size(); ++width) {
    std::string_view tail = text.substr(text.size() - width);
    if (is_continuation(tail[0])) continue;
    Rune rune = decode_rune(tail);
    if (rune.width == width) return rune;
    break;
  }
  return text.empty() ? Rune{} : Rune{kRuneError, 1};
}

void append_rune(std::string& out, char32_t rune) {
  if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF)) rune = kRuneError;
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xC0 | rune >> 6);
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    out += static_cast<char>(0xE0 | rune >> 12);
    out += static_cast<char>(0x80 | (rune >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | rune >> 18);
    out += static_cast<char>(0x80 | (rune >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (rune >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  }
}

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

std::size_t rune_count(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(decode_rune(text).width);
  return count;
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    Rune rune = decode_rune(text);
    if (rune.invalid()) return false;
    text.remove_prefix(rune.width);
  }
  return true;
}

std::size_t rune_offset(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += decode_rune(text.substr(at)).width;
  return at;
}

std::string to_valid_utf8(std::string_view text) {
  return map_runes(text, [](char32_t r) { return r; });
}

char32_t rune_to_lower(char32_t r) {
  if (r < 0x80) return r >= 'A' && r <= 'Z' ? r + 32 : r;
  return mapped(kToLower, r);
}

char32_t rune_to_upper(char32_t r) {
  if (r < 0x80) return r >= 'a' && r <= 'z' ? r - 32 : r;
  return mapped(kToUpper, r);
}

bool is_space(char32_t r) {
  if (r < 0x100) return r == ' ' || (r >= '\t' && r <= '\r') || r == 0x85 || r == 0xA0;
  return r == 0x1680 || (r >= 0x2000 && r <= 0x200A) || r == 0x2028 || r == 0x2029 || r == 0x202F ||
         r == 0x205F || r == 0x3000;
}

bool is_printable(char32_t r) {
  return r < 0x80 ? r >= 0x20 && r < 0x7F : in_ranges(kPrintable, r);
}

bool is_alphanumeric(char32_t r) {
  if (r >= 0x80) return in_ranges(kAlphanumeric, r);
  return (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z');
}

std::string to_lower(std::string_view text) {
  return map_runes(text, rune_to_lower);
}
std::string to_upper(std::string_view text) {
  return map_runes(text, rune_to_upper);
}

std::string reverse(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    Rune rune = decode_last_rune(text);
    append_rune(out, rune.value);
    text.remove_suffix(rune.width);
  }
  return out;
}

std::string_view trim_space(std::string_view text) {
  for (Rune r = decode_rune(text); r.width && is_space(r.value); r = decode_rune(text))
    text.remove_prefix(r.width);
  for (Rune r = decode_last_rune(text); r.width && is_space(r.value); r = decode_last_rune(text))
    text.remove_suffix(r.width);
  return text;
}

namespace {
bool contains_rune(std::string_view set, char32_t rune) {
  while (!set.empty()) {
    Rune r = decode_rune(set);
    if (r.value == rune) return true;
    set.remove_prefix(r.width);
  }
  return false;
}
}  // namespace

std::string_view trim_left(std::string_view text, std::string_view cutset) {
  for (Rune r = decode_rune(text); r.width && contains_rune(cutset, r.value); r = decode_rune(text))
    text.remove_prefix(r.width);
  return text;
}

std::string_view trim_right(std::string_view text, std::string_view cutset) {
  for (Rune r = decode_last_rune(text); r.width && contains_rune(cutset, r.value); r = decode_last_rune(text))
    text.remove_suffix(r.width);
  return text;
}

std::string quote(std::string_view text, QuoteStyle style, char quote) {
  std::string out(1, quote);
  out.reserve(text.size() + 2);
  while (!text.empty()) {
    Rune rune = decode_rune(text);
    append_escaped(out, rune, static_cast<unsigned char>(text[0]), quote, style);
    text.remove_prefix(rune.width);
  }
  out += quote;
  return out;
}

bool can_backquote(std::string_view text) {
  while (!text.empty()) {
    Rune r = decode_rune(text);
    if (r.invalid() || r.value == 0xFEFF || r.value == '`' || r.value == 0x7F) return false;
    if (r.value < 0x20 && r.value != '\t') return false;
    text.remove_prefix(r.width);
  }
  return true;
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  std::size_t start = 0;
  for (auto at = find_text(text, from); at != std::string_view::npos && !from.empty();
       at = find_text(text, from, start)) {
    out.append(text, start, at - start).append(to);
    start = at + from.size();
  }
  return out.append(text.substr(start));
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for_each_part(text, separator, [&](std::string_view part) { parts.push_back(part); });
  return parts;
}

bool equal_fold_ascii(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return rune_to_lower(static_cast<unsigned char>(x)) == rune_to_lower(static_cast<unsigned char>(y));
  });
}

}  // namespace signalbox::policy::go
