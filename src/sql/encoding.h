// A statement's text in the client's encoding, as the UTF-8 that policies are written in.
//
// PostgreSQL converts a text before it reads it, so a name is the same name in every encoding; facts have to
// be, too. Encodings of one byte a character are converted here. Of the others a text of plain ASCII is
// itself, and the rest is not analysed (analyze.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::sql {

/// A byte above 127 occurs.
bool is_beyond_ascii(std::string_view text);

/// How a text's bytes are to be read; a small number, to be kept with a text.
enum class Encoding : std::uint8_t {
  Utf8 = 0,  ///< as it is
  // 1 .. 252: one byte a character, by the table in encoding.cpp
  MayHideAscii = 254,  ///< SJIS, BIG5, GBK, ...: even quotes cannot be found without converting
  Unknown = 255,       ///< only its ASCII can be read
};

/// What PostgreSQL makes of a text from a client of that encoding in a database of that one ("" = UTF8).
/// SQL_ASCII means "not converted", on either side. Names as PostgreSQL takes them, in any case and with any
/// punctuation.
Encoding encoding_of(std::string_view client, std::string_view server);

/// The bytes of a name are the same whatever of these a session's encoding has been: UTF-8 throughout.
bool is_one_encoding(std::string_view client, std::string_view server);

/// In UTF-8, from an encoding of one byte a character; nothing from another, or when a byte has no meaning.
std::optional<std::string> to_utf8(std::string_view text, Encoding encoding);

/// Places in a text in UTF-8 as places in the text of one byte a character that it was made of.
class Places {
 public:
  explicit Places(std::string_view utf8);
  std::uint32_t original(std::uint32_t place) const;

 private:
  std::vector<std::uint32_t> continued_;  ///< where a byte goes on with a character
};

}  // namespace signalbox::sql
