// Values: order, equality, look-up, numbers and JSON. Number results are what Go's math/big gives in OPA.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "policy/value/builder.h"
#include "policy/value/json.h"
#include "policy/value/number.h"

using namespace signalbox::policy;

namespace {
Value read(Arena& arena, std::string_view json) {
  const auto value = parse_json(arena, json);
  REQUIRE(value.has_value());
  return *value;
}
}  // namespace

TEST_CASE("kinds follow Rego's total order") {
  Arena arena;
  const std::vector<std::string> ascending = {"null",  "false", "true",  "-1",        "0.5",      "1",
                                              "1e400", "\"\"",  "\"a\"", "\"b\"",     "[]",       "[1]",
                                              "[1,2]", "[2]",   "{}",    "{\"a\":1}", "{\"a\":2}"};
  for (std::size_t i = 0; i + 1 < ascending.size(); ++i) {
    INFO(ascending[i] << " < " << ascending[i + 1]);
    CHECK(compare(read(arena, ascending[i]), read(arena, ascending[i + 1])) < 0);
    CHECK(compare(read(arena, ascending[i + 1]), read(arena, ascending[i])) > 0);
  }
  CHECK(compare(read(arena, "{\"z\":1}"), kEmptySet) < 0);
}

TEST_CASE("equal numbers are one key however they are spelled") {
  Arena arena;
  for (const char* text : {"1", "1.0", "1e0", "0.1e1", "10e-1"}) {
    INFO(text);
    CHECK(read(arena, text) == Value::integer(1));
    CHECK(hash(read(arena, text)) == hash(Value::integer(1)));
  }
  CHECK(!(read(arena, "28857836529306024611913") == read(arena, "28857836529306024611912")));
  CHECK(read(arena, "1e23") == read(arena, "100000000000000000000000"));
  CHECK(read(arena, "-0") == Value::integer(0));
}

TEST_CASE("numbers print as OPA prints them") {
  Arena arena;
  const auto n = [&](std::string_view text) { return parse_number(arena, text); };
  CHECK(number_text(n("1.50")) == "1.50");
  CHECK(number_text(*add(arena, n("18446744073709551617"), n("1"))) == "18446744073709551618");
  CHECK(number_text(*add(arena, n("9223372036854775807"), n("1"))) == "9223372036854775808");
  CHECK(number_text(*add(arena, n("1.5"), n("2.5"))) == "4");
  CHECK(number_text(*add(arena, n("0.1"), n("0.2"))) == "0.3");
  CHECK(number_text(*divide(arena, n("1"), n("3"))) == "0.33333333333333333334");
  CHECK(number_text(*divide(arena, n("10"), n("4"))) == "2.5");
  CHECK(number_text(*multiply(arena, n("1234567.5"), n("1"))) == "1.2345675e+06");
  CHECK(number_text(*divide(arena, n("1e21"), n("7"))) == "142857142857142857144");
  CHECK(number_text(*divide(arena, n("-5"), n("7"))) == "-0.7142857142857142857");
  CHECK(number_text(*divide(arena, n("7"), n("9"))) == "0.77777777777777777775");
  CHECK(number_text(*multiply(arena, n("0.00001"), n("0.5"))) == "5e-06");
  CHECK(number_text(*remainder(arena, n("-7"), n("3"))) == "-1");
  CHECK(divide(arena, n("1"), n("0")).error() == NumberError::DivideByZero);
  CHECK(remainder(arena, n("1.5"), n("1")).error() == NumberError::NotInteger);
  CHECK(number_text(round_half_away(arena, n("-2.5"))) == "-3");
  CHECK(number_text(round_up(arena, n("1.1"))) == "2");
  CHECK(number_text(round_down(arena, n("-1.1"))) == "-2");
}

TEST_CASE("what is no JSON number is refused") {
  Arena arena;
  for (const char* text : {"", "-", "01", "1.", ".5", "1e", "+1", "0x1", "1e99999999", "NaN", "1 "}) {
    INFO(text);
    CHECK(parse_number(arena, text).is_undefined());
  }
}

TEST_CASE("objects and sets of any size find their members") {
  for (const int count : {0, 1, 5, 11, 12, 100, 5000}) {
    Arena arena;
    ObjectBuilder object(arena);
    SetBuilder set(arena);
    for (int i = count; i-- > 0;) {
      object.add(copy_string(arena, "k" + std::to_string(i)), Value::integer(i));
      set.add(Value::integer(i));
      set.add(Value::integer(i));
    }
    const Value o = object.finish(), s = set.finish();
    REQUIRE(o.size() == static_cast<std::uint32_t>(count));
    REQUIRE(s.size() == static_cast<std::uint32_t>(count));
    for (int i = 0; i < count; ++i) {
      CHECK(o.at("k" + std::to_string(i)) == Value::integer(i));
      CHECK(s.contains(Value::integer(i)));
    }
    CHECK(o.at("absent").is_undefined());
    CHECK_FALSE(s.contains(Value::integer(-1)));
  }
}

TEST_CASE("an object builder reports conflicts and lets the last value win") {
  Arena arena;
  ObjectBuilder same(arena), different(arena);
  same.add("a", Value::integer(1));
  same.add("a", Value::integer(1));
  CHECK(same.finish().size() == 1);
  CHECK_FALSE(same.conflict());
  different.add("a", Value::integer(2));
  different.add("a", Value::integer(1));
  CHECK(different.finish().at("a") == Value::integer(1));
  CHECK(different.conflict());
}

TEST_CASE("JSON reads and prints") {
  Arena arena;
  CHECK(to_json(read(arena, R"( {"b": [1, 2.0, -3e2, null], "a": {"x": true}} )")) ==
        R"({"a":{"x":true},"b":[1,2.0,-3e2,null]})");
  CHECK(to_json(read(arena, R"("\u0041\ud83d\ude00\n\ud800")")) == "\"A\xF0\x9F\x98\x80\\n\xEF\xBF\xBD\"");
  CHECK(to_json(read(arena, R"({"a":1,"a":2})")) == R"({"a":2})");
  CHECK(to_json(read(arena, "\"<&\""), EscapeHtml::Yes) == R"("\u003c\u0026")");
  CHECK(to_rego(kEmptySet) == "set()");
}

TEST_CASE("wrong JSON is refused with its place") {
  struct Case {
    const char* text;
    std::uint32_t row, col;
  };
  for (const Case& c : {Case{"", 1, 1}, Case{"[1,]", 1, 4}, Case{"{\"a\" 1}", 1, 6}, Case{"[\n 1 2]", 2, 4},
                        Case{"\"a\nb\"", 1, 3}, Case{"nul", 1, 1}, Case{"{} x", 1, 4}}) {
    Arena arena;
    const auto got = parse_json(arena, c.text);
    INFO(c.text);
    REQUIRE_FALSE(got.has_value());
    CHECK(got.error().row == c.row);
    CHECK(got.error().col == c.col);
  }
  Arena arena;
  CHECK_FALSE(parse_json(arena, std::string(100'000, '[')).has_value());
}

TEST_CASE("a warm arena keeps one block") {
  Arena arena;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1000; ++i) arena.allocate(64);
    CHECK(arena.used() >= 64'000);
    arena.reset();
    CHECK(arena.used() == 0);
  }
}
