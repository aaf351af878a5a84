// A set of patterns names every pattern that matches, whatever the patterns and the text: held against RE2
// asked one by one, of the text as regex.match reads it.
#include "policy/vm/pattern_set.h"

#include <re2/re2.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "policy/builtins/go/text.h"
#include "policy/compile/pattern_prefix.h"

using namespace signalbox::policy;

namespace {

const char* const kPieces[] = {"abc",    "key",       "ask",   "a",        "\\.",     "[ab]",     "[^k]",
                               "(a|bc)", "(abc|ask)", "x*",    "(?i)",     "^",       "$",        "|",
                               ".",      "\\|",       "[(|]",  "{2}",      "(x)?",    "\xC3\xA9", "\\bkey\\b",
                               "\\d",    "sk+",       "[]|a]", "\\Q|(\\E", "(?i:ASK)"};
const char* const kTexts[] = {"abc", "KEY", "key",      "Ask",          "a",        "b",    ".", "|",  "(",
                              "x",   "7",   "\xC3\xA9", "\xE2\x84\xAA", "\xC5\xBF", "\xFF", " ", "bc", "sk"};

class Random {
 public:
  template <std::size_t N>
  std::string text(const char* const (&pieces)[N], std::size_t most) {
    std::string out;
    for (std::size_t n = below(most + 1); n > 0; --n) out += pieces[below(N)];
    return out;
  }
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_);
  }

 private:
  std::mt19937 engine_{20240917};  // NOLINT: the same patterns every time
};

re2::RE2::Options quiet() {
  re2::RE2::Options out;
  out.set_log_errors(false);
  return out;
}

struct Patterns {
  PatternSet set;
  std::vector<std::string> texts;  ///< by number
};

void fill(Patterns& patterns, Random& random, std::size_t count) {
  while (patterns.texts.size() < count) {
    const std::string pattern = (random.below(2) == 0 ? "^" : "") + random.text(kPieces, 5);
    const int number = patterns.set.add(pattern);
    REQUIRE((number >= 0) == PatternSet::parses(pattern));
    if (number < 0) continue;
    REQUIRE(number == static_cast<int>(patterns.texts.size()));
    patterns.texts.push_back(pattern);
  }
  REQUIRE(patterns.set.compile());
}

}  // namespace

TEST_CASE("a pattern that matches is named", "[index]") {
  Random random;
  std::size_t matches = 0, left_out = 0;
  for (int round = 0; round < 150; ++round) {
    Patterns patterns;
    fill(patterns, random, 1 + random.below(20));
    std::vector<std::string> texts;
    for (int i = 0; i < 20; ++i) texts.push_back(random.text(kTexts, 6));
    for (const std::string& text : texts) {
      const auto span = patterns.set.candidates(text);
      const std::vector<int> named(span.begin(), span.end());
      for (std::size_t i = 0; i < patterns.texts.size(); ++i) {
        const std::string& pattern = patterns.texts[i];
        const auto times = std::ranges::count(named, static_cast<int>(i));
        const bool match = re2::RE2::PartialMatch(go::to_valid_utf8(text), re2::RE2(pattern, quiet()));
        INFO(pattern << " in " << text);
        CHECK(times <= 1);
        if (match) CHECK(times == 1);
        if (match) CHECK(text.starts_with(literal_prefix(pattern)));
        matches += match ? 1 : 0;
        left_out += times == 0 ? 1 : 0;
      }
    }
  }
  CHECK(matches > 1'000);
  CHECK(left_out > 1'000);
}

TEST_CASE("a pattern is named for its own literal only", "[index]") {
  PatternSet set;
  for (int i = 0; i < 100; ++i) set.add("(?i)user" + std::to_string(100 + i) + "@[a-z]+[.]example");
  REQUIRE(set.compile());
  CHECK(set.candidates("mail to USER142@corp.example").size() == 1);
  CHECK(set.candidates("mail to nobody").empty());
}

TEST_CASE("a literal that patterns share does not hide those of their own", "[index]") {
  PatternSet set;
  for (int i = 0; i < 100; ++i) set.add("/api/.*/" + std::to_string(100 + i) + "/items");
  REQUIRE(set.compile());
  CHECK(set.candidates("/api/v1/142/items").size() == 1);
  CHECK(set.candidates("/api/v1/7/items").empty());
}
