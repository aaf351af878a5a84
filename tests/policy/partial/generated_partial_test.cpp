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

/// The rest as policies: support modules, and `data.asked.answers`, the values of x.
void add(GeneratedProgram& program, const PartialResult& result) {
  for (std::size_t i = 0; i < result.support.size(); ++i)
    program.modules.push_back({fmt::format("support{}.rego", i), {support_text(result.support[i])}, {}});
  ast::Module asked;
  asked.package.path.terms = {ast::make_var("data"), ast::make_string("asked")};
  for (const ast::Body& body : result.queries) {
    ast::Rule& rule = asked.rules.emplace_back();
    rule.head.ref.terms = {ast::make_var("answers")};
    rule.head.key = ast::make_var("x");
    rule.body = body;
    rule.generated_body = body.empty();
  }
  program.modules.push_back({"asked.rego", {support_text(asked)}, {}});
}

bool is_empty(const Value& value) {
  return value.is_object() ? value.as_object().empty() : value.is_array() && value.as_array().empty();
}

/// Without the members that are empty: of `p[x] contains y`, partial evaluation fills in `x`, and p has the
/// members that it then names, as in OPA, also where no `y` is found.
Value without_empty(Arena& arena, const Value& value) {
  if (value.is_array()) {
    ArrayBuilder out(arena);
    for (const Value& each : value.as_array()) {
      const Value element = without_empty(arena, each);
      if (!is_empty(element)) out.add(element);
    }
    return out.finish();
  }
  if (!value.is_object()) return value;
  ObjectBuilder out(arena);
  for (const Pair& pair : value.as_object()) {
    const Value member = without_empty(arena, pair.value);
    if (!is_empty(member)) out.add(pair.key, member);
  }
  return out.finish();
}

/// The values of x; an error instead, if there is one.
Answer values_of_x(Answer answer, bool as_set) {
  std::vector<std::string> values;
  for (const std::string& bindings : answer.results) {
    Arena arena;
    const Value x = parse_json(arena, bindings).value().at("x");
    if (!as_set) values.push_back(to_json(x));
    for (const Value& each : as_set ? x.as_array() : std::span<const Value>())
      values.push_back(to_json(each));
  }
  answer.results = std::move(values);
  return answer;
}

class Comparison {
 public:
  std::size_t answers = 0, different = 0, refused = 0, types = 0;

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
      // Limits and conflicts end it; what is asked of the engine on the way is Rego.
      if (const Diagnostic& error = result.error().front(); error.code.starts_with("rego_"))
        differ(seed, program, query, way, {}, error.code + ": " + error.message);
      return;
    }
    if (result->queries.size() > kMostBodies) return;
    GeneratedProgram left = program;
    add(left, *result);
    EngineAnswers rest;
    if (const auto errors = rest.load(left); !errors.empty()) {
      // With everything filled in, a condition that never holds may be one that the type checker refuses, or
      // asks for a part of a constant.
      const CompileError& first = errors.front();
      if (first.code == "rego_type_error" || first.message.starts_with("illegal ref")) return void(++types);
      return differ(seed, program, query, way, *result, "does not load: " + first.message);
    }
    for (int i = 0; i < kInputs; ++i) {
      const std::string other = i == 0 ? program.input : Generator(seed * 100 + i).program().input;
      const std::string input = with_unknowns_of(program.input, other, way.options);
      const Answer wanted = values_of_x(whole.query(query, input), false);
      // A conflict may go unnoticed, as in OPA; other errors there are none.
      if (!wanted.error.empty()) continue;
      ++answers;
      const Answer given = values_of_x(rest.query("data.asked.answers = x", input), true);
      // Directly, the first success of a constant rule ends it, before a conflict elsewhere is met.
      if (given.error == "eval_conflict_error" || given.error == "eval_cancel_error") continue;
      if (same(given, wanted)) continue;
      return differ(seed, program, query, way, *result,
                    "input " + input + "\n  direct  " + show(wanted) + "\n  partial " + show(given));
    }
  }

  static bool same(const Answer& a, const Answer& b) {
    const auto equal = [](const std::string& x, const std::string& y) {
      Arena arena;
      return x == y || without_empty(arena, parse_json(arena, x).value()) ==
                           without_empty(arena, parse_json(arena, y).value());
    };
    return a.error == b.error && std::ranges::equal(a.results, b.results, equal);
  }
  static std::string show(const Answer& answer) {
    std::string out = answer.error.empty() ? "" : answer.error + ": " + answer.message;
    for (const std::string& result : answer.results) out += " " + result;
    return out.empty() ? "undefined" : out;
  }

  void differ(std::uint64_t seed, const GeneratedProgram& program, const std::string& query, const Way& way,
              const PartialResult& result, const std::string& why) {
    ++different;
    std::cout << "DIFFERENT seed " << seed << ": " << query << ", " << way.name << "\n  " << why << "\n";
    const std::size_t end = query.find(' '), begin = query.rfind('.', end) + 1;
    const std::string name = query.substr(begin, end - begin);
    for (const GeneratedModule& module : program.modules) {
      for (const std::string& rule : module.rules) {
        if (rule.starts_with(name) || rule.starts_with("default " + name))
          std::cout << "    " << rule << "\n";
      }
    }
    std::cout << to_text(result) << "\n";
  }
};

}  // namespace

TEST_CASE("what partial evaluation leaves of random programs means what they meant", "[partial][generated]") {
  const auto [from, count] = seeds_or(7000, 15);
  Comparison comparison;
  for (std::uint64_t seed = from; seed < from + count; ++seed) comparison.run(seed);
  std::cout << "partial: seeds " << from << ".." << from + count - 1 << ": " << comparison.answers
            << " answers, " << comparison.refused << " not evaluated, " << comparison.types
            << " that type checking refuses, " << comparison.different << " differences\n";
  CHECK(comparison.answers > count);
  CHECK(comparison.different == 0);
}
