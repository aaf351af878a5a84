// Rules are dropped until none is refused: what is left out may have been what the others were refused for.
#include "policy/support/settle.h"

#include <cstdlib>

#include "policy/support/engine_answers.h"

namespace signalbox::policy::test {

Seeds seeds_or(std::uint64_t from, std::uint64_t count) {
  const char* given = std::getenv("SIGNALBOX_SEEDS");
  if (given == nullptr) return {from, count};
  char* end = nullptr;
  from = std::strtoull(given, &end, 10);
  return {from, *end == ':' ? std::strtoull(end + 1, nullptr, 10) : 1};
}

bool settle(GeneratedProgram& program) {
  for (int round = 0; round < 60; ++round) {
    EngineAnswers engine;
    const auto errors = engine.load(program);
    if (errors.empty()) return true;
    bool dropped = false;
    for (const CompileError& error : errors) {
      for (GeneratedModule& module : program.modules) {
        dropped |= module.path == error.file && module.drop_row(error.row);
      }
    }
    if (!dropped) return false;
  }
  return false;
}

}  // namespace signalbox::policy::test
