// ReferenceAnswers: the same shape of answer, so that answers can be compared as text.
#include "policy/support/reference_answers.h"

#include <algorithm>

#include "policy/support/engine_answers.h"
#include "policy/value/json.h"

namespace signalbox::policy::test {
namespace {

std::vector<SourceFile> files_of(const GeneratedProgram& program) {
  std::vector<SourceFile> files = {{"data.json", program.data}};
  for (const GeneratedModule& module : program.modules) files.push_back({module.path, module.text()});
  return files;
}

}  // namespace

ReferenceAnswers::ReferenceAnswers(const GeneratedProgram& program) : program_(files_of(program), {}) {}

Answer ReferenceAnswers::query(const std::string& query, const std::string& input, bool strict) {
  Answer out;
  if (!program_.trouble().empty()) {
    out.error = "trouble";
    out.message = program_.trouble();
    return out;
  }
  Arena arena;
  const auto answers = program_.ask(query, parse_json(arena, input).value(), strict);
  if (answers.error) {
    out.error = answers.error->code;
    out.message = answers.error->message;
    return out;
  }
  for (const auto& values : answers.bindings) out.results.push_back(bindings_json(answers.names, values));
  std::ranges::sort(out.results);
  out.results.erase(std::ranges::unique(out.results).begin(), out.results.end());
  return out;
}

}  // namespace signalbox::policy::test
