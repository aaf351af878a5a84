// The engine against the real OPA: random programs give the same results and are errors together.
// SIGNALBOX_SEEDS=from:count runs others than the default few; tools/differential does that. A difference is
// printed with its seed, the program reduced to the rules that matter.
#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <map>
#include <regex>

#include "policy/support/engine_answers.h"
#include "policy/support/reference_answers.h"
#include "policy/support/settle.h"
#include "policy/value/json.h"

using namespace signalbox::policy;
using namespace signalbox::policy::test;

namespace {

struct Tally {
  std::size_t programs = 0, rules = 0, dropped = 0, queries = 0, defined = 0, errors = 0, different = 0;
  /// Programs and queries that OPA's type checker refuses and ours lets pass.
  std::size_t types = 0;
  /// Rules with a variable that nothing binds, which OPA overlooks where a closure stands beside it.
  std::size_t unsafe = 0;
  /// Differences where OPA drops an expression that refers by a comprehension, or does not look up what
  /// `with` puts in within a query's closure.
  std::size_t lost = 0;
};

/// `p[{x: 1 | x}]`, which OPA drops from its body when the comprehension reads what the expression seems to
/// bind.
bool refers_by_comprehension(const std::string& rule) {
  static const std::regex kKey(R"re([\w\]"]\[[\[{][^|\]}]* \| )re");
  return std::regex_search(rule, kKey);
}

class Comparison {
 public:
  explicit Comparison(OpaServer& opa) : opa_(opa) {}

  void run(std::uint64_t seed) {
    GeneratedProgram program = Generator(seed).program();
    ++tally.programs;
    for (const auto& module : program.modules) tally.rules += module.rules.size();
    if (!settle(program, seed)) return;
    EngineAnswers ours;
    ours.load(program);
    if (!ours.set) return;
    opa_.load(program);
    program_ = &program;
    std::size_t reported = 0;
    for (const std::string& query : program.queries) {
      const std::string difference = compare(ours, query, program.input);
      if (difference.empty() || ++reported > 2) continue;
      const GeneratedProgram reduced = reduce(program, query);
      opa_.load(program);
      if (may_lose_expressions(reduced)) {
        ++tally.lost;
        continue;
      }
      ++tally.different;
      std::cout << "DIFFERENT seed " << seed << "\n" << difference << listing(reduced) << "\n";
    }
  }

  Tally tally;

 private:
  /// Drops rules until both compile the program; false when they disagree about what compiles.
  bool settle(GeneratedProgram& program, std::uint64_t seed) {
    for (int round = 0; round < 60; ++round) {
      const auto theirs = opa_.load(program);
      EngineAnswers engine;
      const auto ours = engine.load(program);
      if (theirs.empty() && ours.empty()) return true;
      if (ours.empty() && theirs.front().code == "rego_type_error") {
        ++tally.types;
        const auto& [file, row, code, message] = theirs.front();
        std::cout << "TYPES seed " << seed << ": " << message << "\n    " << line(program, file, row) << "\n"
                  << listing(reduce_refused(program, theirs.front()));
      } else if (theirs.empty() && ours.front().code == "rego_unsafe_var_error") {
        ++tally.unsafe;
      } else if (theirs.empty() &&
                 refers_by_comprehension(line(program, ours.front().file, ours.front().row))) {
        ++tally.lost;
      } else if (theirs.empty() != ours.empty()) {
        ++tally.different;
        const auto& [file, row, code, message] = theirs.empty() ? ours.front() : theirs.front();
        std::cout << "DIFFERENT seed " << seed << ": only "
                  << (theirs.empty() ? "we refuse " : "OPA refuses ") << file << ":" << row << " " << code
                  << ": " << message << "\n    " << line(program, file, row) << "\n"
                  << listing(reduce_refused(program, theirs.empty() ? ours.front() : theirs.front()));
      }
      bool dropped = false;
      for (const CompileError& error : theirs.empty() ? ours : theirs) dropped |= drop(program, error);
      if (!dropped && theirs.empty() == ours.empty()) return false;
      if (!dropped) {
        const CompileError& first = theirs.empty() ? ours.front() : theirs.front();
        std::cout << "seed " << seed << " cannot be settled: " << first.file << ":" << first.row << " "
                  << first.code << ": " << first.message << "\n";
        return false;
      }
    }
    return false;
  }

  bool drop(GeneratedProgram& program, const CompileError& error) {
    for (GeneratedModule& module : program.modules) {
      if (module.path != error.file || !module.drop_row(error.row)) continue;
      ++tally.dropped;
      return true;
    }
    return false;
  }

  static std::string line(const GeneratedProgram& program, const std::string& file, std::uint32_t row) {
    for (const GeneratedModule& module : program.modules) {
      const std::size_t at = row - module.header.size() - 1;
      if (module.path == file && at < module.rules.size()) return module.rules[at];
    }
    return "";
  }

  static bool may_lose_expressions(const GeneratedProgram& program) {
    return std::ranges::any_of(program.modules, [](const GeneratedModule& module) {
      return std::ranges::any_of(module.rules, refers_by_comprehension);
    });
  }

  /// "" when both say the same.
  std::string compare(EngineAnswers& ours, const std::string& query, const std::string& input) {
    const Answer mine = ours.query(query, input);
    if (mine.error == "eval_cancel_error") return "";
    const Answer theirs = opa_.query(query, input);
    ++tally.queries;
    tally.defined += theirs.error.empty() && !theirs.results.empty() ? 1 : 0;
    tally.errors += theirs.error.empty() ? 0 : 1;
    const bool closes_over =
        query.find(" | ") != std::string::npos || query.find("every ") != std::string::npos;
    if (mine.error == "rego_unsafe_var_error" && theirs.error != mine.error && closes_over) {
      ++tally.unsafe;
      return "";
    }
    if (theirs.error == "rego_type_error" && mine.error != theirs.error) {
      ++tally.types;
      std::cout << "TYPES query " << query << ": " << theirs.message << "\n";
      return "";
    }
    if (theirs.error == "eval_internal_error") return "";  // a mistake of OPA's
    if (closes_over && query.find(" with ") != std::string::npos && !differ(query, mine, theirs).empty()) {
      ++tally.lost;
      return "";
    }
    const auto conflict_overlooked = [&](const Answer& one, const Answer& other) {
      return one.error == "eval_conflict_error" && other.error.empty() && conflicts(query);
    };
    const bool overlooked = conflict_overlooked(mine, theirs) || conflict_overlooked(theirs, mine);
    std::string out = overlooked ? "" : differ(query, mine, theirs);
    const std::string rule = query.substr(0, query.find(' '));
    if (!out.empty() || !rule.starts_with("data.") || !query.ends_with(" = x")) return out;
    std::string path = rule.substr(5);
    for (char& c : path) c = c == '.' ? '/' : c;
    const Answer my_strict = ours.strict_document(path, input), strict = opa_.strict_document(path, input);
    // OPA's rule index leaves out rules before it runs them; which errors they would have made, and which
    // comes first, is not fixed.
    if (is_builtin_error(my_strict) || (!my_strict.error.empty() && !strict.error.empty())) return "";
    // We stop at the first success of a rule whose value is constant also where OPA goes on, and meets an
    // error.
    if (is_builtin_error(strict) && is_builtin_error(ReferenceAnswers(*program_).query(query, input, true)))
      return "";
    if (conflict_overlooked(my_strict, strict) || conflict_overlooked(strict, my_strict)) return "";
    return differ("strict " + query, my_strict, strict);
  }

  /// Of two definitions with equal values either may give the spelling: 1 or 1.0.
  static bool same_values(const std::vector<std::string>& mine, const std::vector<std::string>& theirs) {
    const auto equal = [](const std::string& a, const std::string& b) {
      Arena arena;
      return a == b || parse_json(arena, a).value() == parse_json(arena, b).value();
    };
    return std::ranges::equal(mine, theirs, equal);
  }

  /// By the definition, expression by expression, the query is a conflict. (An index may rule out the rule
  /// that would have found it, for a reason that stands further down in its body; and rules that all give the
  /// same constant are not all tried.)
  bool conflicts(const std::string& query) {
    return ReferenceAnswers(*program_).query(query, program_->input).error == "eval_conflict_error";
  }

  static bool is_builtin_error(const Answer& answer) {
    return answer.error == "eval_type_error" || answer.error == "eval_builtin_error";
  }

  static std::string differ(const std::string& query, const Answer& mine, const Answer& theirs) {
    if (mine.error == "eval_cancel_error" || theirs.error == "no answer") return "";
    if (mine.error == theirs.error && same_values(mine.results, theirs.results)) return "";
    const auto show = [](const Answer& answer) {
      std::string out = answer.error.empty() ? "" : answer.error + ": " + answer.message;
      for (const std::string& result : answer.results) out += (out.empty() ? "" : "\n         ") + result;
      return out.empty() ? std::string("undefined") : out;
    };
    return "  query " + query + "\n  ours   " + show(mine) + "\n  OPA's  " + show(theirs) + "\n";
  }

  /// Drops every rule without which `still_shows` the same.
  template <class StillShows>
  static GeneratedProgram without_rules(GeneratedProgram program, StillShows still_shows) {
    for (auto module = program.modules.rbegin(); module != program.modules.rend(); ++module) {
      for (std::string& rule : module->rules) {
        if (rule.empty()) continue;
        std::string kept;
        kept.swap(rule);
        if (!still_shows(program)) rule.swap(kept);
      }
    }
    return program;
  }

  /// What of the program makes a difference.
  GeneratedProgram reduce(GeneratedProgram program, const std::string& query) {
    Comparison quiet(opa_);
    return without_rules(std::move(program), [&](const GeneratedProgram& rest) {
      EngineAnswers ours;
      quiet.program_ = &rest;
      return opa_.load(rest).empty() && ours.load(rest).empty() &&
             !quiet.compare(ours, query, rest.input).empty();
    });
  }

  /// What of the program one of the two refuses as it did, and the other does not.
  GeneratedProgram reduce_refused(GeneratedProgram program, const CompileError& error) {
    const auto refuses = [&](const std::vector<CompileError>& errors) {
      return !errors.empty() && errors.front().code == error.code && errors.front().message == error.message;
    };
    program = without_rules(std::move(program), [&](const GeneratedProgram& rest) {
      EngineAnswers ours;
      return refuses(opa_.load(rest)) != refuses(ours.load(rest));
    });
    opa_.load(program);
    return program;
  }

  static std::string listing(const GeneratedProgram& program) {
    std::string out;
    for (const GeneratedModule& module : program.modules) {
      std::string rules;
      for (const std::string& rule : module.rules) rules += rule.empty() ? "" : "    " + rule + "\n";
      if (rules.empty()) continue;
      for (const std::string& line : module.header) out += "    " + line + "\n";
      out += rules;
    }
    return out + "    # input " + program.input + "\n    # data " + program.data + "\n";
  }

  OpaServer& opa_;
  const GeneratedProgram* program_ = nullptr;
};

}  // namespace

TEST_CASE("random programs give what OPA gives", "[differential]") {
  const std::string program = OpaServer::find_program();
  if (program.empty()) {
    WARN("skipped: no opa here (set SIGNALBOX_OPA)");
    return;
  }
  OpaServer opa(program);
  REQUIRE(opa.ready());
  Comparison comparison(opa);
  const auto [from, count] = seeds_or(1, 40);
  for (std::uint64_t seed = from; seed < from + count; ++seed) comparison.run(seed);
  const Tally& t = comparison.tally;
  std::cout << "differential: seeds " << from << ".." << from + count - 1 << ": " << t.programs
            << " programs, " << t.rules << " rules (" << t.dropped << " do not compile), " << t.queries
            << " queries (" << t.defined << " with results, " << t.errors << " errors), " << t.types
            << " type errors that only OPA finds, " << t.unsafe << " times OPA overlooks a variable, "
            << t.lost << " times it drops an expression, " << t.different << " differences\n";
  CHECK(t.different == 0);
  CHECK(t.types == 0);
}
