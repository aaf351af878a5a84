#include "actions/id.h"

#include <catch2/catch.hpp>
#include <set>

using namespace signalbox::actions;

TEST_CASE("ids are UUIDs of version 7 that carry their time") {
  IdSource source;
  const Id id = source.next(1'645'557'742'000'000'000);  // the time of RFC 9562's example, appendix A.6
  CHECK(id.time_ms() == 1'645'557'742'000);
  const std::string text = id.to_text();
  CHECK(text.substr(0, 14) == "017f22e2-79b0-");
  CHECK(text[14] == '7');
  CHECK(std::string("89ab").find(text[19]) != std::string::npos);
  CHECK(Id::from_text(text) == id);
}

TEST_CASE("the example of RFC 9562 reads back") {
  const auto id = Id::from_text("017F22E2-79B0-7CC3-98C4-DC0C0C07398F");
  REQUIRE(id);
  CHECK(id->time_ms() == 1'645'557'742'000);
  CHECK(id->to_text() == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

TEST_CASE("texts that are no id are refused") {
  for (const char* text : {"", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e279b0-7cc3-98c4-dc0c0c07398f0",
                           "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e2_79b0_7cc3_98c4_dc0c0c07398f"}) {
    CHECK_FALSE(Id::from_text(text));
  }
}

TEST_CASE("ids ascend strictly, also within a millisecond, also when the clock goes back") {
  IdSource source;
  Id last = source.next(2'000'000'000'000'000'000);
  for (int i = 0; i < 100'000; ++i) {
    const Id id = source.next(i % 3 == 0 ? 1'900'000'000'000'000'000 : 2'000'000'000'000'000'000);
    REQUIRE(last < id);
    last = id;
  }
}

TEST_CASE("sources do not repeat each other") {
  std::set<Id> seen;
  for (int source = 0; source < 64; ++source) {
    IdSource ids;
    for (int i = 0; i < 100; ++i) REQUIRE(seen.insert(ids.next(2'000'000'000'000'000'000)).second);
  }
}

TEST_CASE("the floor of a millisecond is below its ids and above those before") {
  IdSource source;
  const Id before = source.next(999'999'999);
  const Id id = source.next(1'000'000'000);
  CHECK(before < Id::floor_of(1000));
  CHECK(Id::floor_of(1000) < id);
}
