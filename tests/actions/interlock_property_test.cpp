// Properties of the interlock over generated sets of requests. The seed is printed with a failure.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "actions/interlock.h"
#include "actions/support/decisions.h"

using namespace signalbox;
using namespace signalbox::actions;

namespace {

using Requests = std::vector<std::string>;

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  Requests requests() {
    Requests list(pick(9));
    for (auto& request : list) request = one();
    return list;
  }

  std::string refusal() {
    constexpr const char* kRefusals[] = {R"("action": "deny")", R"("action": "disconnect")",
                                         R"("action": "terminate")",
                                         R"("action": "error", "sqlstate": "42501", "message": "m")"};
    return "{" + std::string(kRefusals[pick(4)]) + attributes(Shadow::Never) + "}";
  }

  InterlockOptions options() {
    const auto fallback = [this] { return pick(2) == 0 ? Fallback::Refuse : Fallback::Continue; };
    return {.default_verdict = pick(3) == 0 ? Verdict::Deny : Verdict::Allow,
            .on_error = fallback(),
            .on_conflict = fallback(),
            .on_invalid = fallback()};
  }

  Hook hook() { return pick(4) == 0 ? static_cast<Hook>(pick(kHookCount)) : Hook::TrafficFromClient; }

  std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  std::mt19937& random() { return random_; }

 private:
  enum class Shadow { Maybe, Never };

  std::string one() {
    const auto specs = catalogue();
    std::string out = "{\"action\": \"";
    const std::size_t i = pick(specs.size() + 1);
    const std::string_view name = i == specs.size() ? "no_such_action" : specs[i].name;
    out.append(name) += '"';
    if (i < specs.size()) {
      for (const ParameterSpec& p : specs[i].parameters) {
        if (p.required && pick(20) != 0) out += ", \"" + std::string(p.name) + "\": " + value_of(p);
      }
    }
    return out + attributes(Shadow::Maybe) + "}";
  }

  std::string value_of(const ParameterSpec& p) {
    switch (p.type) {
      case ParameterType::Url: return pick(2) == 0 ? R"("http://a/")" : R"("https://b/")";
      case ParameterType::SqlState: return pick(2) == 0 ? R"("42501")" : R"("53400")";
      case ParameterType::Name: return "\"" + std::string(p.choices[pick(p.choices.size())]) + "\"";
      case ParameterType::Integer:
      case ParameterType::Number:
        return std::to_string(static_cast<int>(p.min) + 1 + static_cast<int>(pick(2)));
      case ParameterType::Duration: return R"("5s")";
      case ParameterType::Boolean: return pick(2) == 0 ? "true" : "false";
      case ParameterType::TextList: return R"(["x"])";
      case ParameterType::TextMap: return R"({"x": "y"})";
      default: return pick(2) == 0 ? R"("one")" : R"("two")";
    }
  }

  std::string attributes(Shadow shadow) {
    std::string out = R"(, "policy": "p)" + std::to_string(pick(3)) + "\"";
    if (pick(2) == 0)
      out += R"(, "priority": )" + std::to_string(pick(5) == 0 ? -1 : static_cast<int>(pick(3)) + 1);
    if (pick(6) == 0) out += R"(, "final": true)";
    if (shadow == Shadow::Maybe && pick(8) == 0) out += R"(, "shadow": true)";
    return out;
  }

  std::mt19937 random_;
};

policy::Decision decision_of(const Requests& requests) {
  policy::Decision decision;
  for (const auto& request : requests) testing::add_request(decision, request);
  return decision;
}

bool permits(const Plan& plan) {
  return !refuses(plan.verdict);
}

/// The plan with request indices replaced by the requests' texts, so that permutations compare.
struct Shape {
  std::vector<std::string> sync, async, aside;
  Verdict verdict;
  Reason reason;
};

Shape shape_of(const Plan& plan, const Requests& requests) {
  const auto text = [&](std::uint32_t i) { return i == kNoRequest ? std::string("-") : requests[i]; };
  Shape shape{{}, {}, {}, plan.verdict, plan.reason};
  for (const auto& a : plan.sync) shape.sync.push_back(text(a.request));
  for (const auto& a : plan.async) shape.async.push_back(text(a.request));
  for (const auto& s : plan.set_aside) {
    shape.aside.push_back(text(s.request) + std::string(name(s.fate)) + text(s.because));
  }
  std::ranges::sort(shape.aside);
  return shape;
}

std::string to_text(const Shape& shape) {
  std::string out = std::string(name(shape.verdict)) + " " + std::string(name(shape.reason)) + "\n";
  for (const auto* list : {&shape.sync, &shape.async, &shape.aside}) {
    for (const auto& entry : *list) out += "  " + entry + "\n";
    out += " ;\n";
  }
  return out;
}

}  // namespace

TEST_CASE("interlock properties over generated requests", "[property]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  Generator generate(seed);
  for (int round = 0; round < 4000; ++round) {
    Requests requests = generate.requests();
    const Hook hook = generate.hook();
    const InterlockOptions options = generate.options();
    const policy::Decision decision = decision_of(requests);
    const Plan plan = interlock(decision, hook, options);
    INFO("round " << round << ", hook " << name(hook));

    // Deterministic, also into a plan that was used before.
    Plan again = interlock(decision_of(generate.requests()), hook, options);
    interlock(decision, hook, options, again);
    REQUIRE(again == plan);

    // Nothing is lost: every request stands in exactly one list.
    std::vector<std::uint32_t> seen;
    for (const auto& a : plan.sync) seen.push_back(a.request);
    for (const auto& a : plan.async) seen.push_back(a.request);
    for (const auto& s : plan.set_aside) seen.push_back(s.request);
    std::ranges::sort(seen);
    std::vector<std::uint32_t> all(requests.size());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    REQUIRE(seen == all);

    // The strictest verdict of those that were considered wins.
    for (const auto& a : plan.sync) {
      if (a.spec->verdict) REQUIRE(!stricter(*a.spec->verdict, plan.verdict));
    }
    for (const auto& s : plan.set_aside) {
      if (s.fate != Fate::Outranked) continue;
      REQUIRE(!stricter(*find_action(decision.actions[s.request].action)->verdict, plan.verdict));
    }

    // Phases run in order.
    REQUIRE(std::ranges::is_sorted(plan.sync, {}, [](const PlannedAction& a) { return a.spec->phase; }));

    // The order of the requests does not matter.
    Requests shuffled = requests;
    std::ranges::shuffle(shuffled, generate.random());
    REQUIRE(to_text(shape_of(interlock(decision_of(shuffled), hook, options), shuffled)) ==
            to_text(shape_of(plan, requests)));

    // A refusal added never permits more.
    Requests stricter_requests = requests;
    stricter_requests.push_back(generate.refusal());
    const Plan with_refusal = interlock(decision_of(stricter_requests), hook, options);
    if (permits(with_refusal)) REQUIRE(permits(plan));

    // Shadow requests change nothing but the record.
    Requests with_shadow = requests;
    with_shadow.push_back(R"({"action": "deny", "shadow": true, "final": true, "priority": 99})");
    const Plan shadowed = interlock(decision_of(with_shadow), hook, options);
    REQUIRE(shadowed.sync == plan.sync);
    REQUIRE(shadowed.async == plan.async);
    REQUIRE(shadowed.verdict == plan.verdict);
  }
}

TEST_CASE("a decision with ten thousand requests is settled without quadratic work", "[property]") {
  policy::Decision decision;
  for (int i = 0; i < 10'000; ++i) {
    testing::add_request(decision, R"({"action": "deny", "message": ")" + std::to_string(i) + "\"}");
  }
  const Plan plan = interlock(decision, Hook::TrafficFromClient, {});
  CHECK(plan.verdict == Verdict::Deny);
  CHECK(plan.set_aside.size() == 9'999);
}
