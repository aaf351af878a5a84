// YAML texts as trees: the short way of reading gives what the long one gives, place by place, or gives up.
#include "policy/yaml/document.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "policy/yaml/plain.h"

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

/// False when the short way gives up. Where it does not, the long one gives the same; or it refuses what is
/// YAML all the same, such as {a: b?c}.
bool same(const std::string& text) {
  const auto plain = read_plainly(text);
  const auto full = read_fully(ast::Source{"x.yaml", text});
  if (plain && full && shown(*plain) != shown(*full)) {
    CAPTURE(text);
    CHECK(shown(*plain) == shown(*full));
  }
  return plain.has_value();
}

std::string file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("the forms that policies are written in are read the short way") {
  const std::string text = GENERATE(
      "policy: p\nrules:\n  - name: r\n    match: {query.kind: [delete, update], session.user: {not: [a, "
      "\"b*\"]}}\n"
      "    when: |\n      a == 1\n\n      b\n    then:\n    - deny: {message: 'it''s'}\n    - log\n",
      "a: >-\n  folded\n  text\nb: \"es\\tcaped \\u0041\"\nc: plain with # no comment # but this\n",
      "a:\nb: ~\nc: null\nd: {e: , f: ''}\n", "- 1\n- [a, {b: c}]\n- - nested\n  - list\n",
      "a:\n- b\n-   c: d\n    e: f\n", "? a\n: b\n", "# comment\n---\na: b\n...\n---\nc: d\n",
      "a: {b: c:d, e: 10.0.0.0/8}\n", "\"quoted key\": 'x'\n", "a: |+\n  keep\n\nb: |2\n    indented\n",
      "a:   spaced   \nb: multi\n  line plain\n", "{a: [], b: {}}\n", "a: b\r\nc: d\r\n");
  CAPTURE(text);
  CHECK(same(text));
  CHECK(read_fully(ast::Source{"x.yaml", text}));
}

TEST_CASE("what else YAML has is left to the long way") {
  for (const std::string text : {"a: &x b\nc: *x\n", "a: !!str 5\n", "a: \xc3\xa4\n", "a: [\n", "- \n- b\n",
                                 "", "~", "? [a]\n: b\n", "a: b\n c\n  d: e\n"}) {
    CAPTURE(text);
    CHECK_FALSE(same(text));
  }
}

TEST_CASE("the shipped policies and tests are read alike") {
  int plain = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SIGNALBOX_SOURCE_DIR "/rules"))
    if (entry.path().extension() == ".yaml") plain += same(file(entry.path())) ? 1 : 0;
  CHECK(plain > 10);
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
