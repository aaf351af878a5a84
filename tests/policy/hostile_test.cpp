// Hostile policies end in a limit error, in bounded time and memory; cancelling stops them as well.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "policy/engine.h"
#include "policy/value/json.h"

using namespace signalbox;
using namespace signalbox::policy;
using namespace std::chrono_literals;

namespace {

struct Hostile {
  const char* name;
  const char* rules;
};

/// Each would take very long, or very much memory, without limits.
const Hostile kPolicies[] = {
    {"a product of ranges",
     "p contains [a, b, c, d] if { some a in r; some b in r; some c in r; some d in r }"},
    {"nothing found in a product", "p if { some a in r; some b in r; some c in r; a + b + c < 0 }"},
    {"a comprehension of comprehensions",
     "p := [[[c | some c in r; c >= a] | some b in r; b >= a] | some a in r]"},
    {"a long range", "p := count(numbers.range(0, 9000000000))"},
    {"strings that double", ""},  // made by doubling(): each rule twice the one before
    {"replace that grows",
     "p := n if { s := concat(\"\", [\"a\" | some i in r]); "
     "t := replace(s, \"a\", s); u := replace(t, \"a\", t); n := count(u) }"},
    {"all paths of a graph", "p := graph.reachable_paths({x: r | some x in r}, {1})"},
    {"numbers that grow",
     "p := n if { a := bits.lsh(1, 60000); n := [z | some i in r; some j in r; z := (a + i) * (a + j)] }"},
    {"sprintf with a width",
     "p := [s | some a in r; some b in r; s := sprintf(\"%999999d\", [(a * 1000) + b])]"},
    {"every of a product", "p if { every a in r { every b in r { every c in r { a + b + c >= 0 } } } }"},
    {"walk within walk",
     "p := [q | walk(big, [a, _]); walk(big, [b, _]); walk(big, [c, _]); q := [a, b, c]]\n"
     "big := {x: {y: [x, y] | some y in r} | some x in r}"},
    {"a chain of functions",
     "f0(x) := x\nf1(x) := [a | some i in r; a := f0([x, i])]\n"
     "f2(x) := [a | some i in r; a := f1([x, i])]\nf3(x) := [a | some i in r; a := f2([x, i])]\n"
     "p := f3(1)"},
    {"json of a large value", "p := [s | some a in r; some b in r; s := json.marshal([r, a, b])]"},
};

Limits tight() {
  Limits out;
  out.steps = 2'000'000;
  out.memory = 64u << 20;
  out.time = 2s;
  return out;
}

std::string doubling() {
  std::string out = "x0 := \"aaaaaaaaaaaaaaaa\"\n";
  for (int i = 1; i <= 50; ++i) {
    out += "x" + std::to_string(i) + " := concat(\"\", [x" + std::to_string(i - 1) + ", x" +
           std::to_string(i - 1) + "])\n";
  }
  return out + "p := count(x50)";
}

std::shared_ptr<const PolicySet> load(std::string_view given) {
  const std::string rules = given.empty() ? doubling() : std::string(given);
  const std::string text = "package hostile\nr := numbers.range(0, 300)\n" + rules + "\n";
  auto set = PolicySet::load({{"hostile.rego", text}}, {}, {});
  if (!set) FAIL(to_text(set.error()));
  return *set;
}

}  // namespace

TEST_CASE("hostile policies end in a limit error", "[hostile]") {
  for (const Hostile& hostile : kPolicies) {
    INFO(hostile.name);
    const auto set = load(hostile.rules);
    const auto query = set->prepare("data.hostile.p");
    REQUIRE(query);
    Evaluator evaluator;
    const auto began = std::chrono::steady_clock::now();
    const auto value = evaluator.value(**query, JsonInput({}, set->input_paths()), tight());
    const auto took = std::chrono::steady_clock::now() - began;
    // A built-in may refuse by itself what is too large (the call is undefined then); nothing may run on.
    if (value) {
      CHECK(value->is_undefined());
    } else {
      CHECK(value.error().code == "eval_cancel_error");
    }
    CHECK(took < 20s);
  }
}

TEST_CASE("regular expressions that catastrophe elsewhere take linear time", "[hostile]") {
  const auto set = load(R"(p if regex.match("^(a+)+$", concat("", [concat("", ["a" | some i in r]), "!"]))
q if regex.match("(x+x+)+y", concat("", ["x" | some i in r])))");
  Evaluator evaluator;
  for (const char* rule : {"data.hostile.p", "data.hostile.q"}) {
    const auto query = set->prepare(rule);
    REQUIRE(query);
    const auto value = evaluator.value(**query, JsonInput({}, set->input_paths()), tight());
    REQUIRE(value);
    CHECK(value->is_undefined());
  }
}

TEST_CASE("nested too deeply is a limit error", "[hostile]") {
  std::string rules = "f0(x) := x\n";
  for (int i = 1; i <= 600; ++i) {
    rules += "f" + std::to_string(i) + "(x) := f" + std::to_string(i - 1) + "([x])\n";
  }
  const auto set = load(rules + "p := f600(1)");
  const auto query = set->prepare("data.hostile.p");
  REQUIRE(query);
  Evaluator evaluator;
  const auto value = evaluator.value(**query, JsonInput({}, set->input_paths()), {});
  REQUIRE_FALSE(value);
  CHECK(value.error().code == "eval_cancel_error");
}

TEST_CASE("cancelling stops an evaluation", "[hostile]") {
  const auto set = load(kPolicies[1].rules);
  const auto query = set->prepare("data.hostile.p");
  REQUIRE(query);
  std::atomic<bool> cancelled = false;
  Limits limits;
  limits.steps = UINT64_MAX / 2;
  limits.cancelled = &cancelled;
  std::thread canceller([&] {
    std::this_thread::sleep_for(50ms);
    cancelled = true;
  });
  Evaluator evaluator;
  const auto value = evaluator.value(**query, JsonInput({}, set->input_paths()), limits);
  canceller.join();
  REQUIRE_FALSE(value);
  CHECK(value.error().code == "eval_cancel_error");
}
