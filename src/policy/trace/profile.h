// Profile: the time that each line's expressions took, as `opa eval --profile` reports it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "policy/vm/tracer.h"

namespace signalbox::policy {

struct LineProfile {
  std::int64_t total_time_ns = 0;
  std::uint64_t num_eval = 0;      ///< times the line's expressions were begun
  std::uint64_t num_redo = 0;      ///< times they were tried again for another answer
  std::uint64_t num_gen_expr = 0;  ///< expressions on the line
  SourcePosition at;
};

/// Sort keys, most important first.
enum class ProfileOrder : std::uint8_t { TotalTime, NumEval, NumRedo, NumGenExpr, File, Line };

/// Watches one evaluation. Calls of rules count towards the line that calls until the rule begins.
class Profile final : public Tracer {
 public:
  void leave(const Function&, const Value&) override { previous_ = nullptr; }
  void step(const Function& f, std::uint32_t instruction) override;

  /// Sorted, `limit` lines at most (0 = all). Lines that only hold a rule's head are left out, as in OPA.
  std::vector<LineProfile> report(const Program& program, std::span<const ProfileOrder> order,
                                  std::size_t limit);

 private:
  struct Line {
    std::int64_t time_ns = 0;
    std::uint64_t evals = 0, redos = 0;
    std::map<std::uint32_t, bool> columns;
  };
  void account();

  std::map<std::pair<std::uint32_t, std::uint32_t>, Line> lines_;  ///< file and row
  Line* current_ = nullptr;
  std::chrono::steady_clock::time_point since_;
  const Function* previous_ = nullptr;
  std::uint32_t previous_instruction_ = 0;
};

/// As OPA's JSON, compact.
std::string to_json(std::span<const LineProfile> profile);

}  // namespace signalbox::policy
