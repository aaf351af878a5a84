// Trace: a rule's code is contiguous and in the order of its body, so the highest failing instruction is the
// expression that the best try got to.
#include "policy/vm/trace.h"

#include <algorithm>

namespace signalbox::policy {
namespace {

constexpr std::size_t kLongestValue = 200;

std::string shortened(const Value& value) {
  std::string out = to_rego(value);
  if (out.size() > kLongestValue) out = out.substr(0, kLongestValue) + "...";
  return out;
}

}  // namespace

void Trace::failed(const Function& f, std::uint32_t instruction, const Value* left, const Value* right) {
  const auto after = std::ranges::upper_bound(f.rule_entries, instruction);
  if (after == f.rule_entries.begin()) return;
  const auto ordinal = static_cast<std::size_t>(after - f.rule_entries.begin()) - 1;
  Failure& kept = by_rule_[f.rule_numbers[ordinal]];
  if (kept.at.row != 0 && instruction < kept.instruction) return;
  kept = {instruction, f.positions[instruction],
          left != nullptr ? shortened(*left) + ", " + shortened(*right) : ""};
}

const Trace::Failure* Trace::failure(std::uint32_t rule) const {
  const auto it = by_rule_.find(rule);
  return it == by_rule_.end() ? nullptr : &it->second;
}

}  // namespace signalbox::policy
