// Conversion by the C library, whose tables for encodings of one byte are PostgreSQL's.
// Surprise: windows-1255 and -1258 are left out, because their accents combine: two bytes may become one
// character, and places in the text could not be counted back.
#include "sql/encoding.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <utility>

namespace signalbox::sql {
namespace {

/// "iso-8859-1" -> "ISO88591": as PostgreSQL compares names of encodings.
std::string plain(std::string_view encoding) {
  std::string out;
  for (const char c : encoding) {
    if (c >= 'a' && c <= 'z') out += static_cast<char>(c - 32);
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) out += c;
  }
  return out;
}

/// PostgreSQL's names (pg_encname_tbl) without punctuation, and the C library's.
constexpr auto kSingleByte = std::to_array<std::pair<std::string_view, const char*>>({
    {"ALT", "IBM866"},
    {"ISO88591", "ISO-8859-1"},
    {"ISO885910", "ISO-8859-10"},
    {"ISO885913", "ISO-8859-13"},
    {"ISO885914", "ISO-8859-14"},
    {"ISO885915", "ISO-8859-15"},
    {"ISO885916", "ISO-8859-16"},
    {"ISO88592", "ISO-8859-2"},
    {"ISO88593", "ISO-8859-3"},
    {"ISO88594", "ISO-8859-4"},
    {"ISO88595", "ISO-8859-5"},
    {"ISO88596", "ISO-8859-6"},
    {"ISO88597", "ISO-8859-7"},
    {"ISO88598", "ISO-8859-8"},
    {"ISO88599", "ISO-8859-9"},
    {"KOI8", "KOI8-R"},
    {"KOI8R", "KOI8-R"},
    {"KOI8U", "KOI8-U"},
    {"LATIN1", "ISO-8859-1"},
    {"LATIN10", "ISO-8859-16"},
    {"LATIN2", "ISO-8859-2"},
    {"LATIN3", "ISO-8859-3"},
    {"LATIN4", "ISO-8859-4"},
    {"LATIN5", "ISO-8859-9"},
    {"LATIN6", "ISO-8859-10"},
    {"LATIN7", "ISO-8859-13"},
    {"LATIN8", "ISO-8859-14"},
    {"LATIN9", "ISO-8859-15"},
    {"WIN", "CP1251"},
    {"WIN1250", "CP1250"},
    {"WIN1251", "CP1251"},
    {"WIN1252", "CP1252"},
    {"WIN1253", "CP1253"},
    {"WIN1254", "CP1254"},
    {"WIN1256", "CP1256"},
    {"WIN1257", "CP1257"},
    {"WIN866", "IBM866"},
    {"WIN874", "CP874"},
    {"WINDOWS1250", "CP1250"},
    {"WINDOWS1251", "CP1251"},
    {"WINDOWS1252", "CP1252"},
    {"WINDOWS1253", "CP1253"},
    {"WINDOWS1254", "CP1254"},
    {"WINDOWS1256", "CP1256"},
    {"WINDOWS1257", "CP1257"},
    {"WINDOWS866", "IBM866"},
    {"WINDOWS874", "CP874"},
});

constexpr auto kMayHideAscii = std::to_array<std::string_view>(
    {"SJIS",       "SHIFTJIS2004", "BIG5",       "GBK",        "UHC",    "GB18030",    "JOHAB",
     "SHIFTJIS",   "MSKANJI",      "WIN932",     "WINDOWS932", "WIN936", "WINDOWS936", "WIN949",
     "WINDOWS949", "WIN950",       "WINDOWS950", "CP932",      "CP936",  "CP949"});

Encoding known(const std::string& name) {
  if (name.empty() || name == "UTF8" || name == "UNICODE") return Encoding::Utf8;
  if (std::ranges::find(kMayHideAscii, name) != kMayHideAscii.end()) return Encoding::MayHideAscii;
  const auto at = std::ranges::find(kSingleByte, name, &std::pair<std::string_view, const char*>::first);
  return at == kSingleByte.end() ? Encoding::Unknown : static_cast<Encoding>(at - kSingleByte.begin() + 1);
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

}  // namespace

bool is_beyond_ascii(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<signed char>(c) < 0; });
}

Encoding encoding_of(std::string_view client, std::string_view server) {
  constexpr std::string_view kNotConverted = "SQLASCII";
  const std::string of_client = plain(client), of_server = plain(server);
  const Encoding sent = known(of_client);
  if (sent == Encoding::MayHideAscii) return sent;
  if (of_server == kNotConverted) return Encoding::Utf8;
  return of_client == kNotConverted ? known(of_server) : sent;
}

bool is_one_encoding(std::string_view client, std::string_view server) {
  return (server.empty() || server == "UTF8") && (client == "UTF8" || client == "SQL_ASCII");
}

std::optional<std::string> to_utf8(std::string_view text, Encoding encoding) {
  const auto index = static_cast<std::size_t>(encoding) - 1;
  const iconv_t converter =
      index < kSingleByte.size() ? ::iconv_open("UTF-8", kSingleByte[index].second) : iconv_t(-1);
  if (converter == iconv_t(-1)) return std::nullopt;
  std::string out(text.size() * 3, '\0');
  std::string in(text);
  char *from = in.data(), *to = out.data();
  std::size_t left = in.size(), room = out.size();
  const bool whole = ::iconv(converter, &from, &left, &to, &room) == 0;
  ::iconv_close(converter);
  if (!whole || left > 0) return std::nullopt;
  out.resize(out.size() - room);
  return out;
}

Places::Places(std::string_view utf8) {
  for (std::size_t i = 0; i < utf8.size(); ++i)
    if (is_continuation(utf8[i])) continued_.push_back(static_cast<std::uint32_t>(i));
}

std::uint32_t Places::original(std::uint32_t place) const {
  const auto before = std::ranges::lower_bound(continued_, place) - continued_.begin();
  return place - static_cast<std::uint32_t>(before);
}

}  // namespace signalbox::sql
