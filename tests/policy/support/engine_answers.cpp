// EngineAnswers: load, prepare, evaluate; errors by code, results as JSON text (which keeps how numbers are
// spelled).
#include "policy/support/engine_answers.h"

#include <algorithm>

#include "policy/value/builder.h"
#include "policy/value/json.h"

namespace signalbox::policy::test {
namespace {

Limits limits() {
  Limits out;
  out.steps = 3'000'000;
  return out;
}

std::vector<CompileError> compile_errors(const Diagnostics& diagnostics) {
  std::vector<CompileError> out;
  for (const Diagnostic& d : diagnostics) out.push_back({d.at.file, d.at.row, d.code, d.message});
  return out;
}

}  // namespace

std::string bindings_json(std::span<const std::string> names, std::span<const Value> values) {
  Arena arena;
  ObjectBuilder object(arena);
  for (std::size_t i = 0; i < names.size(); ++i) object.add(std::string_view(names[i]), values[i]);
  return to_json(object.finish());
}

std::vector<CompileError> EngineAnswers::load(const GeneratedProgram& program, const LoadOptions& options) {
  std::vector<SourceFile> files = {{"data.json", program.data}};
  for (const GeneratedModule& module : program.modules) files.push_back({module.path, module.text()});
  auto loaded = PolicySet::load(std::move(files), {}, options);
  if (!loaded) return compile_errors(loaded.error());
  set = *loaded;
  return {};
}

Answer EngineAnswers::query(const std::string& query, const std::string& input, bool strict) {
  Answer out;
  const auto prepared = set->prepare(query);
  if (!prepared) {
    out.error = prepared.error().front().code;
    out.message = prepared.error().front().message;
    return out;
  }
  Arena arena;
  const Value document = parse_json(arena, input).value();
  QueryOptions options;
  options.strict_builtin_errors = strict;
  const auto answers =
      evaluator_.query(**prepared, JsonInput(document, set->input_paths()), limits(), options);
  if (!answers) {
    out.error = answers.error().code;
    out.message = answers.error().message;
    return out;
  }
  for (const Bindings& bindings : *answers) {
    out.results.push_back(bindings_json((*prepared)->variables(), bindings.variables));
  }
  std::ranges::sort(out.results);
  out.results.erase(std::ranges::unique(out.results).begin(), out.results.end());
  return out;
}

Answer EngineAnswers::strict_document(const std::string& path, const std::string& input) {
  std::string dotted = "data";
  for (const char c : "/" + path) dotted += c == '/' ? '.' : c;
  Answer out = query(dotted + " = x", input, true);
  for (std::string& result : out.results) {
    Arena arena;
    result = to_json(parse_json(arena, result).value().at("x"));
  }
  return out;
}

}  // namespace signalbox::policy::test
