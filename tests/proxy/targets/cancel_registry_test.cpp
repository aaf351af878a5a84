// Cancel keys: the right key of a live session, and nothing else.
#include "proxy/targets/cancel_registry.h"

#include <catch2/catch.hpp>

using namespace signalbox::proxy;

namespace {

CancelTarget target_at(std::uint16_t port) {
  return {
      .target = nullptr, .endpoint = *numeric_endpoint("127.0.0.1", port), .encryption = Encryption::Plain};
}

}  // namespace

TEST_CASE("process and key must both fit; two servers may share a process id") {
  CancelRegistry registry;
  const auto a = registry.add(42, "aaaa", target_at(1));
  const auto b = registry.add(42, "bbbb", target_at(2));
  CHECK(registry.find(42, "aaaa")->endpoint.port() == 1);
  CHECK(registry.find(42, "bbbb")->endpoint.port() == 2);
  CHECK_FALSE(registry.find(42, "cccc"));
  CHECK_FALSE(registry.find(42, "aaa"));
  CHECK_FALSE(registry.find(43, "aaaa"));
}

TEST_CASE("a key is void once its session has ended") {
  CancelRegistry registry;
  {
    const auto entry = registry.add(42, "aaaa", target_at(1));
    CHECK(registry.find(42, "aaaa"));
  }
  CHECK_FALSE(registry.find(42, "aaaa"));
}

TEST_CASE("requests in flight are bounded") {
  CancelRegistry registry;
  CHECK(registry.begin(2));
  CHECK(registry.begin(2));
  CHECK_FALSE(registry.begin(2));
  registry.end();
  CHECK(registry.begin(2));
}
