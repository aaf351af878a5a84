// What a text must begin with to match a regular expression.
#include "policy/compile/pattern_prefix.h"

#include <catch2/catch.hpp>

using signalbox::policy::literal_prefix;

namespace {

struct Row {
  const char* pattern;
  const char* prefix;
};

const Row kRows[] = {
    {"^/api/v1/.*$", "/api/v1/"},
    {"^/api", "/api"},
    {"^a\\.b\\-c\\/d", "a.b-c/d"},
    {"^abc*", "ab"},
    {"^abc?d", "ab"},
    {"^abc{0,2}", "ab"},
    {"^abc+", "abc"},
    {"^ab\\*?c", "ab"},
    {"^ab(c|d)", "ab"},
    {"^ab[|(]c", "ab"},
    {"^ab[]|]c", "ab"},
    {"^ab[^]|]c", "ab"},
    {"^ab\\|c", "ab|c"},
    {"^ab\\d+", "ab"},
    {"^ab\\n", "ab"},
    {"^ab$", "ab"},
    {"^ab\xC3\xA9*", "ab"},
    {"^ab(?i)c", "ab"},
    {"^a_b c", "a_b c"},
    {"abc", ""},
    {"(?i)^abc", ""},
    {"^(?i)abc", ""},
    {"^ab|cd", ""},
    {"^ab[(]|cd", ""},
    {"^ab[[:alpha:](]|cd", ""},
    {"^ab[\\](]|cd", ""},
    {"^ab(c)|cd", ""},
    {"^a\\Q(\\E|b", ""},
    {"^\\Qab\\E", ""},
    {"^", ""},
    {"^*a", ""},
};

}  // namespace

TEST_CASE("literal prefixes of regular expressions", "[index]") {
  for (const auto& [pattern, prefix] : kRows) {
    INFO(pattern);
    CHECK(literal_prefix(pattern) == prefix);
  }
}
