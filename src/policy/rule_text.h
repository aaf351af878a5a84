// What gateway rules ask for, as far as their text says it; nothing is evaluated.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "policy/engine.h"

namespace signalbox::policy {

namespace ast {
struct Rule;
}

struct RuleText {
  std::string_view action;              ///< "" = it may be any
  std::vector<std::string_view> texts;  ///< every constant text in its head and body, but keys of references
};

/// Of one set, which must live as long.
class RuleTexts {
 public:
  explicit RuleTexts(const PolicySet& set);
  /// Of the rules that stand where this one stands, never none: those of a YAML rule stand together.
  std::vector<RuleText> of(const RuleReads& rule) const;

 private:
  using Place = std::tuple<std::string, std::uint32_t, std::uint32_t>;  ///< package, row, column
  std::multimap<Place, const ast::Rule*> rules_;
  bool passes_on_;  ///< the entry makes no actions of its own
};

}  // namespace signalbox::policy
