// Rows: as many columns and rows as there were, masked values in the column's own format.
#include "proxy/rows/row_edit.h"

#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "proxy/rows/masks.h"
#include "proxy/wire/frame.h"

using namespace signalbox::proxy;
namespace sql = signalbox::sql;

namespace {

MaskerPtr full() {
  return std::make_shared<const signalbox::actions::Masker>(signalbox::actions::Masker::compile({}).value());
}

std::string row(std::initializer_list<std::optional<std::string>> values) {
  std::string body;
  signalbox::append_be(body, static_cast<std::uint16_t>(values.size()));
  for (const auto& value : values) {
    signalbox::append_be(body, value ? static_cast<std::int32_t>(value->size()) : -1);
    body += value.value_or("");
  }
  return body;
}

std::string framed(const std::string& body) {
  std::string out;
  wire::FrameBuilder(out, 'D').bytes(body);
  return out;
}

}  // namespace

TEST_CASE("a row is edited column by column") {
  RowEdit edit({{.type = 25},
                {.type = 23, .format = 1, .masks = {full()}},
                {.type = 25, .dropped = true},
                {.type = 16385, .masks = {full()}}},
               std::nullopt);
  CHECK(edit.edits());
  std::string out;
  CHECK(edit.row(row({"a", std::string("\0\0\0\7", 4), "c", "(1,2)"}), out));
  CHECK(edit.row(row({std::nullopt, std::nullopt, std::nullopt, std::nullopt}), out));
  CHECK(out == framed(row({"a", std::string(4, '\0'), std::nullopt})) +
                   framed(row({std::nullopt, std::nullopt, std::nullopt})));
  CHECK(edit.passed() == 2);
}

TEST_CASE("a row that is not as described is not shown") {
  RowEdit edit({{.type = 25, .masks = {full()}}}, std::nullopt);
  std::string out;
  CHECK_FALSE(edit.row(row({"a", "b"}), out));
  CHECK_FALSE(edit.row("", out));
  std::string cut = row({"abc"});
  cut.pop_back();
  CHECK_FALSE(edit.row(cut, out));
  CHECK_FALSE(edit.row(row({"abc"}) + "x", out));
}

TEST_CASE("rows are capped, and the tag says how many there were") {
  RowEdit edit({{.type = 25}}, 1);
  std::string out;
  CHECK(edit.row(row({"a"}), out));
  CHECK(edit.row(row({"b"}), out));
  CHECK(out == framed(row({"a"})));
  CHECK(with_count("SELECT 2", edit.passed()) == "SELECT 1");
  CHECK(with_count("INSERT 0 5", 1) == "INSERT 0 1");
  CHECK(with_count("CREATE TABLE", 1) == "CREATE TABLE");
}

TEST_CASE("patterns of columns") {
  const auto matches = [](const char* pattern, const char* schema, const char* table, const char* column) {
    return ColumnPattern(pattern).matches({.schema = schema, .table = table, .column = column});
  };
  CHECK(matches("people.email", "", "people", "email"));
  CHECK(matches("people.email", "public", "people", "*"));  // the whole row
  CHECK_FALSE(matches("people.email", "", "orders", "email"));
  CHECK(matches("email", "", "orders", "email"));
  CHECK(matches("hr.people.*", "", "people", "email"));  // the text does not say which schema
  CHECK_FALSE(matches("hr.people.*", "public", "people", "email"));
  CHECK(matches("p*.e*l", "", "people", "email"));
}
