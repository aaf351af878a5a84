// Generator, rules of every form; and rule lists of the kind that indices are for.
#include "policy/support/generator.h"

namespace signalbox::policy::test {
namespace {

constexpr int kDepth = 3;

}  // namespace

void Generator::add_rules(GeneratedModule& module, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) add_rule(module);
}

void Generator::add_rule(GeneratedModule& module) {
  if (chance(8)) add_annotations(module);
  switch (below(9)) {
    case 8: return add_plain(module);
    case 0:
    case 1: return add_complete(module);
    case 2:
    case 3:
    case 4: return add_partial(module);
    case 5:
    case 6: return add_function(module);
    default: return add_indexed(module);
  }
}

/// Read by rego.metadata.rule() and rego.metadata.chain(). Where the rule is dropped, the next one has them.
void Generator::add_annotations(GeneratedModule& module) {
  module.rules.emplace_back("# METADATA");
  module.rules.push_back("# title: " + name("Title "));
  if (chance(50)) module.rules.emplace_back("# custom: {level: 1.50, tags: [a, b], flag: null}");
  if (chance(30)) module.rules.emplace_back("# labels: {team: x}");
  if (chance(30)) module.rules.emplace_back("# scope: document");
}

/// Rules without a body, and heads of which a variable is in the middle.
void Generator::add_plain(GeneratedModule& module) {
  const std::string rule = name("p");
  Shape shape = Shape::Nested;
  switch (below(4)) {
    case 0:
      shape = Shape::Complete;
      module.rules.push_back(rule + " := " + (chance(50) ? scalar() : term(2, {})));
      break;
    case 1:
      shape = Shape::Set;
      for (int i = 0; i < 2; ++i) module.rules.push_back(rule + " contains " + term(1, {}));
      break;
    case 2:
      module.rules.push_back(rule + "." + pick(std::vector<std::string>{"a", "k", "if_", "b"}) +
                             "[\"c d\"] := " + term(1, {}));
      module.rules.push_back(rule + ".b contains " + scalar());
      break;
    default: {
      const std::string key = name("s"), value = name("s");
      const std::string from =
          pick(std::vector<std::string>{"data.users", "data.graph", "input.obj", "data.grants"});
      const std::string loop = " if { some " + key + ", " + value + " in " + from;
      module.rules.push_back(rule + "[" + key + "].k := " + value + loop + " }");
      if (chance(60)) module.rules.push_back(rule + "[" + key + "].b[" + value + "] := 1" + loop + " }");
      if (chance(40))
        module.rules.push_back(rule + "[" + key + "].c contains " + value + loop + "; " +
                               test(1, {key, value}) + " }");
      if (chance(30))
        module.rules.push_back(rule + ".alice.x := " + scalar() + " if { " + test(1, {}) + " }");
      break;
    }
  }
  rules_.push_back({rule, shape});
}

void Generator::add_complete(GeneratedModule& module) {
  const std::string rule = name("p");
  if (chance(40))
    module.rules.push_back("default " + rule + " := " + (chance(70) ? scalar() : literal(1, {})));
  const bool constants = chance(60);
  for (std::size_t count = 1 + below(2); count > 0; --count) {
    Scope scope;
    const std::string text = body(kDepth, scope);
    const std::string value = constants ? scalar() : term(2, scope);
    std::string line = rule + (chance(20) ? "" : " := " + value) + " if { " + text + " }";
    while (chance(25)) {
      Scope other;
      const std::string branch = body(2, other);
      line += " else := " + term(1, other) + " if { " + branch + " }";
    }
    if (chance(10)) line += " else := " + scalar();
    module.rules.push_back(line);
  }
  rules_.push_back({rule, Shape::Complete});
}

void Generator::add_partial(GeneratedModule& module) {
  const std::string rule = name("p");
  const std::size_t form = below(6);
  Shape shape = Shape::Set;
  for (std::size_t count = 1 + below(3); count > 0; --count) {
    Scope scope;
    const std::string text = " if { " + body(kDepth, scope) + " }";
    const auto key_of = [&] { return scope.empty() || chance(25) ? key({}) : pick(scope); };
    switch (form) {
      case 0:
      case 1: module.rules.push_back(rule + " contains " + term(2, scope) + text); break;
      case 2:
        shape = Shape::Object;
        module.rules.push_back(rule + "[" + key_of() + "] := " + term(2, scope) + text);
        break;
      case 3:
        shape = Shape::Nested;
        module.rules.push_back(rule + "[" + key_of() + "][" + key_of() + "] := " + term(1, scope) + text);
        break;
      case 4:
        shape = Shape::Nested;
        module.rules.push_back(rule + (chance(50) ? ".q" : "") + "[" + key_of() + "] contains " +
                               term(1, scope) + text);
        break;
      default:
        shape = Shape::Nested;
        module.rules.push_back(rule + pick(std::vector<std::string>{".a", ".b", ".a.k", "[\"c d\"]"}) +
                               (chance(50) ? "[" + key_of() + "]" : "") +
                               " := " + (chance(50) ? scalar() : term(1, scope)) + text);
        break;
    }
  }
  rules_.push_back({rule, shape});
}

std::string Generator::argument(std::size_t number, Scope& scope) {
  if (chance(70)) {
    scope.push_back("a" + std::to_string(number));
    return scope.back();
  }
  return chance(50) ? scalar() : pattern(1, {}, scope);
}

void Generator::add_function(GeneratedModule& module) {
  const std::string rule = (chance(20) ? "g." : "") + name("f");
  const std::size_t arity = chance(70) ? 1 : 2;
  const auto head = [&](Scope& scope) {
    std::string out = rule + "(";
    for (std::size_t i = 0; i < arity; ++i) out += (i == 0 ? "" : ", ") + argument(i, scope);
    return out + ")";
  };
  if (chance(20)) {
    module.rules.push_back("default " + rule + (arity == 1 ? "(_)" : "(_, _)") + " := " + scalar());
  }
  for (std::size_t count = 1 + below(3); count > 0; --count) {
    Scope scope;
    const std::string left = head(scope);
    const std::string text = body(2, scope);
    std::string line = left + " := " + term(1, scope) + " if { " + text + " }";
    if (chance(20)) line += " else := " + scalar();
    module.rules.push_back(line);
  }
  rules_.push_back({rule, Shape::Function, arity});
}

std::string Generator::indexed_test(std::string_view given) {
  const std::string subject(given);
  const auto constant = [&] { return scalar(); };
  switch (below(12)) {
    case 0:
    case 1: return subject + " == " + constant();
    case 2: return constant() + " == " + subject;
    case 3: return subject + " in [" + constant() + ", " + constant() + "]";
    case 4: return constant() + " in input.xs";
    case 5: return "startswith(" + subject + ", \"a\")";
    case 6: return subject + " > " + constant();
    case 7: return subject + " <= " + constant();
    case 8: return "net.cidr_contains(\"10." + std::to_string(below(3)) + ".0.0/16\", input.ip)";
    case 9:
      return "regex.match(\"^[a-" + std::string(1, static_cast<char>('b' + below(3))) + "]\", " + subject +
             ")";
    case 10: return "glob.match(\"/a*\", null, input.path)";
    default: return "input.xs[_] == " + constant();
  }
}

/// Enough rules of one name for an index.
void Generator::add_indexed(GeneratedModule& module) {
  const std::size_t form = below(4);
  const std::string rule = name(form == 3 ? "f" : "p");
  const std::vector<std::string> subjects = {"input.user", "input.role", "input.n", "input.m", "input.obj.k"};
  if (form == 1) module.rules.push_back("default " + rule + " := \"none\"");
  const std::size_t count = 6 + below(8);
  for (std::size_t i = 0; i < count; ++i) {
    std::string tests = indexed_test(form == 3 && chance(70) ? "a0" : pick(subjects));
    if (chance(40)) tests += "; " + indexed_test(form == 3 ? "a0" : pick(subjects));
    if (chance(20)) {
      Scope scope;
      tests += "; " + expression(1, scope);
    }
    const std::string value = chance(60) ? "1" : std::to_string(below(3));
    std::string head;
    switch (form) {
      case 0: head = rule + " contains " + std::to_string(i); break;
      case 1: head = rule + " := " + value; break;
      case 2:
        head = rule + "[\"" + std::string(1, static_cast<char>('a' + below(3))) + "\"] := " + value;
        break;
      default: head = rule + "(" + (chance(30) ? scalar() : "a0") + ") := " + value; break;
    }
    std::string line = head + " if { " + tests + " }";
    if ((form == 1 || form == 3) && chance(15))
      line += " else := " + scalar() + " if { " + indexed_test("input.n") + " }";
    module.rules.push_back(line);
  }
  rules_.push_back({rule,
                    form == 0   ? Shape::Set
                    : form == 2 ? Shape::Object
                    : form == 3 ? Shape::Function
                                : Shape::Complete,
                    1});
}

std::string Generator::ad_hoc_query() {
  Scope scope;
  logical_ = false;
  in_query_ = true;
  return body(2, scope);
}

}  // namespace signalbox::policy::test
