// Running a behaviour case: load its modules and data, ask its query, compare bindings or the error.
#include "policy/support/case_runner.h"

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "policy/engine.h"
#include "policy/support/case_yaml.h"
#include "policy/support/reference_program.h"
#include "policy/value/builder.h"
#include "policy/value/json.h"

namespace signalbox::policy::test {
namespace {

/// The suite's own built-in: sleeps for a duration such as "1ms", gives null.
BuiltinResult test_sleep(BuiltinContext&, std::span<const Value> args) {
  if (!args[0].is_string()) return operand_error(1, "string", args[0]);
  const std::string text(args[0].as_string());
  const long count = std::strtol(text.c_str(), nullptr, 10);
  const bool milli = text.ends_with("ms");
  std::this_thread::sleep_for(std::chrono::microseconds(milli ? count * 1000 : count));
  return Value::null();
}
const Builtin kTestSleep = [] {
  Builtin b;
  b.name = "test.sleep";
  b.signature = "(string) => null";
  b.fn = test_sleep;
  b.arity = 1;
  return b;
}();

/// The value as OPA's runner sees it: through JSON, where sets are arrays and keys are text.
Value through_json(Arena& arena, const Value& value) {
  return parse_json(arena, to_json(value)).value_or(Value());
}

Value sorted_arrays(Arena& arena, const Value& bindings) {
  ObjectBuilder out(arena);
  for (const Pair& pair : bindings.as_object()) {
    const Value value = pair.value.is_array() ? Value() : pair.value;
    if (value) {
      out.add(pair.key, value);
      continue;
    }
    std::vector<Value> items(pair.value.as_array().begin(), pair.value.as_array().end());
    std::sort(items.begin(), items.end());
    out.add(pair.key, make_array(arena, items));
  }
  return out.finish();
}

Value as_set_of_bindings(Arena& arena, std::vector<Value> answers, bool sort) {
  for (Value& answer : answers) {
    if (sort) answer = sorted_arrays(arena, answer);
  }
  return make_set(arena, answers);
}

std::string to_text_all(const Diagnostics& diagnostics) {
  return "does not compile: " + to_text(diagnostics);
}

struct Outcome {
  std::vector<Value> answers;
  std::string error;
  std::string error_code;
  std::string trouble;  ///< the case could not be run
};

std::vector<SourceFile> files_of(const Value& fields) {
  std::vector<SourceFile> files;
  if (const Value modules = fields.at("modules"); modules.is_array()) {
    for (std::size_t i = 0; i < modules.size(); ++i) {
      files.push_back(
          {"test-" + std::to_string(i) + ".rego", std::string(modules.as_array()[i].as_string())});
    }
  }
  if (const Value data = fields.at("data"); data.is_object()) files.push_back({"data.json", to_json(data)});
  return files;
}

Value bindings_object(Arena& arena, const Value& fields, std::span<const std::string> names,
                      std::span<const Value> values) {
  ObjectBuilder object(arena);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (fields.at("ignore_generated_vars").is_true() && names[i].starts_with("__localq")) continue;
    if (values[i]) object.add(copy_string(arena, names[i]), through_json(arena, values[i]));
  }
  return object.finish();
}

bool is_v0(const Value& fields) {
  const Value version = fields.at("rego_version");
  return version.is_string() && version.as_string() == "v0";
}

Outcome evaluate(Arena& arena, const Value& fields, Optimise optimise) {
  std::vector<SourceFile> files = files_of(fields);
  LoadOptions options;
  options.optimise = optimise;
  options.v0_compatible = is_v0(fields);
  options.host.own_builtins.push_back(&kTestSleep);
  auto set = PolicySet::load(std::move(files), {}, options);
  if (!set) return {{}, {}, {}, to_text_all(set.error())};
  Evaluator evaluator;
  Value input = fields.at("input");
  if (const Value term = fields.at("input_term"); term.is_string()) {
    auto query = (*set)->prepare(term.as_string());
    if (!query) return {{}, {}, {}, "input_term: " + to_text(query.error())};
    const auto value = evaluator.value(**query, JsonInput({}, {}), {});
    if (!value) return {{}, {}, {}, "input_term: " + to_text(value.error())};
    input = copy(arena, *value);
  }
  auto query = (*set)->prepare(fields.at("query").as_string());
  if (!query) return {{}, {}, {}, "query: " + to_text(query.error())};
  QueryOptions asking;
  asking.strict_builtin_errors = fields.at("strict_error").is_true();
  const auto answers = evaluator.query(**query, JsonInput(input, (*set)->input_paths()), {}, asking);
  Outcome out;
  if (!answers) {
    out.error = to_text(answers.error());
    out.error_code = answers.error().code;
    return out;
  }
  for (const Bindings& bindings : *answers) {
    out.answers.push_back(bindings_object(arena, fields, (*query)->variables(), bindings.variables));
  }
  return out;
}

Outcome evaluate_by_reference(Arena& arena, const Value& fields) {
  ReferenceProgram program(files_of(fields), {&kTestSleep}, is_v0(fields));
  if (!program.trouble().empty()) return {{}, {}, {}, program.trouble()};
  Value input = fields.at("input");
  if (const Value term = fields.at("input_term"); term.is_string()) {
    ReferenceProgram terms({}, {});
    const auto answers = terms.ask("x = " + std::string(term.as_string()), {}, false);
    if (answers.error || answers.bindings.empty()) return {{}, {}, {}, "input_term"};
    input = copy(arena, answers.bindings.front().front());
  }
  const auto answers =
      program.ask(std::string(fields.at("query").as_string()), input, fields.at("strict_error").is_true());
  Outcome out;
  if (answers.error) {
    out.error = to_text(*answers.error);
    out.error_code = answers.error->code;
    return out;
  }
  for (const auto& values : answers.bindings) {
    out.answers.push_back(bindings_object(arena, fields, answers.names, values));
  }
  return out;
}

}  // namespace

std::vector<Case> read_cases(Arena& arena, const std::string& path, std::string& error) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  const auto document = parse_case_yaml(arena, text.str());
  if (!document || !document->at("cases").is_array()) {
    error = path + ": " + (document ? "no cases" : document.error());
    return {};
  }
  std::vector<Case> out;
  for (const Value& fields : document->at("cases").as_array()) {
    out.push_back({path, std::string(fields.at("note").as_string()), fields});
  }
  return out;
}

std::string run_case(const Case& test_case, Answering by) {
  Arena arena;
  const Value& fields = test_case.fields;
  const Outcome got = by == Answering::Reference ? evaluate_by_reference(arena, fields)
                      : by == Answering::Engine  ? evaluate(arena, fields, Optimise::Yes)
                                                 : evaluate(arena, fields, Optimise::No);
  if (!got.trouble.empty()) return got.trouble;
  const Value want_code = fields.at("want_error_code"), want_error = fields.at("want_error");
  const Value want = fields.at("want_result");
  bool checked = false;
  if (want_code.is_string()) {
    checked = true;
    if (got.error_code != want_code.as_string()) {
      return "wanted " + std::string(want_code.as_string()) + ", got " +
             (got.error.empty() ? "no error" : got.error);
    }
  }
  if (want_error.is_string()) {
    checked = true;
    // The reference does not say where an error arose: "test-0.rego:4: " is left out.
    std::string_view text = want_error.as_string();
    if (const auto at = text.find(": eval_"); by == Answering::Reference && at != std::string_view::npos)
      text.remove_prefix(at + 2);
    if (got.error.find(text) == std::string::npos) {
      return "wanted error \"" + std::string(want_error.as_string()) + "\", got \"" + got.error + "\"";
    }
  }
  if (want) {
    checked = true;
    if (!got.error.empty()) return "wanted a result, got " + got.error;
    const bool sort = fields.at("sort_bindings").is_true();
    std::vector<Value> wanted;
    if (want.is_array()) {
      for (const Value& answer : want.as_array()) wanted.push_back(through_json(arena, answer));
    }
    const Value left = as_set_of_bindings(arena, got.answers, sort),
                right = as_set_of_bindings(arena, wanted, sort);
    if (!(left == right)) return "got " + to_json(left) + "\n      not " + to_json(right);
  }
  return checked ? "" : "the case expects nothing";
}

}  // namespace signalbox::policy::test
