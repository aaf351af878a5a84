// Generator, terms: everything that may stand where a value is wanted.
#include "policy/support/generator.h"

namespace signalbox::policy::test {
namespace {

const std::vector<std::string> kInput = {"input.user", "input.role",      "input.n",    "input.m",
                                         "input.xs",   "input.obj",       "input.flag", "input.nil",
                                         "input.path", "input.missing.x", "input.ip",   "input.obj.n[0]"};
const std::vector<std::string> kData = {"data.users",   "data.nums",   "data.words",    "data.matrix",
                                        "data.mixed",   "data.grants", "data.graph",    "data.users.alice",
                                        "data.nowhere", "data.nets",   "data.words[0]", "data.users.bob.age"};
const std::vector<std::string> kCollections = {"input.xs",
                                               "input.obj",
                                               "data.users",
                                               "data.nums",
                                               "data.words",
                                               "data.matrix",
                                               "data.mixed",
                                               "data.grants",
                                               "data.graph",
                                               "data.users[input.user].roles",
                                               "data.users.alice.tags",
                                               "[1, 2, 3]",
                                               "{1, 2, 3}",
                                               "{\"a\": 1, \"b\": 2}",
                                               "[]",
                                               "set()",
                                               "\"a\""};
const std::vector<std::string> kOneArgument = {"count",
                                               "sum",
                                               "max",
                                               "min",
                                               "sort",
                                               "type_name",
                                               "to_number",
                                               "upper",
                                               "abs",
                                               "floor",
                                               "is_string",
                                               "is_number",
                                               "json.marshal",
                                               "object.keys",
                                               "is_object",
                                               "array.reverse",
                                               "lower",
                                               "is_array",
                                               "trim_space",
                                               "product",
                                               "is_set",
                                               "is_null",
                                               "round",
                                               "strings.reverse",
                                               "ceil",
                                               "is_boolean",
                                               "is_number",
                                               "json.is_valid",
                                               "union",
                                               "intersection",
                                               "hex.encode",
                                               "bits.negate",
                                               "base64url.encode",
                                               "base64.encode",
                                               "yaml.marshal",
                                               "json.unmarshal",
                                               "urlquery.encode",
                                               "semver.is_valid",
                                               "units.parse",
                                               "units.parse_bytes",
                                               "urlquery.encode_object",
                                               "object.union_n",
                                               "regex.is_valid",
                                               "base64url.decode",
                                               "net.cidr_is_valid",
                                               "net.cidr_expand"};
const std::vector<std::string> kTwoArguments = {"concat",
                                                "startswith",
                                                "contains",
                                                "split",
                                                "array.concat",
                                                "object.union",
                                                "trim",
                                                "format_int",
                                                "endswith",
                                                "union",
                                                "object.remove",
                                                "numbers.range",
                                                "object.filter",
                                                "indexof",
                                                "graph.reachable",
                                                "json.remove",
                                                "bits.and",
                                                "net.cidr_contains",
                                                "regex.match",
                                                "json.filter",
                                                "object.subset",
                                                "strings.any_prefix_match",
                                                "sprintf",
                                                "trim_prefix",
                                                "trim_suffix",
                                                "trim_left",
                                                "trim_right",
                                                "indexof_n",
                                                "strings.count",
                                                "strings.any_suffix_match",
                                                "strings.render_template",
                                                "regex.split",
                                                "bits.or",
                                                "bits.xor",
                                                "bits.lsh",
                                                "bits.rsh",
                                                "json.patch",
                                                "semver.compare",
                                                "net.cidr_intersects",
                                                "graph.reachable_paths",
                                                "object.union"};
const std::vector<std::string> kThreeArguments = {
    "replace",    "substring",   "regex.replace",      "regex.find_n",
    "object.get", "array.slice", "numbers.range_step", "regex.find_all_string_submatch_n",
    "glob.match"};
const std::vector<std::string> kFormats = {"%v-%v", "%d %s", "%5.2f|%x", "%q %T",
                                           "%s",    "%[2]v", "%05d%%%v", "%t %e"};
const std::vector<std::string> kOperators = {"+", "-", "*", "/", "%", "&", "|"};

}  // namespace

std::string Generator::key(const Scope& scope) {
  if (!scope.empty() && chance(50)) return pick(scope);
  return chance(60) ? pick(std::vector<std::string>{"\"a\"", "\"k\"", "\"alice\"", "0", "1", "\"roles\""})
                    : scalar();
}

std::string Generator::reference(int depth, const Scope& scope) {
  if (imported_ && chance(6)) return "usr";
  switch (below(6)) {
    case 0: return pick(kInput);
    case 1: return pick(kData);
    case 2:
      return "data.users[" + (chance(50) ? std::string("input.user") : key(scope)) + "]." +
             pick(std::vector<std::string>{"age", "roles", "tags", "nothing"});
    case 3:
      if (scope.empty()) return pick(kInput);
      return pick(scope) +
             (chance(50) ? "[" + key(scope) + "]" : "." + pick(std::vector<std::string>{"a", "k", "roles"}));
    case 4: return rule_reference(depth, scope);
    default: return scope.empty() ? pick(kData) : pick(scope);
  }
}

std::string Generator::rule_reference(int depth, const Scope& scope) {
  if (rules_.empty()) return pick(kInput);
  if (!packages_.empty() && chance(12)) {
    const std::string package = pick(packages_);
    return chance(50) ? package : package + "[" + key(scope) + "]";
  }
  const KnownRule& rule = pick(rules_);
  if (rule.shape == Shape::Function) {
    std::string out = rule.name + "(";
    for (std::size_t i = 0; i < rule.arity; ++i) out += (i == 0 ? "" : ", ") + term(depth - 1, scope);
    return out + ")";
  }
  if (rule.shape == Shape::Complete || chance(40)) return rule.name;
  std::string out = rule.name + "[" + (chance(70) ? key(scope) : term(depth - 1, scope)) + "]";
  if (rule.shape == Shape::Nested && chance(60)) out += "[" + key(scope) + "]";
  return out;
}

std::string Generator::literal(int depth, const Scope& scope) {
  std::string out;
  const std::size_t count = below(3), kind = below(3);
  for (std::size_t i = 0; i < count; ++i) {
    out += i == 0 ? "" : ", ";
    if (kind == 2) out += (chance(70) ? "\"" + std::string(1, "abk"[i]) + "\"" : key(scope)) + ": ";
    out += term(depth - 1, scope);
  }
  if (kind == 0) return "[" + out + "]";
  if (kind == 1) return out.empty() ? "set()" : "{" + out + "}";
  return "{" + out + "}";
}

std::string Generator::comprehension(int depth, const Scope& scope) {
  Scope inner = scope;
  std::string text = body(depth - 1, inner);
  if (chance(60)) {
    const std::string variable = name("c");
    text = "some " + variable + " in " + collection(depth - 1, scope) + "; " + text;
    inner.push_back(variable);
  }
  switch (below(3)) {
    case 0: return "[" + term(depth - 1, inner) + " | " + text + "]";
    case 1: return "{" + term(depth - 1, inner) + " | " + text + "}";
    default: return "{" + key(inner) + ": " + term(depth - 1, inner) + " | " + text + "}";
  }
}

std::string Generator::template_string(int depth, const Scope& scope) {
  const bool raw = chance(20);
  std::string out = raw ? "$`r" : "$\"t";
  for (std::size_t i = 0; i < 1 + below(2); ++i)
    out += "{" + (chance(60) ? reference(depth - 1, scope) : term(depth - 1, scope)) + "}-";
  return out + (raw ? "`" : "\"");
}

std::string Generator::call(int depth, const Scope& scope) {
  const auto argument = [&] { return chance(60) ? reference(depth - 1, scope) : term(depth - 1, scope); };
  switch (below(9)) {
    case 0:
    case 1: return pick(kOneArgument) + "(" + argument() + ")";
    case 2: return pick(kTwoArguments) + "(" + argument() + ", " + argument() + ")";
    case 3: return "object.get(" + argument() + ", " + key(scope) + ", " + term(depth - 1, scope) + ")";
    case 4: return "sprintf(\"" + pick(kFormats) + "\", [" + argument() + ", " + argument() + "])";
    case 5: return "array.slice(" + argument() + ", " + argument() + ", " + argument() + ")";
    case 6: return pick(kThreeArguments) + "(" + argument() + ", " + argument() + ", " + argument() + ")";
    case 7:
      return "regex.match(`^[a-" + pick(std::vector<std::string>{"b", "k", "z"}) + "]+$`, " + argument() +
             ")";
    default: return "(" + argument() + " " + pick(kOperators) + " " + argument() + ")";
  }
}

std::string Generator::collection(int depth, const Scope& scope) {
  if (!scope.empty() && chance(20)) return pick(scope);
  if (!rules_.empty() && chance(25)) {
    const KnownRule& rule = pick(rules_);
    if (rule.shape != Shape::Function) return rule.name;
  }
  if (depth > 0 && chance(15)) return comprehension(depth, scope);
  if (!packages_.empty() && chance(5)) return pick(packages_);
  return pick(kCollections);
}

std::string Generator::term(int depth, const Scope& scope) {
  if (depth <= 0) return !scope.empty() && chance(50) ? pick(scope) : scalar();
  switch (below(10)) {
    case 0: return scalar();
    case 1:
    case 2: return scope.empty() ? scalar() : pick(scope);
    case 3:
    case 4: return reference(depth, scope);
    case 5: return literal(depth, scope);
    case 6: return comprehension(depth, scope);
    case 7:
      if (!in_query_ && chance(4))
        return chance(50) ? "rego.metadata.rule().title" : "rego.metadata.chain()[0].path";
      return call(depth, scope);
    case 8: return chance(30) ? template_string(depth, scope) : reference(depth, scope);
    default: return rule_reference(depth, scope);
  }
}

/// A pattern that binds new variables.
std::string Generator::pattern(int depth, const Scope& scope, Scope& binds) {
  if (depth == 0 || chance(35)) {
    if (chance(15)) return "_";
    if (chance(30)) return scope.empty() || chance(50) ? scalar() : pick(scope);
    binds.push_back(name("u"));
    return binds.back();
  }
  if (chance(50)) {
    std::string out;
    for (std::size_t i = 0; i < 1 + below(3); ++i)
      out += (i == 0 ? "" : ", ") + pattern(depth - 1, scope, binds);
    return "[" + out + "]";
  }
  std::string out;
  const std::vector<std::string> keys = {"\"n\"", "\"role\"", "\"a\""};
  for (std::size_t i = 0; i < 1 + below(2); ++i)
    out += (i == 0 ? "" : ", ") + keys[i] + ": " + pattern(depth - 1, scope, binds);
  return "{" + out + "}";
}

}  // namespace signalbox::policy::test
