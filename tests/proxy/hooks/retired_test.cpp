// Replaced policy sets are freed on a thread of their own, also when what holds them outlives the gateway.
#include "proxy/hooks/retired.h"

#include <catch2/catch.hpp>
#include <future>
#include <thread>

using namespace signalbox;
using namespace signalbox::proxy;

namespace {

/// A set that tells the thread on which its last holder let go of it.
std::shared_ptr<const policy::PolicySet> watched(std::promise<std::thread::id>& freed_on) {
  auto set = policy::PolicySet::load({{"p.rego", "package policies.p\n"}}, policy::Vocabulary());
  if (!set) FAIL(to_text(set.error()));
  const policy::PolicySet* raw = set->get();
  return {raw, [set = *set, &freed_on](const policy::PolicySet*) {
            freed_on.set_value(std::this_thread::get_id());
          }};
}

}  // namespace

TEST_CASE("whoever lets go of a policy set last, another thread frees it", "[policies]") {
  RetiredPolicies retired;
  std::promise<std::thread::id> freed_on;
  auto held = retired.share(std::make_unique<const Policies>(watched(freed_on), 1));
  auto also = held;
  held.reset();
  auto freed = freed_on.get_future();
  CHECK(freed.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
  also.reset();
  REQUIRE(freed.wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  CHECK(freed.get() != std::this_thread::get_id());
}

TEST_CASE("what is waiting is freed when the gateway ends, what is still held by its holder", "[policies]") {
  std::promise<std::thread::id> first, second;
  std::shared_ptr<const Policies> held;
  {
    RetiredPolicies retired;
    held = retired.share(std::make_unique<const Policies>(watched(first), 1));
    retired.share(std::make_unique<const Policies>(watched(second), 2)).reset();
  }
  auto freed = second.get_future();
  REQUIRE(freed.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  held.reset();
  CHECK(first.get_future().get() == std::this_thread::get_id());
}
