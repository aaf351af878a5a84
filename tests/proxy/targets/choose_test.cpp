// Which target: by name, role, tags, health, freshness and weight.
#include "proxy/targets/choose.h"

#include <catch2/catch.hpp>
#include <map>

using namespace signalbox::proxy;

namespace {

using Targets = std::vector<std::shared_ptr<const Target>>;

std::shared_ptr<const Target> target(std::string name, std::string role, std::uint64_t weight = 1) {
  TargetOptions options;
  options.name = std::move(name);
  options.role = std::move(role);
  options.tags = {{"zone", options.name.substr(0, 1)}};
  options.weight = weight;
  return std::make_shared<const Target>(Target{.options = std::move(options), .tls = nullptr});
}

std::string chosen(const Targets& targets, const RouteWish& wish, const HealthBoard& health, Moment moment,
                   std::vector<std::string> without = {}) {
  const auto found = choose_target(targets, wish, health, moment, without);
  return found ? found->options.name : "";
}

RouteWish replicas() {
  RouteWish wish;
  wish.role = "replica";
  return wish;
}

}  // namespace

TEST_CASE("name, role and tags all have to fit") {
  const Targets targets = {target("one", "primary"), target("two", "replica"), target("three", "replica")};
  const HealthBoard health;
  CHECK(chosen(targets, RouteWish(), health, {.now_ns = 1}) == "one");
  CHECK(chosen(targets, replicas(), health, {.now_ns = 1}) == "two");
  CHECK(chosen(targets, replicas(), health, {.now_ns = 1}, {"two"}) == "three");
  RouteWish tagged = replicas();
  tagged.tags = {{"zone", "o"}};
  CHECK(chosen(targets, tagged, health, {.now_ns = 1}).empty());
  RouteWish named;
  named.target = "three";
  CHECK(chosen(targets, named, health, {.now_ns = 1}) == "three");
}

TEST_CASE("what is down is left out until its time is over") {
  const Targets targets = {target("two", "replica"), target("three", "replica")};
  HealthBoard health;
  health.down("two", 100, "refused");
  CHECK(chosen(targets, replicas(), health, {.now_ns = 99}) == "three");
  CHECK(chosen(targets, replicas(), health, {.now_ns = 100}) == "two");
  health.down("two", 200, "refused");
  health.up("two");
  CHECK(chosen(targets, replicas(), health, {.now_ns = 150}) == "two");
}

TEST_CASE("a replica is fresh as of a moment, and not known to be otherwise") {
  const Targets targets = {target("two", "replica")};
  HealthBoard health;
  RouteWish wish = replicas();
  wish.max_lag_ns = 10;
  CHECK(chosen(targets, wish, health, {.now_ns = 100}).empty());
  health.fresh("two", 90);
  CHECK(chosen(targets, wish, health, {.now_ns = 100}) == "two");
  CHECK(chosen(targets, wish, health, {.now_ns = 101}).empty());
  RouteWish own = replicas();
  own.read_your_writes = true;
  CHECK(chosen(targets, own, health, {.now_ns = 500}) == "two");
  CHECK(chosen(targets, own, health, {.now_ns = 500, .written_ns = 89}) == "two");
  CHECK(chosen(targets, own, health, {.now_ns = 500, .written_ns = 90}).empty());
}

TEST_CASE("weights are shares") {
  const Targets targets = {target("two", "replica", 3), target("three", "replica", 1),
                           target("four", "replica", 0)};
  const HealthBoard health;
  std::map<std::string, int> drawn;
  for (std::uint64_t i = 0; i < 400; ++i)
    ++drawn[chosen(targets, replicas(), health, {.now_ns = 1, .random = i})];
  CHECK(drawn == std::map<std::string, int>{{"two", 300}, {"three", 100}});
}
