// What of a pipeline is here: the same under any chunking, and never more than what has come.
#include "proxy/session/lane/pipeline.h"

#include <catch2/catch.hpp>
#include <string>

#include "proxy/wire/frame.h"
#include "proxy/wire/requests.h"

using namespace signalbox::proxy;
using Extent = Pipeline::Extent;

namespace {

std::string parse(std::string_view name = {}) {
  std::string out;
  wire::append_parse(out, name, "select 1");
  return out;
}
std::string run(std::string_view statement = {}) {
  std::string out;
  wire::append_bind(out, "", statement);
  wire::append_execute(out, "");
  return out;
}
std::string query() {
  std::string out;
  wire::append_query(out, "select 1");
  return out;
}
std::string sync_message() {
  std::string out;
  wire::append_sync(out);
  return out;
}
std::string flush_message() {
  std::string out;
  wire::append_flush(out);
  return out;
}
std::string copy_data() {
  std::string out;
  wire::FrameBuilder(out, 'd').text("x");
  return out;
}

Extent extent(const std::string& bytes) {
  return Pipeline().look(bytes);
}

}  // namespace

TEST_CASE("what begins anew") {
  CHECK(begins_anew(query()));
  CHECK(begins_anew(parse()));
  CHECK_FALSE(begins_anew(parse("p")));
  CHECK_FALSE(begins_anew(run()));
  CHECK_FALSE(begins_anew("P"));
}

TEST_CASE("one statement up to its Sync is whole") {
  CHECK(extent(query()) == Extent::Whole);
  CHECK(extent(parse() + run() + sync_message()) == Extent::Whole);
  CHECK(extent(parse() + sync_message()) == Extent::Whole);
  CHECK(extent(parse() + run() + sync_message() + query()) == Extent::Whole);
  CHECK(extent(parse() + flush_message() + run() + sync_message()) == Extent::Whole);
}

TEST_CASE("another statement in the pipeline is seen as soon as it begins") {
  for (const std::string& other : {parse(), query(), parse("p")}) {
    CHECK(extent(parse() + run() + other) == Extent::Many);
    CHECK(extent(parse() + run() + other.substr(0, wire::kHeaderBytes)) == Extent::Many);
  }
  CHECK(extent(parse() + run("p")) == Extent::Many);
  CHECK(extent(parse() + std::string("\xff\0\0\0\4", 5)) == Extent::Many);
}

TEST_CASE("until its Sync is here it is held, unless its client may be waiting for an answer") {
  CHECK(extent(parse()) == Extent::Partial);
  CHECK(extent(parse() + run()) == Extent::Partial);
  CHECK(extent(parse() + run() + flush_message()) == Extent::Open);
  CHECK(extent(parse() + run() + flush_message() + copy_data()) == Extent::Open);
  CHECK(extent(parse() + run() + copy_data()) == Extent::Partial);
}

TEST_CASE("any chunking comes to the same") {
  const std::pair<std::string, Extent> cases[] = {
      {parse() + run() + sync_message(), Extent::Whole},
      {parse() + run() + parse() + sync_message(), Extent::Many},
      {parse() + run() + flush_message(), Extent::Open},
      {parse() + run(), Extent::Partial},
  };
  for (const auto& [bytes, expected] : cases) {
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
      Pipeline pipeline;
      Extent found = Extent::Partial;
      for (std::size_t end = step; found == Extent::Partial && end < bytes.size() + step; end += step)
        found = pipeline.look(std::string_view(bytes).substr(0, end));
      CHECK(found == expected);
    }
  }
}
