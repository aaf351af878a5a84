// Generator: seeded random policies with data and inputs, for comparing evaluators with each other.
// Programs use every construct of the language; rules see only earlier ones, so nothing recurs. What is made
// is mostly meaningful, not always legal: whoever compares drops the rules that do not compile (one rule a
// line).
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::policy::test {

struct GeneratedModule {
  std::string path;                 ///< lib.rego
  std::vector<std::string> header;  ///< package and imports, one a line
  std::vector<std::string> rules;   ///< one a line; an empty string once dropped

  std::string text() const;
  /// Empties the rule in this row (from 1) of text(); false when the row holds none.
  bool drop_row(std::uint32_t row);
};

struct GeneratedProgram {
  std::vector<GeneratedModule> modules;
  std::string data;   ///< JSON
  std::string input;  ///< JSON
  std::vector<std::string> queries;
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}
  GeneratedProgram program();

 private:
  enum class Shape { Complete, Set, Object, Nested, Function };
  struct KnownRule {
    std::string name;  ///< as the current module writes it
    Shape shape;
    std::size_t arity = 0;
  };
  using Scope = std::vector<std::string>;

  // generator.cpp: choices
  std::size_t below(std::size_t n) { return random_() % n; }
  bool chance(std::size_t percent) { return below(100) < percent; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }
  std::string name(std::string_view prefix) { return std::string(prefix) + std::to_string(names_++); }

  // generator_documents.cpp
  std::string scalar();
  std::string json_value(int depth);
  std::string object_of(std::vector<std::pair<std::string, std::string>> members);
  std::string data_document();
  std::string input_document();

  // generator_terms.cpp
  std::string term(int depth, const Scope& scope);
  std::string reference(int depth, const Scope& scope);
  std::string collection(int depth, const Scope& scope);
  std::string literal(int depth, const Scope& scope);
  std::string comprehension(int depth, const Scope& scope);
  std::string call(int depth, const Scope& scope);
  std::string template_string(int depth, const Scope& scope);
  std::string rule_reference(int depth, const Scope& scope);
  std::string key(const Scope& scope);
  std::string pattern(int depth, const Scope& scope, Scope& binds);

  // generator_exprs.cpp
  std::string body(int depth, Scope& scope);
  std::string unordered_body(int depth, Scope& scope);
  std::string expression(int depth, Scope& scope);
  std::string binding(int depth, Scope& scope);
  std::string test(int depth, const Scope& scope);
  std::string quantified(int depth, const Scope& scope);
  std::string logical(int depth, const Scope& scope);
  std::string with_modifiers(int depth, const Scope& scope);

  // generator_rules.cpp
  void add_rules(GeneratedModule& module, std::size_t count);
  void add_rule(GeneratedModule& module);
  void add_annotations(GeneratedModule& module);
  void add_plain(GeneratedModule& module);
  void add_complete(GeneratedModule& module);
  void add_partial(GeneratedModule& module);
  void add_function(GeneratedModule& module);
  void add_indexed(GeneratedModule& module);
  std::string argument(std::size_t number, Scope& scope);
  std::string indexed_test(std::string_view subject);
  std::string ad_hoc_query();

  std::mt19937_64 random_;
  std::size_t names_ = 0;
  std::vector<KnownRule> rules_;
  std::vector<std::string> packages_;  ///< finished ones, whose documents may be read whole
  bool in_query_ = false;              ///< where OPA does not replace by built-ins below the top level
  bool imported_ = false;              ///< the module imports input.user as `usr`
  bool logical_ = false;               ///< the module imports and, or, not
};

}  // namespace signalbox::policy::test
