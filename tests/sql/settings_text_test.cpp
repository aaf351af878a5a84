// The text of SET: what set_config() would do with the same value, and nothing else.
#include "sql/settings_text.h"

#include <catch2/catch.hpp>

using signalbox::sql::set_statement;

TEST_CASE("a value is one literal, whatever it holds") {
  CHECK(set_statement("work_mem", "8MB", false) == R"(SET "work_mem" TO E'8MB')");
  CHECK(set_statement("work_mem", "8MB", true) == R"(SET LOCAL "work_mem" TO E'8MB')");
  CHECK(set_statement("a.b", "it's \\ 'x'; drop table t", false) ==
        R"(SET "a"."b" TO E'it''s \\ ''x''; drop table t')");
  CHECK(set_statement("a\"b", "", false) == R"(SET "a""b" TO E'')");
}

TEST_CASE("a list of identifiers is taken apart as PostgreSQL does") {
  CHECK(set_statement("search_path", "public", false) == R"(SET "search_path" TO E'public')");
  CHECK(set_statement("search_path", " Public , \"My, \"\"Own\"\"\" ,\"$user\"", false) ==
        R"(SET "search_path" TO E'public', E'My, "Own"', E'$user')");
  CHECK(set_statement("search_path", "", false) == R"(SET "search_path" TO E'')");
  CHECK(set_statement("datestyle", "ISO, MDY", false) == R"(SET "datestyle" TO E'ISO, MDY')");
}
