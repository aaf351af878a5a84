// Trace: how far each rule got, for explanations. Only explain() sets one.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "policy/vm/tracer.h"

namespace signalbox::policy {

class Trace final : public Tracer {
 public:
  struct Failure {
    std::uint32_t instruction = 0;
    CodePosition at;       ///< the expression that did not hold
    std::string compared;  ///< the two values of a comparison, as `left, right`; else empty
  };

  /// The rule whose code holds `instruction` of `f` failed there. Of several tries the one that got furthest
  /// is kept.
  void failed(const Function& f, std::uint32_t instruction, const Value* left, const Value* right) override;
  bool every_rule() const override { return true; }
  /// Null when the rule was not tried, or nothing in it failed.
  const Failure* failure(std::uint32_t rule) const;

 private:
  std::map<std::uint32_t, Failure> by_rule_;
};

}  // namespace signalbox::policy
