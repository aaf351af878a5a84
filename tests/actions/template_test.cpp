#include "actions/template.h"

#include <catch2/catch.hpp>
#include <map>

#include "actions/json_text.h"
#include "policy/value/json.h"

using namespace signalbox;
using namespace signalbox::actions;

namespace {

class MapFacts final : public Facts {
 public:
  explicit MapFacts(std::map<std::string, std::string, std::less<>> facts) : facts_(std::move(facts)) {}
  bool append_json(std::string_view path, std::string& out) const override {
    const auto found = facts_.find(path);
    if (found == facts_.end()) return false;
    out += found->second;
    return true;
  }

 private:
  std::map<std::string, std::string, std::less<>> facts_;
};

const MapFacts kFacts({{"session.user", R"("o'brien \"x\"\n")"},
                       {"query.rows", "3"},
                       {"query.kinds", R"(["a","b"])"},
                       {"evil", R"("a\r\nSet-Cookie: x\\")"}});

std::string render(std::string_view text, Escape escape = Escape::None) {
  return render_template(text, kFacts, escape);
}

}  // namespace

TEST_CASE("templates are replaced by facts, everything else stays") {
  CHECK(render("n={{ query.rows }}, {{query.rows}}.") == "n=3, 3.");
  CHECK(render("{{ input.query.rows }}") == "3");
  CHECK(render("{{ query.kinds }}") == R"(["a","b"])");
  CHECK(render("[{{ no.such }}]") == "[]");
  for (const char* same :
       {"", "{{", "{{ }}", "{{ a b }}", "{{ .a }}", "{{ a. }}", "}} {{", "{ { query.rows } }", "{{ a.b"}) {
    CHECK(render(same) == same);
  }
  CHECK(render("{{ {{ query.rows }}") == "{{ 3");
}

TEST_CASE("facts are escaped for where they go") {
  CHECK(render("{{ session.user }}") == "o'brien \"x\" ");
  CHECK(render("\"{{ session.user }}\"", Escape::JsonString) == R"("o'brien \"x\"\n")");
  CHECK(render("E'{{ session.user }}'", Escape::SqlLiteral) == "E'o''brien \"x\"\n'");
  CHECK(render("E'{{ evil }}'", Escape::SqlLiteral) == "E'a\r\nSet-Cookie: x\\\\'");
  CHECK(render("\"{{ session.user }}\"", Escape::SqlIdentifier) == "\"o'brien \"\"x\"\"\n\"");
  CHECK(render("{{ evil }}", Escape::HeaderValue) == "a%0D%0ASet-Cookie: x\\");
  CHECK(render("?u={{ session.user }}", Escape::UrlComponent) == "?u=o%27brien%20%22x%22%0A");
}

TEST_CASE("in JSON, a string that is one template becomes the fact with its type") {
  policy::Arena arena;
  const auto value = policy::parse_json(
      arena, R"({"a": "{{ query.rows }}", "b": ["x {{ query.rows }}", "{{ none }}"], "c": 1,
                                                  "d": "{{ session.user }}", "e{{ query.rows }}": null})");
  std::string out;
  append_rendered_json(value.value(), kFacts, out);
  CHECK(out == R"({"a":3,"b":["x 3",null],"c":1,"d":"o'brien \"x\"\n","e{{ query.rows }}":null})");
}

TEST_CASE("the paths of a template are listed") {
  CHECK(template_paths("a {{ x.y }} b {{z}} {{ not a path }}") == std::vector<std::string_view>{"x.y", "z"});
}

TEST_CASE("JSON strings stay one line and valid whatever is in them") {
  const auto quote = [](std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
  };
  CHECK(quote("a\"b\\c") == R"("a\"b\\c")");
  CHECK(quote("\r\n\t\x01\x7f") == R"("\r\n\t\u0001\u007f")");
  CHECK(quote("\xe2\x80\xa8\xe2\x80\xa9") == R"("\u2028\u2029")");
  CHECK(quote("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80") == "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"");
  CHECK(quote("\xff\xc0\x80\xed\xa0\x80") ==
        "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST_CASE("times are RFC 3339 in UTC with microseconds") {
  std::string out;
  append_time(out, 1'645'557'742'123'456'789);
  CHECK(out == "2022-02-22T19:22:22.123456Z");
}
