// Random programs: what partial evaluation leaves has the answers that the query has, for many inputs.
// SIGNALBOX_SEEDS=from:count runs others than the default few.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

#include "policy/partial/partial.h"
#include "policy/support/engine_answers.h"
#include "policy/support/settle.h"
#include "policy/syntax/print.h"
#include "policy/value/builder.h"
#include "policy/value/json.h"

using namespace signalbox;
using namespace signalbox::policy;
using namespace signalbox::policy::test;

namespace {

constexpr int kInputs = 6;
constexpr std::size_t kMostBodies = 64;  ///< answers of more bodies are left out: they take long to ask

struct Way {
  const char* name;
  PartialOptions options;
};

std::vector<Way> ways(const std::string& query) {
  PartialOptions shallow, some, part;
  shallow.shallow_inlining = true;
  some.disable_inlining = {query.substr(0, query.find(' '))};
  part.unknowns = {"input.n", "input.xs", "input.obj"};
  return {{"inlined", {}}, {"shallow", shallow}, {"not inlined", some}, {"part of input known", part}};
}

/// `input` with its unknown members from `other`.
std::string with_unknowns_of(const std::string& input, const std::string& other,
                             const PartialOptions& options) {
  if (options.input.empty()) return other;
  Arena arena;
  const Value mine = parse_json(arena, input).value(), theirs = parse_json(arena, other).value();
  ObjectBuilder out(arena);
  for (const Pair& pair : mine.as_object()) {
    const std::string path = "input." + std::string(pair.key.as_string());
    const bool unknown = std::ranges::find(options.unknowns, path) != options.unknowns.end();
    out.add(pair.key, unknown ? theirs.at(pair.key) : pair.value);
  }
  return to_json(out.finish());
}

std::string text_of(const ast::Body& body) {
  std::string out = "true";
  for (const ast::Expr& expr : body) out += "; " + ast::to_text(expr);
  return out;
}

/// The answers of all bodies; the first error instead, if there is one.
Answer ask_all(EngineAnswers& rest, const PartialResult& result, const std::string& input) {
  Answer out;
  for (const ast::Body& body : result.queries) {
    const Answer one = rest.query(text_of(body), input);
    if (!one.error.empty()) return one;
    // Other variables than the query's are of no interest.
    for (const std::string& bindings : one.results) {
      Arena arena;
      out.results.push_back(to_json(parse_json(arena, bindings).value().at("x")));
    }
  }
  std::ranges::sort(out.results);
  out.results.erase(std::ranges::unique(out.results).begin(), out.results.end());
  return out;
}

class Comparison {
 public:
  std::size_t answers = 0, different = 0, refused = 0;

  void run(std::uint64_t seed) {
    GeneratedProgram program = Generator(seed).program();
    if (!settle(program)) return;
    EngineAnswers whole;
    whole.load(program);
    const PartialProgram partial(whole.set);
    for (const std::string& query : program.queries) {
      if (!query.ends_with(" = x")) continue;
      for (Way& way : ways(query)) compare(seed, program, whole, partial, query, way);
    }
  }

 private:
  void compare(std::uint64_t seed, const GeneratedProgram& program, EngineAnswers& whole,
               const PartialProgram& partial, const std::string& query, Way& way) {
    if (way.options.unknowns.size() > 1) way.options.input = program.input;
    way.options.limits.steps = 300'000;
    const auto result = partial.evaluate(query, way.options);
    if (!result) {
      ++refused;
      return;
    }
    if (result->queries.size() > kMostBodies) return;
    GeneratedProgram left = program;
    for (std::size_t i = 0; i < result->support.size(); ++i) {
      left.modules.push_back({fmt::format("support{}.rego", i), {ast::to_text(result->support[i])}, {}});
    }
    EngineAnswers rest;
    if (const auto errors = rest.load(left); !errors.empty())
      return differ(seed, query, way, *result, "does not load: " + errors.front().message);
    for (int i = 0; i < kInputs; ++i) {
      const std::string other = i == 0 ? program.input : Generator(seed * 100 + i).program().input;
      const std::string input = with_unknowns_of(program.input, other, way.options);
      Answer wanted = whole.query(query, input);
      // A conflict may go unnoticed, as in OPA; other errors there are none.
      if (!wanted.error.empty()) continue;
      for (std::string& bindings : wanted.results) {
        Arena arena;
        bindings = to_json(parse_json(arena, bindings).value().at("x"));
      }
      ++answers;
      const Answer given = ask_all(rest, *result, input);
      if (given.error == "eval_cancel_error" || same(given, wanted)) continue;
      return differ(seed, query, way, *result,
                    "input " + input + "\n  direct  " + show(wanted) + "\n  partial " + show(given));
    }
  }

  static bool same(const Answer& a, const Answer& b) {
    const auto equal = [](const std::string& x, const std::string& y) {
      Arena arena;
      return x == y || parse_json(arena, x).value() == parse_json(arena, y).value();
    };
    return a.error == b.error && std::ranges::equal(a.results, b.results, equal);
  }
  static std::string show(const Answer& answer) {
    std::string out = answer.error.empty() ? "" : answer.error + ": " + answer.message;
    for (const std::string& result : answer.results) out += " " + result;
    return out.empty() ? "undefined" : out;
  }

  void differ(std::uint64_t seed, const std::string& query, const Way& way, const PartialResult& result,
              const std::string& why) {
    ++different;
    std::cout << "DIFFERENT seed " << seed << ": " << query << ", " << way.name << "\n  " << why << "\n"
              << to_text(result) << "\n";
  }
};

}  // namespace

TEST_CASE("what partial evaluation leaves of random programs means what they meant", "[partial][generated]") {
  const auto [from, count] = seeds_or(7000, 15);
  Comparison comparison;
  for (std::uint64_t seed = from; seed < from + count; ++seed) comparison.run(seed);
  std::cout << "partial: seeds " << from << ".." << from + count - 1 << ": " << comparison.answers
            << " answers, " << comparison.refused << " not evaluated, " << comparison.different
            << " differences\n";
  CHECK(comparison.answers > count);
  CHECK(comparison.different == 0);
}
