// Any bytes as a module: what compiles runs, within limits, on an input; with and without the optimisations
// it comes to the same. Text before the first NUL is the module, after it the input (JSON).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "policy/engine.h"
#include "policy/value/json.h"

using namespace signalbox::policy;

namespace {

constexpr std::string_view kData =
    R"({"users": {"alice": {"roles": ["admin"], "age": 1}}, "nums": [1, 2, 3], "words": ["a", "b"]})";

struct Outcome {
  std::string result;
  bool limited = false;
};

Outcome evaluate(const std::string& module, const Value& input, Optimise optimise) {
  LoadOptions options;
  options.optimise = optimise;
  const auto set = PolicySet::load({{"fuzz.rego", module}, {"data.json", std::string(kData)}}, {}, options);
  if (!set) return {"does not compile", false};
  const auto query = (*set)->prepare("data = x");
  if (!query) return {"no query", false};
  Limits limits;
  limits.steps = 200'000;
  limits.memory = 32u << 20;
  limits.depth = 128;
  Evaluator evaluator;
  const auto answers = evaluator.query(**query, JsonInput(input, (*set)->input_paths()), limits);
  if (!answers) return {answers.error().code, answers.error().code == "eval_cancel_error"};
  std::string out;
  for (const Bindings& each : *answers) {
    for (const Value& value : each.variables) out += to_json(value);
  }
  return {out, false};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find('\0');
  Arena arena;
  const Value input = end == std::string::npos
                          ? Value()
                          : parse_json(arena, std::string_view(text).substr(end + 1)).value_or(Value());
  const std::string module = text.substr(0, end);
  // What differs from run to run cannot be compared.
  for (const char* word : {"rand", "uuid", "time", "now", "http", "lookup", "opa."}) {
    if (module.find(word) != std::string::npos) return 0;
  }
  const Outcome fast = evaluate(module, input, Optimise::Yes), plain = evaluate(module, input, Optimise::No);
  // A limit may be hit by one of the two only; and which of several errors comes first is not fixed.
  const bool error = fast.result.starts_with("eval_") || plain.result.starts_with("eval_");
  if (!error && fast.result != plain.result) std::abort();
  return 0;
}
