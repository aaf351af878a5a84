// Hostile policies end in a limit error, in bounded time and memory; cancelling stops them as well.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "policy/engine.h"
#include "policy/support/peak_memory.h"
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
    {"a union of unions",
     "p := n if { x := {a: {b: c | some b, c in r} | some a in r}; "
     "n := [y | some i in r; some j in r; y := object.union(x, {i: {j: 1}})] }"},
    {"a sort in a loop", "p := [s | some a in r; some b in r; s := sort([x | some x in r; x != a])]"},
    {"sprintf of large values",
     "o := {x: concat(\"\", [\"a\" | some y in r]) | some x in r}\n"
     "p := count(sprintf(concat(\"\", [\"%v\" | some x in r]), [o | some x in r]))"},
    {"a replacement of thousands that never match",
     "big := concat(\"\", [\"a\" | some x in numbers.range(1, 200000)])\n"
     "p := count(strings.replace_n({sprintf(\"a%d\", [x]): \"b\" | some x in numbers.range(1, 20000)}, "
     "big))"},
    {"a part that nearly matches everywhere",
     "big := concat(\"\", [\"a\" | some x in numbers.range(1, 800000)])\n"
     "part := concat(\"\", [\"b\", concat(\"\", [\"a\" | some x in numbers.range(1, 200000)])])\n"
     "p := [1 | some x in r; some y in r; contains(concat(part, [big, big]), strings.reverse(part))]"},
    {"JSON with long indents",
     "big := concat(\"\", [\"a\" | some x in numbers.range(1, 1000000)])\n"
     "p := count(json.marshal_with_options(numbers.range(1, 20000), {\"pretty\": true, \"indent\": big}))"},
    {"a search with a large pattern",
     "big := concat(\"\", [\"a\" | some x in numbers.range(1, 1000000)])\n"
     "p if glob.match(concat(\"\", [\"*a\" | some x in numbers.range(1, 2000)]), [\"b\"], big)"},
    {"a network of addresses", "p := count(net.cidr_expand(\"0.0.0.0/0\"))"},
    {"IPv6 addresses", "p := count(net.cidr_expand(\"2001:db8::/32\"))"},
    {"powers of two", "p := bits.lsh(1, 9000000000)"},
    {"a template in a template",
     "p := strings.render_template(\"{{range .a}}{{range $.a}}{{range $.a}}{{range "
     "$.a}}x{{end}}{{end}}{{end}}{{end}}\", "
     "{\"a\": r})"},
    {"a pattern with counts",
     "p if regex.match(\"((a{0,100}){0,100}){0,100}\", concat(\"\", [\"a\" | some i in r]))"},
    {"split into letters",
     "p := [s | some a in r; some b in r; s := split(concat(\"\", [\"ab\" | some i in r]), \"\")]"},
    {"patches of patches",
     "p := json.patch([], [{\"op\": \"add\", \"path\": \"/0\", \"value\": [r, a, b]} | some a in r; some b "
     "in r])"},
    {"paths below paths",
     "p := json.filter({x: {y: r | some y in r} | some x in r}, {[x, y, z] | some x in r; some y in r; some "
     "z in r})"},
};

/// A value that holds another twice, which holds another twice: small in memory, endless to walk.
const Hostile kEndlessValues[] = {
    {"equal values", "p if x60 == y60"},
    {"members of sets", "p := count({x60, y60})"},
    {"keys of objects", "p := count({x60: 1, y60: 2})"},
    {"results", "p := x60"},
    {"JSON", "p := count(json.marshal(x60))"},
    {"YAML", "p := count(yaml.marshal(x60))"},
    {"text", "p := count(sprintf(\"%v\", [x60]))"},
    {"walks", "p := count([v | walk(x60, [_, v])])"},
    {"order", "p := sort([y60, x60])[0] == x60"},
    {"search", "p if y60 in [x60]"},
    {"templates", "p := count(strings.render_template(\"{{.x}}\", {\"x\": x60}))"},
    {"schemas", "p := json.match_schema({\"x\": x60}, {\"properties\": {\"x\": {\"uniqueItems\": true}}})"},
    {"hashes", "p := {[x60]} & {[y60]}"},
    {"tokens",
     "p := io.jwt.encode_sign({\"alg\": \"HS256\"}, {\"x\": x60}, {\"kty\": \"oct\", \"k\": \"AAAA\"})"},
};

/// What an evaluation may take beside its arena: scratch space, text being made, compiled patterns.
constexpr std::size_t kMostMemory = 512u << 20;

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

std::string doubled_values() {
  std::string out;
  for (const char* name : {"x", "y"}) {
    out += std::string(name) + "0 := input\n";
    for (int i = 1; i <= 60; ++i) {
      const std::string before = name + std::to_string(i - 1);
      out += name + std::to_string(i) + " := [" + before + ", " + before + "]\n";
    }
  }
  return out;
}

std::shared_ptr<const PolicySet> load(std::string_view given) {
  const std::string rules = given.empty() ? doubling() : std::string(given);
  const std::string text = "package hostile\nr := numbers.range(0, 300)\n" + rules + "\n";
  auto set = PolicySet::load({{"hostile.rego", text}}, {}, {});
  if (!set) FAIL(to_text(set.error()));
  return *set;
}

/// Asks for data.hostile.p; it must end with a limit error, or undefined where a built-in refuses by itself.
void ends_in_bounds(const Hostile& hostile, std::string_view rules) {
  INFO(hostile.name);
  const auto set = load(rules);
  const auto query = set->prepare("data.hostile.p");
  REQUIRE(query);
  Evaluator evaluator;
  test::forget_peak_memory();
  const std::size_t before = test::peak_memory();
  const auto began = std::chrono::steady_clock::now();
  const auto value = evaluator.value(**query, JsonInput(Value::integer(1), set->input_paths()), tight());
  const auto took = std::chrono::steady_clock::now() - began;
  if (value) {
    CHECK(value->is_undefined());
  } else {
    CHECK(value.error().code == "eval_cancel_error");
  }
  CHECK(took < 20s);
  CHECK(test::peak_memory() - before < kMostMemory);
}

}  // namespace

TEST_CASE("hostile policies end in a limit error", "[hostile]") {
  for (const Hostile& hostile : kPolicies) ends_in_bounds(hostile, hostile.rules);
}

TEST_CASE("values without practical end are a limit error", "[hostile]") {
  for (const Hostile& hostile : kEndlessValues) ends_in_bounds(hostile, doubled_values() + hostile.rules);
}

TEST_CASE("policies that are hard to load are refused or load in bounds", "[hostile]") {
  const auto repeated = [](std::size_t times, const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
  };
  const auto nested = [&](std::size_t depth, const std::string& open, const std::string& inner,
                          const std::string& close) {
    return "p := " + repeated(depth, open) + inner + repeated(depth, close);
  };
  std::string types = "a0 := {\"a\": 1, \"b\": \"x\"}\n", branches = "p if {\n", chain = "c0 := 1\n";
  for (int i = 1; i <= 60; ++i) {
    const std::string before = "a" + std::to_string(i - 1);
    types += "a" + std::to_string(i) + " := {\"a\": " + before + ", \"b\": [" + before + "]}\n";
    branches += "{ input.a == 1 or input.b == 2 } and { input.c == 3 or input.d == 4 }\n";
  }
  for (int i = 1; i <= 20'000; ++i) chain += "c" + std::to_string(i) + " := c" + std::to_string(i - 1) + "\n";
  const std::pair<const char*, std::string> modules[] = {
      {"arrays in arrays", nested(100'000, "[", "1", "]")},
      {"parentheses", nested(100'000, "(", "1", ")")},
      {"comprehensions in comprehensions", nested(25, "[x | x := ", "1", "]")},
      {"comprehensions that read", nested(25, "[x | some x in ", "[1]", "]")},
      {"calls in calls", nested(2'000, "abs(", "1", ")")},
      {"sums", "p := 1" + repeated(5'000, " + 1")},
      {"types of types", types + "p if a60 == a59"},
      {"a long chain", chain + "p := c20000"},
      {"branches", "import future.keywords.and\nimport future.keywords.or\n" + branches + "}"},
  };
  for (const auto& [name, text] : modules) {
    INFO(name);
    test::forget_peak_memory();
    const std::size_t before = test::peak_memory();
    const auto began = std::chrono::steady_clock::now();
    const auto set = PolicySet::load({{"hostile.rego", "package hostile\n" + text + "\n"}}, {}, {});
    if (!set) CHECK_FALSE(set.error().empty());
    CHECK(std::chrono::steady_clock::now() - began < 20s);
    CHECK(test::peak_memory() - before < 2 * kMostMemory);
  }
}

TEST_CASE("input that is nested too deeply is refused", "[hostile]") {
  Arena arena;
  CHECK_FALSE(parse_json(arena, std::string(1'000'000, '[')));
  CHECK_FALSE(parse_json(arena, std::string(200'000, '[') + std::string(200'000, ']')));
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
