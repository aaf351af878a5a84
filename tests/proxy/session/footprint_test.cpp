// When a session may have left something at its server, and when it wrote.
#include "proxy/session/footprint.h"

#include <catch2/catch.hpp>
#include <string>

#include "proxy/hooks/decider.h"

using namespace signalbox::proxy;

TEST_CASE("what nobody has looked at leaves state") {
  QueryRuling reads;
  reads.leaves_state = false;
  reads.reads_only = true;
  Footprint footprint;
  footprint.note('Q', "select 1", &reads);
  footprint.note('P', std::string("\0select 1\0\0\0", 12), &reads);
  CHECK_FALSE(footprint.holds_state());
  SECTION("unseen") {
    footprint.note('Q', "select 1", nullptr);
    CHECK(footprint.holds_state());
  }
  SECTION("a name is known when all of it is here; whether it is left Statements knows") {
    footprint.note('P', std::string("s\0select 1", 10), &reads);
    CHECK_FALSE(footprint.holds_state());
    footprint.note('P', "s", &reads);
    CHECK(footprint.holds_state());
    footprint.discarded_all();
    CHECK_FALSE(footprint.holds_state());
  }
}

TEST_CASE("a write counts from its answer on, and while it is under way") {
  QueryRuling writes;
  writes.reads_only = false;
  Footprint footprint;
  CHECK(footprint.moment(5).written_ns == 0);
  footprint.note('Q', "insert into t values (1)", &writes);
  CHECK(footprint.moment(6).written_ns == 6);
  footprint.answered(7, false);  // its transaction is open
  CHECK(footprint.moment(8).written_ns == 8);
  footprint.answered(9, true);
  CHECK(footprint.moment(12).written_ns == 9);
}
