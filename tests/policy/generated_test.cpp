// Random programs: the engine, the engine without its optimisations and the reference evaluator agree.
// SIGNALBOX_SEEDS=from:count runs others than the default few.
#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>

#include "policy/support/engine_answers.h"
#include "policy/support/reference_answers.h"
#include "policy/support/settle.h"

using namespace signalbox::policy;
using namespace signalbox::policy::test;

namespace {

std::string show(const Answer& answer) {
  std::string out = answer.error.empty() ? "" : answer.error + ": " + answer.message;
  for (const std::string& result : answer.results) out += "\n    " + result;
  return out;
}

bool agree(const Answer& a, const Answer& b) {
  if (a.error == "eval_cancel_error" || b.error == "eval_cancel_error") return true;
  return a.error == b.error && a.results == b.results;
}

}  // namespace

TEST_CASE("random programs give the same however they are evaluated", "[generated]") {
  const auto [from, count] = seeds_or(5000, 40);
  std::size_t queries = 0, different = 0;
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    GeneratedProgram program = Generator(seed).program();
    if (!settle(program)) continue;
    EngineAnswers engine, plain;
    engine.load(program);
    LoadOptions options;
    options.optimise = Optimise::No;
    plain.load(program, options);
    ReferenceAnswers reference(program);
    for (const std::string& asked : program.queries) {
      // A query of one expression answers even `false`; with a second one it has to hold.
      const std::string query = asked + "; true";
      ++queries;
      const Answer optimised = engine.query(query, program.input),
                   unoptimised = plain.query(query, program.input),
                   wanted = reference.query(query, program.input);
      if (agree(optimised, wanted) && agree(unoptimised, wanted)) continue;
      ++different;
      std::cout << "seed " << seed << ": " << query << "\n  engine" << show(optimised) << "\n  unoptimised"
                << show(unoptimised) << "\n  reference" << show(wanted) << "\n";
    }
  }
  std::cout << "generated: seeds " << from << ".." << from + count - 1 << ": " << queries << " queries, "
            << different << " differences\n";
  CHECK(queries > count);
  CHECK(different == 0);
}
