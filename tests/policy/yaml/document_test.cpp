// YAML texts as trees, held against another reader (yaml-cpp) place by place; and what is refused.
#include "policy/yaml/document.h"

#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>

using namespace signalbox;
using namespace signalbox::policy;
using namespace signalbox::policy::yaml;

namespace {

void show(const Node& node, std::string& out) {
  out += std::to_string(node.span.row) + ":" + std::to_string(node.span.col) + "@" +
         std::to_string(node.span.begin) + " " + std::to_string(static_cast<int>(node.kind)) +
         (node.quoted ? " '" : " ") + node.text + "\n";
  for (const Node& item : node.items) show(item, out);
  for (const auto& [key, value] : node.fields) show(key, out), show(value, out);
}

std::string shown(const Node& node) {
  std::string out;
  show(node, out);
  return out;
}

Node by_yaml_cpp(const YAML::Node& from) {
  Node out;
  const YAML::Mark mark = from.Mark();
  const auto at = static_cast<std::uint32_t>(mark.pos);
  out.span = {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1), at, at,
              at};
  if (from.IsScalar()) {
    out.kind = NodeKind::Scalar;
    out.text = from.Scalar();
    out.quoted = from.Tag() == "!";
  } else if (from.IsSequence()) {
    out.kind = NodeKind::List;
    for (const auto& item : from) out.items.push_back(by_yaml_cpp(item));
  } else if (from.IsMap()) {
    out.kind = NodeKind::Map;
    for (const auto& field : from) {
      Node key = by_yaml_cpp(field.first), value = by_yaml_cpp(field.second);
      if (field.second.IsNull()) value.span = key.span;
      out.fields.push_back({std::move(key), std::move(value)});
    }
  }
  return out;
}

bool has_empty_item(const Node& node) {
  for (const Node& item : node.items)
    if (item.is(NodeKind::Null) || has_empty_item(item)) return true;
  for (const auto& [key, value] : node.fields)
    if (has_empty_item(key) || has_empty_item(value)) return true;
  return false;
}

/// False when the text is refused. Otherwise the other reader gives the same; or it refuses what is YAML all
/// the same, such as {a: b?c}. (It has no place for an empty item of a list.)
bool same(const std::string& text) {
  const auto own = read_document(ast::Source{"x.yaml", text});
  if (!own || has_empty_item(*own)) return own.has_value();
  std::optional<Node> other;
  try {
    other = by_yaml_cpp(YAML::Load(text));
  } catch (const YAML::Exception&) {
    return true;
  }
  if (!own->is(NodeKind::Null) && shown(*own) != shown(*other)) {
    CAPTURE(text);
    CHECK(shown(*own) == shown(*other));
  }
  return true;
}

std::string file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("the forms that policies are written in are read as another reader reads them") {
  const std::string text = GENERATE(
      "policy: p\nrules:\n  - name: r\n    match: {query.kind: [delete, update], session.user: {not: [a, "
      "\"b*\"]}}\n"
      "    when: |\n      a == 1\n\n      b\n    then:\n    - deny: {message: 'it''s'}\n    - log\n",
      "a: >-\n  folded\n  text\nb: \"es\\tcaped \\u0041\"\nc: plain with # no comment # but this\n",
      "a:\nb: ~\nc: null\nd: {e: , f: ''}\n", "- 1\n- [a, {b: c}]\n- - nested\n  - list\n",
      "a:\n- b\n-   c: d\n    e: f\n", "? a\n: b\n", "# comment\n---\na: b\n...\n",
      "a: {b: c:d, e: 10.0.0.0/8}\n", "\"quoted key\": 'x'\n", "a: |+\n  keep\n\nb: |2\n    indented\n",
      "a:   spaced   \nb: multi\n  line plain\n", "{a: [], b: {}}\n", "a: b\r\nc: d\r\n");
  CAPTURE(text);
  CHECK(same(text));
}

TEST_CASE("places count characters, offsets bytes") {
  const std::string text = "\xc3\xa4: [\xe2\x82\xac, x]\n\xf0\x9f\x98\x80: y\n";
  const auto document = read_document(ast::Source{"x.yaml", text});
  REQUIRE(document);
  const Node& x = document->fields[0].value.items[1];
  CHECK(x.span.row == 1);
  CHECK(x.span.col == 8);
  CHECK(text.substr(x.span.offset, 1) == "x");
  const Node& y = document->fields[1].value;
  CHECK(y.span.col == 4);
  CHECK(text.substr(y.span.offset, 1) == "y");
}

TEST_CASE("aliases and tags") {
  const auto document =
      read_document(ast::Source{"x.yaml", "a: &x {b: [1, 2]}\nc: *x\nd: !!str 5\ne: ! 5\nf: !!int 5\n"});
  REQUIRE(document);
  CHECK(shown(*document->field("c")) == shown(*document->field("a")));
  CHECK(describe(*document->field("d")) == "a string");
  CHECK(describe(*document->field("e")) == "a string");
  CHECK(describe(*document->field("f")) == "a number");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string was = "*a" + std::to_string(i - 1), now = "a" + std::to_string(i);
    bomb += now + ": &" + now + " [" + was;
    for (int n = 0; n < 9; ++n) bomb += ", " + was;
    bomb += "]\n";
  }
  CHECK_FALSE(read_document(ast::Source{"x.yaml", bomb}));
}

TEST_CASE("what nobody can have meant is refused at its place, with what was most likely done") {
  struct Refused {
    const char* text;
    std::uint32_t row, col;
    const char* message;
    const char* hint;
  };
  const Refused all[] = {
      {"a: 1\nb: 2\na: 3\n", 3, 1, "the key a stands twice here", ""},
      {"a: {b: 1, b: 2}\n", 1, 11, "the key b stands twice here", ""},
      {"a: b\n---\nc: d\n", 2, 1, "a second document", "a file has one: write another file"},
      {"? [a]\n: b\n", 1, 3, "a key must be a text, not a list", ""},
      {"a: *\n", 1, 5,
       "did not find expected alphabetic or numeric character while scanning an alias that begins at 1:4",
       "a text that begins with * or & needs quotes"},
      {"a: *etl\n", 1, 4, "there is no anchor etl before this",
       "a text that begins with * needs quotes: \"*etl\""},
      {"a: &x [*x]\n", 1, 8, "there is no anchor x before this",
       "a text that begins with * needs quotes: \"*x\""},
      {"a: !important b\n", 1, 4, "the tag !important means nothing here",
       "a text that begins with ! needs quotes"},
      {"a:\n\tb: c\n", 2, 1,
       "found character that cannot start any token while scanning for the next token that begins at 2:1",
       "texts that begin with @ ` % or a tab need quotes; lines are indented with blanks, not tabs"},
      {"a: b: c\n", 1, 5, "mapping values are not allowed in this context",
       "a text with a colon and a blank in it needs quotes; or the line is indented otherwise than it "
       "should"},
      {"a: {b: c[0].d}\n", 1, 9,
       "did not find expected ',' or '}' while parsing a flow mapping that begins at 1:4",
       "within {..}, a text with any of , [ ] { } in it needs quotes"},
      {"a:\n  b: c\n d: e\n", 3, 2,
       "did not find expected key while parsing a block mapping that begins at 1:1",
       "is the line indented as its neighbours are?"},
      {"a: 'b\n", 2, 1, "found unexpected end of stream while scanning a quoted scalar that begins at 1:4",
       "a quote is not closed"},
      {"a: b\nc: \xff\n", 2, 4, "invalid leading UTF-8 octet", ""},
  };
  for (const Refused& one : all) {
    CAPTURE(one.text);
    const auto document = read_document(ast::Source{"x.yaml", one.text});
    REQUIRE_FALSE(document);
    const Diagnostic& error = document.error().front();
    CHECK(error.at.row == one.row);
    CHECK(error.at.col == one.col);
    CHECK(error.message == one.message);
    CHECK(error.hint == one.hint);
  }
}

TEST_CASE("the shipped policies and tests are read alike") {
  int read = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SIGNALBOX_SOURCE_DIR "/rules"))
    if (entry.path().extension() == ".yaml") read += same(file(entry.path())) ? 1 : 0;
  CHECK(read > 20);
}

TEST_CASE("texts cut and mixed at random are read alike") {
  const std::string whole =
      file(SIGNALBOX_SOURCE_DIR "/rules/packs/superuser_guard/superuser_guard.test.yaml") +
      "a: |\n  x\n- {b: 'c', \"d\": [e, ~]}\n? f\n: >-\n  g\n\t#h\n";
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto upto = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n)(random); };
  for (int i = 0; i < 400; ++i) {
    std::string text = whole.substr(upto(whole.size() - 300), 20 + upto(250));
    for (std::size_t n = upto(3); n > 0; --n) {
      const char* bits[] = {": ", "- ", "\n", "  ", "'", "\"", "{", "}",
                            "[",  "]",  ",",  "#",  "|", "?",  ":", "\t"};
      text.insert(upto(text.size()), bits[upto(std::size(bits) - 1)]);
    }
    same(text);
  }
}
