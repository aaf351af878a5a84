// Texts in other encodings give the facts of the same text in UTF-8, at the places where the client sees
// them; what cannot be told is not analysed.
#include "sql/encoding.h"

#include <catch2/catch.hpp>

#include "sql/analyze.h"
#include "sql/support/brief.h"

namespace signalbox::sql::test {
namespace {

struct Case {
  std::string_view client;
  std::string_view server;
  std::string_view text;
  const char* tables;  ///< null: not analysed, 0A000
};

// Bytes by the ISO 8859, KOI8-R and Windows code pages' own tables.
constexpr Case kCases[] = {
    {"UTF8", "UTF8", "SELECT * FROM \"gr\xC3\xBCn\"", "read gr\xC3\xBCn"},
    {"LATIN1", "UTF8", "SELECT * FROM \"gr\xFCn\"", "read gr\xC3\xBCn"},
    {"latin-1", "UTF8", "SELECT * FROM \"gr\xFCn\"", "read gr\xC3\xBCn"},
    {"WIN1252", "UTF8", "SELECT * FROM \"\x80uro\"", "read \xE2\x82\xACuro"},
    {"LATIN9", "UTF8", "SELECT * FROM \"\xA4uro\"", "read \xE2\x82\xACuro"},
    {"KOI8R", "UTF8", "SELECT * FROM \"\xD1\"", "read \xD1\x8F"},
    {"ISO_8859_5", "UTF8", "SELECT * FROM \"\xEF\"", "read \xD1\x8F"},
    {"SQL_ASCII", "UTF8", "SELECT * FROM \"gr\xC3\xBCn\"", "read gr\xC3\xBCn"},
    {"SQL_ASCII", "LATIN1", "SELECT * FROM \"gr\xFCn\"", "read gr\xC3\xBCn"},
    {"LATIN1", "SQL_ASCII", "SELECT * FROM \"gr\xC3\xBCn\"", "read gr\xC3\xBCn"},
    {"EUC_JP", "UTF8", "SELECT * FROM t", "read t"},
    {"EUC_JP", "UTF8", "SELECT * FROM \"\xA4\xA2\"", nullptr},
    {"WIN1258", "UTF8", "SELECT * FROM \"\xFC\"", nullptr},
    {"WIN1252", "UTF8", "SELECT '\x81' FROM t", nullptr},  // no character
    {"SJIS", "UTF8", "SELECT * FROM t", nullptr},
    {"GBK", "SQL_ASCII", "SELECT * FROM t", nullptr},
    {"UTF8", "LATIN1", "SELECT 'gr\xC3\xBCn' FROM \"gr\xC3\xBCn\"", "read gr\xC3\xBCn"},
    {"UTF8", "LATIN1", "SELECT * FROM GR\xC3\x9CN", nullptr},  // folded by the server's locale
    {"LATIN1", "UTF8", "PREPARE \"\xFC\" AS SELECT 1", nullptr},
    {"LATIN1", "UTF8", "EXPLAIN EXECUTE \"\xFC\"", nullptr},
    {"UTF8", "UTF8", "PREPARE \"\xC3\xBC\" AS SELECT * FROM t", "read t"},
};

}  // namespace

TEST_CASE("a text is read in the client's encoding") {
  for (const Case& one : kCases) {
    INFO(one.client << ", " << one.server << ": " << one.text);
    const QueryFacts facts =
        analyze(one.text, {.client_encoding = one.client, .server_encoding = one.server});
    if (one.tables == nullptr) {
      REQUIRE(facts.parse_error);
      CHECK(facts.parse_error->sqlstate == "0A000");
    } else {
      CHECK_FALSE(facts.parse_error);
      CHECK(tables(facts.whole) == one.tables);
    }
  }
}

TEST_CASE("places are those of the text as it was sent") {
  const std::string_view text = "SELECT '\xFC\xFC', $1; SELECT '\xFC' FROM \"\xFC\" WHERE a = $2";
  const QueryFacts facts = analyze(text, {.client_encoding = "LATIN1"});
  REQUIRE(facts.parts.size() == 2);
  CHECK(text_of(facts.parts[0], text) == "SELECT '\xFC\xFC', $1");
  CHECK(text_of(facts.parts[1], text) == "SELECT '\xFC' FROM \"\xFC\" WHERE a = $2");
  REQUIRE(facts.whole.parameters.size() == 2);
  for (const ParameterUse& use : facts.whole.parameters) CHECK(text[use.position] == '$');
}

TEST_CASE("a text that is kept is read as it was when it came") {
  const Encoding latin1 = encoding_of("LATIN1", "UTF8");
  const QueryFacts facts = analyze("SELECT * FROM \"\xFC\"", {.client_encoding = "UTF8", .encoding = latin1});
  CHECK(tables(facts.whole) == "read \xC3\xBC");
}

}  // namespace signalbox::sql::test
