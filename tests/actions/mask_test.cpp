// Masks by kind, type and format. Binary forms are what the send functions of a PostgreSQL 15 server gave.
#include "actions/mask/mask.h"

#include <catch2/catch.hpp>

#include "actions/mask/types.h"

using namespace signalbox::actions;

namespace {

constexpr std::uint32_t kText = 25, kInt4 = 23, kInt8 = 20, kInt2 = 21, kUuid = 2950;
constexpr std::uint32_t kOfAUser = 16384;  // the first oid that initdb does not give

std::string masked(MaskRule rule, std::string_view value, std::uint32_t type = kText,
                   ValueFormat format = ValueFormat::Text) {
  return Masker::compile(std::move(rule)).value().apply(type, format, value).value_or("(null)");
}

MaskRule keep(std::uint32_t first, std::uint32_t last) {
  return {.kind = MaskKind::Partial, .first = first, .last = last};
}
MaskRule keyed(MaskKind kind, std::string key = "k") {
  return {.kind = kind, .key = std::move(key)};
}

}  // namespace

TEST_CASE("full masks tell nothing, not even the length") {
  CHECK(masked({}, "short") == masked({}, "a very much longer text"));
  CHECK(masked({}, "x") == "********");
  CHECK(masked({.kind = MaskKind::Nullify}, "x") == "(null)");
  CHECK(masked({}, "42", kInt4) == "0");
  CHECK(masked({}, "sad", kOfAUser) == "(null)");  // no harmless value is known: never the original
}

TEST_CASE("the harmless values are, in binary, what PostgreSQL sends for them") {
  struct Row {
    std::uint32_t oid;
    const char* text;
    const char* hex;  // select encode(numeric_send(0), 'hex'), ...
  };
  const Row rows[] = {
      {16, "f", "00"},
      {17, "\\x", ""},
      {20, "0", "0000000000000000"},
      {21, "0", "0000"},
      {23, "0", "00000000"},
      {30, "", "00000001000000000000001a0000000000000000"},
      {114, "null", "6e756c6c"},
      {600, "(0,0)", "00000000000000000000000000000000"},
      {602, "((0,0))", "010000000100000000000000000000000000000000"},
      {604, "((0,0))", "0000000100000000000000000000000000000000"},
      {628, "{1,0,0}", "3ff000000000000000000000000000000000000000000000"},
      {650, "0.0.0.0/0", "0200010400000000"},
      {700, "0", "00000000"},
      {701, "0", "0000000000000000"},
      {774, "00:00:00:00:00:00:00:00", "0000000000000000"},
      {790, "$0.00", "0000000000000000"},
      {829, "00:00:00:00:00:00", "000000000000"},
      {869, "0.0.0.0", "0220000400000000"},
      {1007, "{}", "000000000000000000000017"},  // array_send('{}'::int4[])
      {1082, "2000-01-01", "00000000"},
      {1083, "00:00:00", "0000000000000000"},
      {1114, "2000-01-01 00:00:00", "0000000000000000"},
      {1184, "2000-01-01 00:00:00+00", "0000000000000000"},
      {1186, "00:00:00", "00000000000000000000000000000000"},
      {1266, "00:00:00+00", "000000000000000000000000"},
      {1560, "0", "0000000100"},
      {1700, "0", "0000000000000000"},
      {2205, "-", "00000000"},
      {2950, "00000000-0000-0000-0000-000000000000", "00000000000000000000000000000000"},
      {3614, "", "00000000"},
      {3802, "null", "016e756c6c"},
      {3904, "empty", "01"},
      {4072, "$", "0124"},
      {4451, "{}", "00000000"},
  };
  for (const Row& row : rows) {
    INFO(row.oid);
    CHECK(masked({}, "x", row.oid) == row.text);
    std::string hex;
    for (const char c : masked({}, "x", row.oid, ValueFormat::Binary)) {
      char digits[3];
      std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      hex += digits;
    }
    CHECK(hex == row.hex);
  }
}

TEST_CASE("partial masks keep the ends, count characters, and always mask half") {
  CHECK(masked(keep(0, 4), "4111111111111111") == "************1111");
  CHECK(masked(keep(2, 2), "abcdefgh") == "ab****gh");
  CHECK(masked(keep(0, 4), "12345") == "***45");
  CHECK(masked(keep(0, 4), "1") == "*");
  CHECK(masked(keep(0, 4), "") == "");
  CHECK(masked(keep(9, 9), "ab") == "*b");
  CHECK(masked(keep(1, 0), "\xc3\xbc\xc3\xb6\xc3\xa4\xc3\x9f") == "\xc3\xbc***");
  CHECK(masked({.kind = MaskKind::Partial, .last = 1, .fill = "\xe2\x80\xa2"}, "\xc3\xbcx") ==
        "\xe2\x80\xa2x");
}

TEST_CASE("hashes keep equal values equal, differ by key, and stay in their type") {
  CHECK(masked(keyed(MaskKind::Hash), "alice") == masked(keyed(MaskKind::Hash), "alice"));
  CHECK(masked(keyed(MaskKind::Hash), "alice") != masked(keyed(MaskKind::Hash), "bob"));
  CHECK(masked(keyed(MaskKind::Hash), "alice") != masked(keyed(MaskKind::Hash, "other"), "alice"));
  // printf alice | openssl dgst -sha256 -hmac k | cut -c1-16
  CHECK(masked(keyed(MaskKind::Hash), "alice") == "ec631a55bb81f5b9");
  for (const auto& [type, bytes] : {std::pair(kInt2, 2), std::pair(kInt4, 4), std::pair(kInt8, 8)}) {
    const std::string text = masked(keyed(MaskKind::Hash), "7", type);
    CHECK(std::stoll(text) >= 0);
    const std::string binary =
        masked(keyed(MaskKind::Hash), std::string(static_cast<std::size_t>(bytes), '\x01'), type,
               ValueFormat::Binary);
    CHECK(binary.size() == static_cast<std::size_t>(bytes));
    CHECK((binary[0] & 0x80) == 0);
  }
  CHECK(std::stoll(masked(keyed(MaskKind::Hash), "7", kInt2)) <= 32767);
  CHECK(masked(keyed(MaskKind::Hash), "x", kUuid).size() == 36);
  CHECK(masked(keyed(MaskKind::Hash), std::string(16, 'x'), kUuid, ValueFormat::Binary).size() == 16);
}

TEST_CASE("format-preserving masks keep the shape, and the same value gives the same mask") {
  const std::string card = masked(keyed(MaskKind::Format), "4111-1111-1111-1111");
  CHECK(card.size() == 19);
  CHECK(card != "4111-1111-1111-1111");
  for (std::size_t i = 0; i < card.size(); ++i) CHECK((card[i] == '-') == (i % 5 == 4));
  CHECK(card == masked(keyed(MaskKind::Format), "4111-1111-1111-1111"));
  const std::string mail = masked(keyed(MaskKind::Format), "Al.ice@example.com");
  CHECK(mail[2] == '.');
  CHECK(mail[6] == '@');
  CHECK((mail[0] >= 'A' && mail[0] <= 'Z'));
  CHECK((mail[1] >= 'a' && mail[1] <= 'z'));
  CHECK(masked(keyed(MaskKind::Format), std::string(1000, '7')).find_first_not_of("0123456789") ==
        std::string::npos);
}

TEST_CASE("regular expressions replace in texts") {
  const MaskRule rule{.kind = MaskKind::Regex, .pattern = R"((\w)\w*@)", .replacement = R"(\1***@)"};
  CHECK(masked(rule, "alice@example.com, bob@x") == "a***@example.com, b***@x");
  CHECK(masked(rule, "5", kInt4) == "0");
}

TEST_CASE("rules that cannot work are refused") {
  CHECK_FALSE(Masker::compile({.kind = MaskKind::Regex, .pattern = "("}));
  CHECK_FALSE(Masker::compile({.kind = MaskKind::Regex, .pattern = "a", .replacement = "\\7"}));
  CHECK_FALSE(Masker::compile({.kind = MaskKind::Partial, .fill = ""}));
  CHECK_FALSE(Masker::compile({.kind = MaskKind::Partial, .fill = "ab"}));
  CHECK_FALSE(Masker::compile({.kind = MaskKind::Hash}));
}
