// Folding known documents. Nothing is analysed: every rule set is evaluated with an input that only notes
// that it was asked. Who did not ask, called nothing that may answer differently tomorrow, and met no error,
// gives the same document in every evaluation. (Under `with` on data or functions, and where somebody watches
// how a document comes about, the machine computes it after all.)
#include "policy/fold.h"

#include <atomic>

#include "policy/value/work.h"
#include "policy/vm/machine.h"

namespace signalbox::policy {
namespace {

constexpr std::uint64_t kStepsEach = 200'000, kStepsAltogether = 20'000'000;
constexpr std::uint64_t kWorkEach = 1'000'000;
constexpr std::size_t kMemoryEach = 1u << 20, kMemoryAltogether = 64u << 20;
/// Values of so few parts are copied together; larger ones keep the memory they were made in.
constexpr std::size_t kSmall = 64;

/// Ends the evaluation that asks it anything.
class Unasked final : public Input {
 public:
  Value at(std::uint32_t, Arena&) const override { return asked_ = true, Value(); }
  Value at_path(const InputPath&, Arena&) const override { return asked_ = true, Value(); }
  const std::atomic<bool>& asked() const { return asked_; }
  void forget() { asked_ = false; }

 private:
  mutable std::atomic<bool> asked_ = false;
};

/// Counts the parts of a value, up to a little more than kSmall.
void count_parts(const Value& value, std::size_t& parts) {
  if (++parts > kSmall) return;
  switch (value.kind()) {
    case Kind::Array:
      for (const Value& item : value.as_array()) {
        if (count_parts(item, parts); parts > kSmall) return;
      }
      return;
    case Kind::Set:
      for (const Value& item : value.as_set()) {
        if (count_parts(item, parts); parts > kSmall) return;
      }
      return;
    case Kind::Object:
      for (const Pair& pair : value.as_object()) {
        count_parts(pair.key, parts);
        if (count_parts(pair.value, parts); parts > kSmall) return;
      }
      return;
    default: return;
  }
}

class Folder {
 public:
  explicit Folder(Program& program) : program_(program) {}

  void run() {
    program_.known.resize(program_.rule_sets.size());
    for (std::uint32_t number = 0; number < program_.rule_sets.size(); ++number) {
      if (steps_ > kStepsAltogether || memory_ > kMemoryAltogether) return;
      fold(number);
    }
  }

 private:
  void fold(std::uint32_t number) {
    input_.forget();
    Evaluation evaluation;
    evaluation.program = &program_;
    evaluation.input = &input_;
    evaluation.limits.steps = kStepsEach;
    evaluation.limits.memory = kMemoryEach;
    evaluation.limits.cancelled = &input_.asked();
    evaluation.strict = true;
    evaluation.only_known = true;
    machine_.start(evaluation);
    Work::allow(kWorkEach);
    Value value;
    const bool computed = machine_.rule_set(number, value), good = machine_.finish(computed, value);
    steps_ += machine_.meter().steps();
    // Decisions say which rules contributed: those are run.
    if (good && !input_.asked() && machine_.contributions().empty()) keep(number, value);
  }

  void keep(std::uint32_t number, const Value& value) {
    std::size_t parts = 0;
    if (value) count_parts(value, parts);
    if (parts <= kSmall) {
      program_.known[number] = {true, value ? copy(program_.memory, value) : value};
      return;
    }
    program_.known[number] = {true, value};
    memory_ += machine_.arena().used();
    program_.known_memory.push_back(machine_.take_arena());
  }

  Program& program_;
  Unasked input_;
  Machine machine_;
  std::uint64_t steps_ = 0;
  std::size_t memory_ = 0;
};

}  // namespace

void fold_known_documents(Program& program) {
  Folder(program).run();
}

}  // namespace signalbox::policy
