// Tracer: who watches an evaluation. Explanations, coverage and profiles are made by it.
//
// An evaluation without a tracer runs a machine loop that was compiled without the calls: watching costs
// nothing when nobody watches. With one, every instruction pays a virtual call.
#pragma once

#include <cstdint>
#include <span>

#include "policy/vm/program.h"

namespace signalbox::policy {

class Tracer {
 public:
  virtual ~Tracer() = default;

  /// True: every rule is tried, also those that the index rules out.
  virtual bool every_rule() const { return false; }
  /// A rule set or function begins and ends; nested. A remembered result is not computed again, so it is not
  /// entered again either. `result` is undefined when nothing held, or when an error ends the evaluation.
  virtual void enter(const Function&, std::span<const Value> /*arguments*/) {}
  virtual void leave(const Function&, const Value& /*result*/) {}
  /// An instruction is about to run.
  virtual void step(const Function&, std::uint32_t /*instruction*/) {}
  /// An instruction did not hold. Of a comparison: what it compared; null otherwise.
  virtual void failed(const Function&, std::uint32_t /*instruction*/, const Value* /*left*/,
                      const Value* /*right*/) {}
};

}  // namespace signalbox::policy
