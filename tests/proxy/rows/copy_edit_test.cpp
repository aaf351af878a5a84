// COPY streams, cut anywhere. The lines are what PostgreSQL 15's COPY TO wrote for the values in the
// comments.
#include "proxy/rows/copy_edit.h"

#include <catch2/catch.hpp>

#include "actions/support/decisions.h"
#include "proxy/rows/masks.h"
#include "proxy/wire/frame.h"

using namespace signalbox::proxy;

namespace {

MaskerPtr value_mask(std::string text) {
  return std::make_shared<const signalbox::actions::Masker>(
      signalbox::actions::Masker::compile({.kind = signalbox::actions::MaskKind::Regex,
                                           .pattern = "(?s)\\A.*\\z",
                                           .replacement = std::move(text)})
          .value());
}

constexpr std::uint32_t kText = 25;

/// Three columns of text: the first passes, the second is masked with `text`, the third is dropped.
RowEdit three(std::string text, std::optional<std::uint64_t> most = std::nullopt) {
  return {{{.type = kText},
           {.type = kText, .masks = {value_mask(std::move(text))}},
           {.type = kText, .dropped = true}},
          most};
}

/// The bytes that come out when the stream comes in pieces of `step`; "broken" when it is not one.
std::string through(CopyEdit edit, std::string_view stream, std::size_t step) {
  std::string frames, bytes;
  for (std::size_t at = 0; at < stream.size(); at += step)
    if (!edit.data(stream.substr(at, step), frames)) return "broken";
  if (!edit.complete()) return "incomplete";
  for (std::string_view rest = frames; !rest.empty();) {
    wire::FrameHeader header;
    REQUIRE(wire::read_header(wire::Sender::Server, rest, header) == wire::HeaderStatus::Complete);
    bytes += rest.substr(wire::kHeaderBytes, header.size() - wire::kHeaderBytes);
    rest.remove_prefix(header.size());
  }
  return bytes;
}

void check(const CopySyntax& syntax, const char* mask, std::string_view stream, std::string_view expected) {
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    INFO("in pieces of " << step);
    CHECK(through(CopyEdit(syntax, three(mask)), stream, step) == expected);
  }
}

CopySyntax csv() {
  return {.format = CopySyntax::Format::Csv, .delimiter = ',', .null = ""};
}

}  // namespace

TEST_CASE("text: values are masked between their delimiters") {
  check({}, "X", "a\tb\tc\n", "a\tX\n");
  check({}, "X", "a\\tb\t\\N\tc\nd\te\\\\\tf\n", "a\\tb\t\\N\nd\tX\n");  // a tab inside, NULL, a backslash
  check({}, "p\tq\\\\\nr", "a\tb\tc\n", "a\tp\\tq\\\\\\nr\n");           // what a mask gives is escaped
  check({.delimiter = '|', .null = "-"}, "X|", "a|-|c\nd|e|f\n", "a|-\nd|X\\|\n");
  check({.header = true}, "X", "one\ttwo\tthree\na\tb\tc\n", "one\ttwo\na\tX\n");
}

TEST_CASE("csv: quotes, newlines and delimiters inside values") {
  check(csv(), "X", "a,b,c\n", "a,\"X\"\n");
  check(csv(), "X", "\"a,\"\"1\"\"\n2\",\"b,b\",\"c\n\"\n", "\"a,\"\"1\"\"\n2\",\"X\"\n");
  check(csv(), "X", "a,,c\nb,\"\",d\n", "a,\nb,\"X\"\n");  // NULL stays, the empty text does not
  check(csv(), "say \"hi\"", "a,b,c\n", "a,\"say \"\"hi\"\"\"\n");
}

TEST_CASE("binary: rows as in DataRow") {
  const auto field = [](std::string_view value) {
    std::string out;
    signalbox::append_be(out, static_cast<std::int32_t>(value.size()));
    return out.append(value);
  };
  const std::string head = std::string("PGCOPY\n\377\r\n\0", 11) + std::string(8, '\0');
  const std::string row = std::string("\0\3", 2) + field("a") + field("bb") + field("c");
  const std::string masked = std::string("\0\2", 2) + field("a") + field("X");
  const std::string end = "\xff\xff";
  check({.format = CopySyntax::Format::Binary}, "X", head + row + row + end, head + masked + masked + end);
}

TEST_CASE("what is no such stream is not passed on") {
  CHECK(through(CopyEdit({}, three("X")), "a\tb\n", 4) == "broken");
  CHECK(through(CopyEdit({}, three("X")), "a\tb\tc\td\n", 8) == "broken");
  CHECK(through(CopyEdit({}, three("X")), "a\tb\tc", 5) == "incomplete");
  CHECK(through(CopyEdit({.format = CopySyntax::Format::Binary}, three("X")), "not binary at all....", 21) ==
        "broken");
}

TEST_CASE("rows beyond the cap go") {
  CHECK(through(CopyEdit({}, three("X", 1)), "a\tb\tc\nd\te\tf\n", 3) == "a\tX\n");
}

TEST_CASE("a COPY's masked columns are masked by the types that the catalogue tells") {
  const auto decision =
      signalbox::actions::testing::decision_of({R"({"action": "response", "columns": ["people.*"]})"});
  const signalbox::actions::NoFacts facts;
  Masks masks;
  REQUIRE(masks.add({*signalbox::actions::find_action("response"), decision.actions[0], facts}, {}));
  const auto outputs = signalbox::sql::outputs("copy people (id, name, born) to stdout", 0, false);
  REQUIRE(outputs.columns.size() == 3);
  const auto type_of = [](const signalbox::sql::OutputSource& source) -> std::uint32_t {
    CHECK(source.table == "people");
    return source.column == "id" ? 23 : source.column == "name" ? 25 : 0;  // pg_type.oid: int4, text
  };
  const std::string line = "7\tAda\t1815-12-10\n";
  auto known = masks.edit(outputs, {.binary = false, .columns = {0, 0, 0}}, type_of);
  REQUIRE(known);
  CHECK(through(CopyEdit({}, std::move(*known)), line, 7) == "0\t********\t\\N\n");
  auto unknown = masks.edit(outputs, {.binary = false, .columns = {0, 0, 0}});
  REQUIRE(unknown);
  CHECK(through(CopyEdit({}, std::move(*unknown)), line, 7) == "\\N\t\\N\t\\N\n");
}
