// Tokens, comments, normalised text and fingerprints, by PostgreSQL's lexical rules.
#include "sql/digest.h"

#include <catch2/catch.hpp>

#include "sql/comment.h"
#include "sql/lexer.h"
#include "sql/support/brief.h"

namespace signalbox::sql::test {
namespace {

struct Case {
  const char* sql;
  const char* expected;
};

constexpr Case kNormalized[] = {
    {"SELECT 1, 'a', 2.5e3 FROM t", "SELECT $1, $2, $3 FROM t"},
    {"SELECT $3, 1", "SELECT $3, $4"},
    {"  SELECT /* secret 'x' */ 1 -- 2\n  ,3", "SELECT $1 ,$2"},
    {"SELECT 'it''s', E'a\\'b', U&'x', B'01', X'ff'", "SELECT $1, $2, $3, $4, $5"},
    {"SELECT 'a'\n  'b'", "SELECT $1"},
    {"SELECT E'a'\n'\\'b'", "SELECT $1"},
    {"SELECT 'a' 'b'", "SELECT $1 $2"},
    {"SELECT $a$ x $b$ y $a$, $$z$$", "SELECT $1, $2"},
    {"SELECT a$b$ FROM t", "SELECT a$b$ FROM t"},
    {"SELECT \"a 'b' 1\"", "SELECT \"a 'b' 1\""},
    {"SELECT 1+-2", "SELECT $1+-$2"},
    {"SELECT 1--2\n+3", "SELECT $1 +$2"},
    {"SELECT a1, b FROM t2", "SELECT a1, b FROM t2"},
    {"SELECT '\\', secret FROM t --'", "SELECT $1, secret FROM t"},
    {"ALTER ROLE r PASSWORD 'hunter2'", "ALTER ROLE r PASSWORD $1"},
    {"SELECT 'unterminated secret", "SELECT $1"},
    {"SELECT /* unterminated secret", "SELECT $1"},
    {"/* a /* nested */ b */ SELECT 1", "SELECT $1"},
    {"SELECT 0x1F, 1_000, .5, 5.", "SELECT $1, $2, $3, $4"},
    {"SELECT a[1:2], b.c", "SELECT a[$1:$2], b.c"},
};

std::string tags(std::string_view sql) {
  std::string out;
  for (const CommentTag& tag : comment_tags(sql, true)) out += tag.key + "=" + tag.value + ";";
  return out;
}

}  // namespace

TEST_CASE("normalised text has no constants and no comments") {
  for (const Case& one : kNormalized) {
    INFO(one.sql);
    CHECK(normalize(one.sql) == one.expected);
  }
  CHECK(normalize("SELECT '\\', secret FROM t --'", false) == "SELECT $1");
}

TEST_CASE("fingerprints join what differs in constants only") {
  const std::string one = fingerprint("SELECT * FROM t WHERE id = 1 AND x IN (1, 2, 3)");
  CHECK(one.size() == 16);
  CHECK(fingerprint("select  * from T where ID = 'x' and x in (4) -- c") == one);
  CHECK(fingerprint("SELECT * FROM t WHERE id = $1 AND x IN ($2, $3)") == one);
  CHECK(fingerprint("SELECT * FROM u WHERE id = 1 AND x IN (1)") != one);
  CHECK(fingerprint("SELECT * FROM \"T\" WHERE id = 1 AND x IN (1)") != one);
}

TEST_CASE("fingerprints tell deep calls apart") {
  std::string open, close;
  for (int i = 0; i < 60; ++i) open += "abs(", close += ")";
  CHECK(fingerprint("SELECT " + open + "balance" + close) !=
        fingerprint("SELECT " + open + "pg_read_file('x')" + close));
}

TEST_CASE("tags come from comments, and from comments only") {
  CHECK(tags("SELECT 1") == "");
  CHECK(tags("/*traceparent='00-ab-cd-01',route='%2Fpolls%201'*/ SELECT 1") ==
        "traceparent=00-ab-cd-01;route=/polls 1;");
  CHECK(tags("SELECT 1 -- application:web,controller:users") == "application=web;controller=users;");
  CHECK(tags("SELECT 1 /* key='it\\'s' */") == "key=it's;");
  CHECK(tags("SELECT '/* a=''b'' */', $$ -- c=d $$, \"/*e=f*/\"") == "");
  CHECK(tags("SELECT 1 /* see http://example.org and this */") == "");
  CHECK(tags("/*a=1*/ /*a=2,b=3*/ SELECT 1") == "a=1;b=3;");
  CHECK(tags("SELECT 1 /* a=1") == "");
}

TEST_CASE("tokens are the whole text, whatever it is") {
  const std::string texts[] = {"SELECT 'a", "$",       "$x",           "$x$", "\"",    "U&\"x",
                               "E'\\",      "1.e",     "0x",           "..",  "/*",    "--",
                               "\xFF\xFE",  "a\x01 b", "'a'\n--x\n'b", "1e+", ":=::=>"};
  for (const std::string& text : texts) {
    for (const bool standard : {true, false}) {
      std::string joined;
      Lexer lexer(text, standard);
      for (Token token; lexer.next(token);) joined += token.text;
      CHECK(joined == text);
    }
  }
}

}  // namespace signalbox::sql::test
