// Built-ins against goldens that the real OPA answered (opa/main.go): golden/*.jsonl, one call a line.
// SIGNALBOX_BUILTIN_GOLDENS names another folder, for runs over freshly generated calls
// (opa/differential.sh).
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "policy/builtins/builtin.h"
#include "policy/value/builder.h"
#include "policy/value/json.h"

namespace signalbox::policy {
namespace {

/// {"$set": [...]} and {"$object": [[k, v], ...]} become sets and objects.
Value untagged(Arena& arena, const Value& value) {
  if (value.is_array()) {
    ArrayBuilder out(arena);
    for (const Value& element : value.as_array()) out.add(untagged(arena, element));
    return out.finish();
  }
  if (!value.is_object()) return value;
  if (Value set = value.at("$set"); set && value.size() == 1) {
    SetBuilder out(arena);
    for (const Value& element : set.as_array()) out.add(untagged(arena, element));
    return out.finish();
  }
  ObjectBuilder out(arena);
  if (Value pairs = value.at("$object"); pairs && value.size() == 1) {
    for (const Value& pair : pairs.as_array())
      out.add(untagged(arena, pair.as_array()[0]), untagged(arena, pair.as_array()[1]));
  } else {
    for (const Pair& pair : value.as_object()) out.add(pair.key, untagged(arena, pair.value));
  }
  return out.finish();
}

struct Evaluation {
  Arena arena;
  Meter meter;
  BuiltinStore kept, evaluation;
  BuiltinHost host;
  std::mt19937_64 random{1};

  Evaluation() { meter.start(Limits{}, arena); }
  BuiltinContext context() {
    return {arena, meter, kept, evaluation, host, 1'700'000'000'000'000'000, random, true, nullptr, "test:1"};
  }
};

std::string_view kind_text(BuiltinError::Kind kind) {
  switch (kind) {
    case BuiltinError::Kind::Type: return "eval_type_error";
    case BuiltinError::Kind::Failure: return "eval_builtin_error";
    case BuiltinError::Kind::Halt: break;
  }
  return "halt";
}

/// OPA gives the complaints of json.match_schema in no particular order; the goldens have them sorted.
BuiltinResult ordered(Arena& arena, std::string_view name, const BuiltinResult& result) {
  if (name != "json.match_schema" || !result) return result;
  auto pair = result->as_array();
  std::vector<Value> complaints(pair[1].as_array().begin(), pair[1].as_array().end());
  std::sort(complaints.begin(), complaints.end());
  const Value both[] = {pair[0], make_array(arena, complaints)};
  return make_array(arena, both);
}

/// The outcome in one comparable text.
std::string outcome(std::string_view name, const BuiltinResult& result) {
  if (!result)
    return std::string(kind_text(result.error().kind)) + ": " + std::string(name) + ": " +
           result.error().message;
  return *result ? to_rego(*result) : "undefined";
}

std::string expected(Arena& arena, const Value& call) {
  if (Value kind = call.at("kind"))
    return std::string(kind.as_string()) + ": " + std::string(call.at("error").as_string());
  if (Value result = call.at("result")) return to_rego(untagged(arena, result));
  return "undefined";
}

std::filesystem::path golden_folder() {
  if (const char* folder = std::getenv("SIGNALBOX_BUILTIN_GOLDENS")) return folder;
  return std::filesystem::path(SIGNALBOX_SOURCE_DIR) / "tests/policy/builtins/golden";
}

}  // namespace

TEST_CASE("built-ins answer as OPA does", "[builtins][golden]") {
  std::map<std::string, int> failures;
  int calls = 0;
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder())) {
    if (entry.path().extension() != ".jsonl") continue;
    std::ifstream file(entry.path());
    Evaluation evaluation;
    for (std::string line; std::getline(file, line);) {
      evaluation.arena.reset();
      evaluation.evaluation.clear();
      evaluation.meter.start(Limits{}, evaluation.arena);
      auto call = parse_json(evaluation.arena, line);
      REQUIRE(call);
      std::string name(call->at("call").as_string());
      const Builtin* builtin = find_builtin(name);
      if (builtin == nullptr || builtin->fn == nullptr) continue;
      Value args = untagged(evaluation.arena, call->at("args"));
      BuiltinContext context = evaluation.context();
      ++calls;
      std::string got = outcome(name, ordered(evaluation.arena, name, builtin->fn(context, args.as_array())));
      std::string want = expected(evaluation.arena, *call);
      if (got == want) continue;
      if (++failures[name] > 8) continue;
      FAIL_CHECK(entry.path().filename()
                 << ": " << name << to_rego(args) << "\n  want " << want << "\n  got  " << got);
    }
  }
  CHECK(calls > 0);
  CHECK(failures.empty());
}

}  // namespace signalbox::policy
