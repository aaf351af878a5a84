// Texts made to hurt: each gets an answer or a parse_error, on a 256 KiB stack, in bounded time and memory.
#include <pthread.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "sql/analyze.h"
#include "sql/digest.h"
#include "sql/support/brief.h"

namespace signalbox::sql::test {
namespace {

using namespace std::string_literals;

void on_small_stack(const std::function<void()>& body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  pthread_attr_setstacksize(&attributes, 1024 * 1024);  // sanitizers widen every frame
#else
  pthread_attr_setstacksize(&attributes, 256 * 1024);
#endif
  pthread_t thread;
  const auto run = [](void* argument) -> void* {
    (*static_cast<const std::function<void()>*>(argument))();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, run, const_cast<std::function<void()>*>(&body)) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

std::string repeat(std::string_view part, int times) {
  std::string out;
  out.reserve(part.size() * static_cast<std::size_t>(times));
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

/// Facts on a small stack; the digests too, which must survive the same texts.
QueryFacts facts_on_small_stack(const std::string& sql, const AnalyzeOptions& options = {}) {
  QueryFacts facts;
  on_small_stack([&] {
    facts = analyze(sql, options);
    static_cast<void>(normalize(sql));
    static_cast<void>(fingerprint(sql));
  });
  return facts;
}

}  // namespace

TEST_CASE("left-deep chains of any length are walked") {
  const std::string chains[] = {
      "SELECT 1" + repeat("+1", 50'000) + " FROM t",
      "SELECT 'a'" + repeat("||'b'", 50'000) + " FROM t",
      "SELECT x" + repeat("::int", 50'000) + " FROM t",
      "SELECT 1 FROM t WHERE a=1" + repeat(" AND a=1", 50'000),
      "SELECT 1 FROM t WHERE a=1" + repeat(" OR a=1", 50'000),
      "SELECT 1 FROM t" + repeat(" UNION ALL SELECT 1 FROM t", 20'000),
      "SELECT 1 FROM t" + repeat(" JOIN t ON true", 5'000),
      "SELECT 1 FROM t" + repeat(", t", 5'000),
      "SELECT x" + repeat("[1]", 50'000) + " FROM t",
      "SELECT (x)" + repeat(".y", 50'000) + " FROM t",
      "SELECT 1 FROM t WHERE a IN (1" + repeat(",1", 100'000) + ")",
      "INSERT INTO t VALUES (1)" + repeat(",(1)", 100'000),
      "SELECT 1 FROM t ORDER BY 1" + repeat(",1", 20'000),
  };
  for (const std::string& sql : chains) {
    INFO(sql.substr(0, 60));
    const QueryFacts facts = facts_on_small_stack(sql);
    REQUIRE_FALSE(facts.parse_error);
    REQUIRE(facts.whole.tables.size() >= 1);
    CHECK(facts.whole.tables.front().name == "t");
  }
}

TEST_CASE("nesting gives an answer, or an error that says too complex") {
  const auto nested = [](std::string_view open, std::string_view close, int depth) {
    return "SELECT " + repeat(open, depth) + "1" + repeat(close, depth) + " FROM t";
  };
  for (const int depth : {100, 1'000, 100'000}) {
    const std::string texts[] = {
        nested("(", ")", depth),
        nested("(SELECT ", ")", depth),
        nested("abs(", ")", depth),
        nested("NOT ", "", depth),
        nested("- ", "", depth),
        nested("ARRAY[", "]", depth),
        nested("ROW(", ")", depth),
        nested("CASE WHEN true THEN ", " END", depth),
        "SELECT * FROM " + repeat("(SELECT * FROM ", depth) + "t" + repeat(") x", depth),
        "SELECT * FROM " + repeat("(a JOIN ", depth) + "t" + repeat(" ON true)", depth),
        repeat("WITH x AS (", depth) + "SELECT 1" + repeat(") SELECT 1", depth),
        repeat("(", depth) + "SELECT 1" + repeat(")", depth),
        "SELECT 1" + repeat(" UNION (SELECT 1", depth) + repeat(")", depth),
        repeat("/*", depth) + repeat("*/", depth) + "SELECT 1",
    };
    for (const std::string& sql : texts) {
      INFO(depth << ": " << sql.substr(0, 40));
      const QueryFacts facts = facts_on_small_stack(sql);
      if (facts.parse_error) {
        CHECK(facts.whole.kind == "unparsed");
        CHECK_FALSE(facts.whole.read_only);
        CHECK(facts.parse_error->sqlstate.size() == 5);
        CHECK(depth > 100);
      }
    }
  }
  CHECK_FALSE(facts_on_small_stack(nested("(SELECT ", ")", 1'000)).parse_error);
}

TEST_CASE("many statements, names and columns stay linear enough") {
  const QueryFacts many = facts_on_small_stack(repeat("SELECT a FROM t WHERE id = 1;", 10'000));
  REQUIRE_FALSE(many.parse_error);
  CHECK(many.statements().size() == 10'000);
  CHECK(many.whole.tables.size() == 1);

  std::string tables = "SELECT 1 FROM t0", columns = "SELECT c0", names = "WITH w0 AS (SELECT 1)";
  for (int i = 1; i < 3'000; ++i) {
    const std::string n = std::to_string(i);
    tables += ", t" + n;
    columns += ", c" + n;
    names += ", w" + n + " AS (SELECT * FROM w" + std::to_string(i - 1) + ")";
  }
  CHECK(facts_on_small_stack(tables).whole.tables.size() == 3'000);
  CHECK(facts_on_small_stack(columns + " FROM t").whole.columns.size() == 3'000);
  CHECK(facts_on_small_stack(names + " SELECT * FROM w2999").whole.tables.empty());
}

TEST_CASE("work that grows with the square of the text is stopped") {
  std::string tables = "FROM t0", columns = "SELECT c0";
  for (int i = 1; i < 20'000; ++i) {
    tables += ", t" + std::to_string(i);
    columns += ", c" + std::to_string(i);
  }
  const QueryFacts facts = facts_on_small_stack(columns + " " + tables);
  REQUIRE(facts.parse_error);
  CHECK(facts.parse_error->sqlstate == "54001");
}

TEST_CASE("runs of operator characters, on which PostgreSQL's lexer is quadratic, are stopped when long") {
  for (const std::string& part : {"/*"s, "+/**/"s, "@-"s}) {
    const QueryFacts facts = facts_on_small_stack("SELECT 1 " + repeat(part, 50'000) + repeat("*/", 50'000));
    REQUIRE(facts.parse_error);
    CHECK(facts.parse_error->sqlstate == "54001");
  }
  CHECK_FALSE(analyze("/*" + repeat("*", 5'000) + "*/ SELECT 1").parse_error);
  CHECK_FALSE(analyze("SELECT '" + repeat("/*", 100'000) + "'").parse_error);
  CHECK_FALSE(
      analyze(repeat("-- ----------------------------------------------------------------------\n", 1'000) +
              "SELECT 1")
          .parse_error);
}

TEST_CASE("a full list marks the statement opaque") {
  const QueryFacts facts = analyze("SELECT a, b, c, d FROM t", {.max_facts = 3});
  CHECK(facts.whole.columns.size() == 2);
  CHECK(words(facts.whole.opaque) == "bounded");
  CHECK_FALSE(facts.whole.read_only);
}

TEST_CASE("texts that cannot be analysed say so") {
  const auto sqlstate = [](std::string_view sql, const AnalyzeOptions& options = {}) {
    const QueryFacts facts = analyze(sql, options);
    CHECK(facts.whole.kind == (facts.parse_error ? "unparsed" : facts.whole.kind));
    CHECK(facts.statements().empty() == facts.parse_error.has_value());
    return facts.parse_error ? facts.parse_error->sqlstate : "";
  };
  CHECK(sqlstate("SELECT 1") == "");
  CHECK(sqlstate("SELEC 1") == "42601");
  CHECK(sqlstate("SELECT 'a") == "42601");
  CHECK(sqlstate("SELECT U&'\\zzzz'") == "42601");
  CHECK(sqlstate("SELECT E'\\x00'") == "22021");
  CHECK(sqlstate(std::string_view("SELECT 1\0; DROP TABLE t", 23)) == "22021");
  CHECK(sqlstate("SELECT 1", {.max_bytes = 5}) == "54000");
  CHECK(sqlstate("SELECT 1, 2, 3", {.max_tokens = 5}) == "54001");
  CHECK(sqlstate("SELECT 1; SELECT 2; SELECT 3", {.max_statements = 2}) == "54001");
  CHECK(sqlstate("SELECT (SELECT (SELECT 1))", {.max_query_depth = 2}) == "54001");
  CHECK(sqlstate("SELECT 1", {.client_encoding = "SJIS"}) == "0A000");
  CHECK(sqlstate("SELECT 1", {.client_encoding = "Shift_JIS_2004"}) == "0A000");
  CHECK(sqlstate("SELECT 1", {.client_encoding = "LATIN1"}) == "");
  CHECK(analyze("SELECT 1 +").parse_error->message == "syntax error at end of input");
  CHECK(analyze("SELECT 1 +").parse_error->position == 11);
}

TEST_CASE("standard_conforming_strings decides where a string ends") {
  const char* sql = "SELECT '\\', secret FROM t_secret --'";
  CHECK(tables(analyze(sql).whole) == "read t_secret");
  CHECK(tables(analyze(sql, {.standard_conforming_strings = false}).whole) == "");
  CHECK_FALSE(analyze("SELECT E'\\''").parse_error);
  CHECK(analyze("SELECT E'\\''", {.backslash_quote = BackslashQuote::Off}).parse_error);
}

TEST_CASE("long texts of few tokens are analysed") {
  const std::string sql = "INSERT INTO t VALUES ('" + std::string(64 << 20, 'x') + "')";
  CHECK(tables(facts_on_small_stack(sql, {.max_bytes = std::size_t{512} << 20}).whole) == "write t");
  CHECK(analyze(sql).parse_error->sqlstate == "54000");
}

TEST_CASE("threads come and go, and analyse at the same time") {
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread> threads;
    std::atomic<int> right = 0;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&right, i] {
        const std::string sql = "SELECT a FROM t" + std::to_string(i) + " WHERE id = " + std::to_string(i);
        for (int k = 0; k < 50; ++k) {
          const QueryFacts facts = analyze(sql, {.standard_conforming_strings = i % 2 == 0});
          right += tables(facts.whole) == "read t" + std::to_string(i) &&
                   analyze("SELEC 1").parse_error.has_value();
        }
      });
    for (std::thread& thread : threads) thread.join();
    CHECK(right == 8 * 50);
  }
}

TEST_CASE("bytes that are not UTF-8 are ordinary letters") {
  CHECK(tables(analyze("SELECT * FROM t\xFF").whole) == "read t\xFF");
  CHECK(tables(analyze("SELECT '\xFF\xFE' FROM t").whole) == "read t");
  CHECK(analyze("\xEF\xBB\xBFSELECT 1").parse_error);  // a byte order mark is part of a word
}

}  // namespace signalbox::sql::test
