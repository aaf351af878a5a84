// One line = one text, and whether it nests at most twice.
#include "base/json_depth.h"

#include <catch2/catch.hpp>
#include <string>

using signalbox::if_shallow;

TEST_CASE("brackets outside of strings nest") {
  for (const char* text : {"", "1", "[]", "[[]]", "[{}]", R"({"a": [], "b": [1]})", R"(["[[[["])",
                           R"(["\"[[[[", 1])", R"({"[[[": {}})", "[[],[],[[", "]]]][[", R"("\\")"}) {
    INFO(text);
    CHECK(if_shallow(text, 2) == (std::string_view(text) == "[[],[],[[" ? "" : text));
  }
  for (const char* text : {"[[[]]]", R"([{"a": [)", R"(["\\", [[)", R"(["\"", [[)"}) {
    INFO(text);
    CHECK(if_shallow(text, 2).empty());
  }
}

TEST_CASE("a million brackets are refused, and as many beside each other are not") {
  CHECK(if_shallow(std::string(1'000'000, '[')).empty());
  std::string beside = "[";
  for (int i = 0; i < 300'000; ++i) beside += "{},";
  CHECK(if_shallow(beside) == beside);
}
