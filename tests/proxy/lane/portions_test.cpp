// Which portals are open under a bound, and for how long that is remembered.
#include "proxy/lane/portions.h"

#include <catch2/catch.hpp>

using namespace signalbox::proxy;

namespace {

Portions::Bound rows(std::uint64_t count) {
  Portions::Bound bound;
  bound.rows = count;
  return bound;
}

}  // namespace

TEST_CASE("what a portal has given so far is remembered until it is gone, or the transaction ends") {
  Portions portions;
  CHECK(portions.of("") == nullptr);
  CHECK(portions.suspended("", rows(2)));
  CHECK(portions.suspended("p", rows(3)));
  CHECK(portions.suspended("", rows(4)));
  REQUIRE(portions.of("") != nullptr);
  CHECK(portions.of("")->rows == 4);
  portions.gone("");
  CHECK(portions.of("") == nullptr);
  CHECK(portions.of("p")->rows == 3);
  portions.transaction_ended();
  CHECK(portions.empty());
}

TEST_CASE("a cursor may outlive its transaction") {
  Portions portions;
  CHECK(portions.declared("c", rows(0)));
  CHECK(portions.suspended("c", rows(1)));
  portions.transaction_ended();
  REQUIRE(portions.of("c") != nullptr);
  CHECK(portions.of("c")->rows == 1);
  portions.gone("c");
  CHECK(portions.empty());
}

TEST_CASE("there is room for so many, and what is known already needs none") {
  Portions portions;
  int kept = 0;
  while (kept < 10'000 && portions.suspended(std::to_string(kept), {})) ++kept;
  CHECK(kept == 256);
  CHECK(portions.suspended("7", rows(1)));
  portions.gone("7");
  CHECK(portions.suspended("another", {}));
}
