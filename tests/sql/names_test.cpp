// Names against PostgreSQL itself: whatever is spelled, quoted by quote_ident(), with Unicode escapes, in
// upper case or too long, is the name that the server's catalogue then has.
#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "sql/analyze.h"
#include "sql/support/brief.h"
#include "sql/support/postgres.h"

namespace signalbox::sql::test {
namespace {

constexpr std::uint32_t kSeed = 20'261'123;
constexpr int kNames = 150;

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string utf8(char32_t c) {
  std::string out;
  const auto byte = [&](unsigned bits) { out += static_cast<char>(bits); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F)),
        byte(0x80 | (c & 0x3F));
  }
  return out;
}

class Spelling {
 public:
  std::u32string name() {
    static constexpr std::u32string_view kOdd =
        U"abzAZ019_$\"'\\ .;-/*\n\t\u00e4\u00dc\u00a0\u0130\u20ac\u4e2d\u0301\U0001F600";
    // Around 63 bytes it matters where a character begins.
    const std::size_t length = random(8) == 0   ? 12 + random(12)
                               : random(4) == 0 ? 50 + random(40)
                                                : 1 + random(8);
    std::u32string out;
    while (out.size() < length) out += kOdd[random(kOdd.size())];
    return out;
  }

  /// "..." with quotes doubled.
  static std::string quoted(const std::u32string& name) {
    std::string out = "\"";
    for (const char32_t c : name) out += c == U'"' ? "\"\"" : utf8(c);
    return out + '"';
  }

  /// U&"...": each character as it is or by one of its escapes.
  std::string escaped(const std::u32string& name, char escape) {
    std::string out = "U&\"";
    for (const char32_t c : name) {
      const std::size_t way = random(3);
      if (way == 0 && c != U'"' && c != static_cast<char32_t>(escape)) {
        out += utf8(c);
      } else if (way == 1 || c == U'"') {
        out += fmt::format("{}+{:06X}", escape, static_cast<std::uint32_t>(c));
      } else if (c < 0x10000) {
        out += fmt::format("{}{:04x}", escape, static_cast<std::uint32_t>(c));
      } else {
        const std::uint32_t rest = c - 0x10000;
        out +=
            fmt::format("{}{:04X}{}{:04X}", escape, 0xD800 + (rest >> 10), escape, 0xDC00 + (rest & 0x3FF));
      }
    }
    return out + '"' + (escape == '\\' ? "" : fmt::format(" UESCAPE '{}'", escape));
  }

  /// Without quotes; may be a keyword.
  std::string bare() {
    static constexpr std::u32string_view kFirst = U"abcSELX_\u00c4\u00e9\u4e2d",
                                         kRest = U"abcSELX_019$\u00c4\u00e9\u20ac";
    std::string out = utf8(kFirst[random(kFirst.size())]);
    for (std::size_t left = random(5) == 0 ? 40 + random(60) : random(7); left > 0; --left)
      out += utf8(kRest[random(kRest.size())]);
    return out;
  }

 private:
  std::size_t random(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(engine_);
  }
  std::mt19937 engine_{kSeed};
};

/// "7 6162": what the server has called table number 7.
std::map<std::size_t, std::string> answers(const std::string& printed) {
  std::map<std::size_t, std::string> out;
  std::istringstream lines(printed);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::size_t number = 0;
    std::string name;
    if (words >> number >> name) out[number] = name;
  }
  return out;
}

}  // namespace

TEST_CASE("a name is what PostgreSQL makes of its spelling") {
  if (!Postgres::is_installed()) {
    WARN("skipped: PostgreSQL 15 absent");
    return;
  }
  Postgres server;
  Spelling spelling;
  std::vector<std::u32string> names;
  std::string script;
  for (int i = 0; i < kNames; ++i) {
    std::string bytes;
    for (const char32_t c : names.emplace_back(spelling.name())) bytes += utf8(c);
    script += fmt::format(
        "SELECT '{} ' || encode(convert_to(quote_ident(convert_from('\\x{}', 'UTF8')), 'UTF8'), 'hex');\n", i,
        hex(bytes));
  }
  std::vector<std::string> spelled;
  for (const auto& [number, quoted] : answers(server.run(script))) {
    std::string text;
    for (std::size_t i = 0; i + 1 < quoted.size(); i += 2)
      text += static_cast<char>(std::stoi(quoted.substr(i, 2), nullptr, 16));
    spelled.push_back(text);
  }
  REQUIRE(spelled.size() == kNames);
  for (const std::u32string& name : names) {
    spelled.push_back(Spelling::quoted(name));
    spelled.push_back(spelling.escaped(name, '\\'));
    spelled.push_back(spelling.escaped(name, '!'));
    spelled.push_back(spelling.bare());
  }
  script = "SET client_min_messages = error;\n";
  for (std::size_t i = 0; i < spelled.size(); ++i)
    script += fmt::format(
        "BEGIN;\nCREATE TEMP TABLE {} (a int);\nSELECT '{} ' || encode(convert_to(relname::text, 'UTF8'), "
        "'hex') FROM pg_class "
        "WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r';\nROLLBACK;\n",
        spelled[i], i);
  const auto made = answers(server.run(script));
  CHECK(made.size() > spelled.size() * 9 / 10);
  for (std::size_t i = 0; i < spelled.size(); ++i) {
    INFO("seed " << kSeed << ": " << spelled[i]);
    const QueryFacts facts = analyze("CREATE TEMP TABLE " + spelled[i] + " (a int)");
    const auto server_name = made.find(i);
    if (server_name == made.end()) {
      CHECK(facts.parse_error);
    } else {
      REQUIRE(facts.whole.tables.size() == 1);
      CHECK(hex(facts.whole.tables.front().name) == server_name->second);
    }
  }
}

}  // namespace signalbox::sql::test
