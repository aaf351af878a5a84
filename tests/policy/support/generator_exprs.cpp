// Generator, expressions: what bindings they make is added to the scope, so that later ones can use them.
#include <algorithm>

#include "policy/support/generator.h"

namespace signalbox::policy::test {
namespace {

const std::vector<std::string> kComparisons = {"==", "!=", "<", "<=", ">", ">="};

}  // namespace

std::string Generator::body(int depth, Scope& scope) {
  if (depth > 0 && chance(12)) return unordered_body(depth, scope);
  std::string out;
  for (std::size_t count = 1 + below(3); count > 0; --count) {
    out += (out.empty() ? "" : "; ") + expression(depth, scope);
  }
  return out;
}

/// `some` first, then expressions in any order: safety has to put them right. (In a query none closes over
/// them: there OPA takes the captured value of an expression that waits for what it closes over for known,
/// and does not look at it.)
std::string Generator::unordered_body(int depth, Scope& scope) {
  const std::string a = name("s"), b = name("s"), c = name("s");
  Scope inner = scope;
  inner.push_back(a);
  inner.push_back(b);
  std::vector<std::string> parts = {
      a + " = " + reference(depth - 1, scope),
      (chance(50) ? collection(depth - 1, scope) : pick(scope.empty() ? Scope{"input.xs"} : scope)) + "[" +
          b + "]",
      pick(std::vector<std::string>{"[" + c + ", " + a + "] = [" + b + ", _]",
                                    c + " = [" + a + ", " + b + "]",
                                    "{\"n\": " + c + "} = {\"n\": " + b + "}", "count(" + a + ", " + c + ")",
                                    "walk(" + a + ", [" + c + ", " + b + "])"}),
      test(depth - 1, in_query_ ? scope : inner)};
  for (std::size_t i = parts.size() - 1; i > 0; --i) std::swap(parts[i], parts[below(i + 1)]);
  std::string out = "some " + a + ", " + b + ", " + c;
  for (const std::string& part : parts) out += "; " + part;
  scope.insert(scope.end(), {a, b, c});
  return out;
}

std::string Generator::expression(int depth, Scope& scope) {
  if (depth <= 0) return test(0, scope);
  const Scope before = scope;
  std::string out;
  switch (below(8)) {
    case 0:
    case 1:
    case 2: out = binding(depth, scope); break;
    case 3: out = quantified(depth, scope); break;
    case 4:
      if (logical_) {
        out = logical(depth, scope);
        break;
      }
      [[fallthrough]];
    default: out = test(depth, scope); break;
  }
  if (chance(14)) out += with_modifiers(depth - 1, before);
  return out;
}

std::string Generator::binding(int depth, Scope& scope) {
  const Scope before = scope;
  switch (below(8)) {
    case 0:
    case 1: {
      const std::string value = name("v");
      scope.push_back(value);
      if (chance(50)) return "some " + value + " in " + collection(depth - 1, before);
      const std::string key = name("k");
      scope.push_back(key);
      return "some " + key + ", " + value + " in " + collection(depth - 1, before);
    }
    case 2: {
      scope.push_back(name("v"));
      return scope.back() + " := " + term(depth, before);
    }
    case 3: {
      scope.push_back(name("v"));
      return scope.back() + " = " + term(depth, before);
    }
    case 4: {
      const std::string left = pattern(2, before, scope);
      return left + (chance(30) ? " := " : " = ") +
             (chance(50) ? collection(depth - 1, before) : term(depth, before));
    }
    case 5: {
      const std::string u = name("u"), r = name("r");
      scope.insert(scope.end(), {u, r});
      return "some " + u + ", " + r + "; " +
             pick(std::vector<std::string>{
                 "data.users[" + u + "].roles[" + r + "]", "data.matrix[" + u + "][" + r + "]",
                 "data.grants[" + u + "].role == " + r, "input.xs[" + u + "] == data.nums[" + r + "]",
                 "data.fz.lib[" + u + "][" + r + "]", "data.graph[" + u + "][_] = " + r});
    }
    case 6: {
      const std::string inner = pattern(1, before, scope);
      return "some " + inner + " in " + collection(depth - 1, before);
    }
    default: {
      const std::string path = name("p"), value = name("v");
      scope.insert(scope.end(), {path, value});
      return "walk(" + reference(depth - 1, before) + ", [" + path + ", " + value + "])";
    }
  }
}

std::string Generator::test(int depth, const Scope& scope) {
  switch (below(10)) {
    case 9:
      if (!in_query_ && chance(20))
        return "print(" + (scope.empty() ? std::string("input.n") : pick(scope)) + ", input.missing.x)";
      return key(scope) + ", " + term(depth - 1, scope) + " in " + collection(depth - 1, scope);
    case 0:
    case 1: return term(depth, scope) + " " + pick(kComparisons) + " " + term(depth, scope);
    case 2: return "not " + term(depth, scope) + " " + pick(kComparisons) + " " + term(depth - 1, scope);
    case 3: return term(depth, scope) + " in " + collection(depth, scope);
    case 4: return "not " + reference(depth, scope);
    case 5: return reference(depth, scope);
    case 6: return rule_reference(depth, scope);
    case 7: return "not " + key(scope) + " in " + collection(depth - 1, scope);
    default: return chance(50) ? "true" : call(depth, scope);
  }
}

std::string Generator::quantified(int depth, const Scope& scope) {
  Scope inner = scope;
  if (chance(70)) {
    const std::string value = name("e"), key = name("k");
    const bool both = chance(50);
    inner.push_back(value);
    if (both) inner.push_back(key);
    return "every " + (both ? key + ", " : "") + value + " in " + collection(depth - 1, scope) + " { " +
           body(depth - 1, inner) + " }";
  }
  if (!logical_) return test(depth, scope);
  return "not { " + body(depth - 1, inner) + " }";
}

std::string Generator::logical(int depth, const Scope& scope) {
  const auto operand = [&] {
    Scope inner = scope;
    return chance(40) ? "{ " + body(depth - 1, inner) + " }" : test(depth - 1, scope);
  };
  std::string out = operand();
  for (std::size_t count = 1 + below(2); count > 0; --count)
    out += (chance(50) ? " and " : " or ") + operand();
  return out;
}

std::string Generator::with_modifiers(int depth, const Scope& scope) {
  std::string out;
  for (std::size_t count = 1 + below(2); count > 0; --count) {
    std::string target = pick(std::vector<std::string>{"input", "input.n", "input.user", "input.obj.k",
                                                       "data.nums", "data.users.alice", "data.users", "count",
                                                       "data.words", "input.xs", "data.new.place", "upper",
                                                       "plus", "lt", "equal", "object.get", "startswith"});
    if (!rules_.empty() && chance(35)) target = pick(rules_).name;
    const bool one = target == "count" || target == "upper";
    const bool two = target == "plus" || target == "lt" || target == "equal" || target == "startswith";
    if (target.find('.') == std::string::npos && target != "input" && !one && !two) target = "data.fz.lib";
    std::string value = term(depth, scope);
    if (chance(60) && (one || two)) {
      const std::size_t arity = one ? 1 : 2;
      const auto fits = [&](const KnownRule& r) { return r.shape == Shape::Function && r.arity == arity; };
      const auto function = std::ranges::find_if(rules_, fits);
      value = function != rules_.end() ? function->name : in_query_ ? "true" : one ? "max" : "minus";
    }
    out += " with " + target + " as " + value;
  }
  return out;
}

}  // namespace signalbox::policy::test
