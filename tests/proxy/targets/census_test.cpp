// Limits over all loops, and places given back.
#include "proxy/targets/census.h"

#include <catch2/catch.hpp>
#include <list>

using namespace signalbox::proxy;

TEST_CASE("each limit is kept on its own, and a place that is left is free again") {
  Census census({.total = 3, .per_user = 2, .per_database = 0, .per_address = 2, .cancels_in_flight = 1});
  Census::Place a(census), b(census);
  CHECK_FALSE(census.arrive(a, "10.0.0.1"));
  CHECK_FALSE(census.name(a, "u", "d"));
  CHECK_FALSE(census.arrive(b, "10.0.0.1"));
  CHECK_FALSE(census.name(b, "u", "d"));
  {
    Census::Place c(census);
    CHECK(census.arrive(c, "10.0.0.1") == Crowded::Address);
    CHECK(census.name(c, "u", "d") == Crowded::User);
    Census::Place d(census);
    CHECK(census.arrive(d, "10.0.0.2") == Crowded::Total);
    CHECK(census.total() == 4);
  }
  CHECK(census.total() == 2);
  Census::Place c(census);
  CHECK_FALSE(census.arrive(c, ""));  // a UNIX socket has no address to be limited by
  CHECK_FALSE(census.name(c, "v", "d"));
}
