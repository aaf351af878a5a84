// Story: an evaluation as a tree. Which rules were asked, which fired and with which value, and where the
// others stopped. Decision records, the debugger and the console show the same tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "policy/vm/tracer.h"

namespace signalbox::policy {

/// What one rule did each time its rule set was computed: it gave a value, or one of its expressions failed.
struct RuleStep {
  SourcePosition at;
  bool fired = false;
  SourcePosition failed_at;  ///< the expression that did not hold; row 0 when it fired or was ruled out
  std::string compared;      ///< the values that expression compared, `left, right`; may be empty
  std::string text;          ///< the rule's line, and
  std::string condition;     ///< what stands at failed_at; empty until quote() (quotes.h)
};

/// One computation of a rule set or function, and those it asked for.
struct StoryNode {
  std::string name;       ///< data.app.allow, or "query"
  std::string arguments;  ///< of a function: `"a", 1`
  std::string value;      ///< as Rego; empty = undefined
  std::vector<RuleStep> rules;
  std::vector<StoryNode> asked;
};

struct StoryLimits {
  std::size_t nodes = 10'000;
  std::size_t value_bytes = 400;
};

/// Watches one evaluation of `program`, which must outlive it. What is beyond the limits is left
/// out, and told by truncated().
class Story final : public Tracer {
 public:
  enum class Rules : bool { Indexed, Every };
  Story(const Program& program, Rules rules, const StoryLimits& limits = {});

  bool every_rule() const override { return rules_ == Rules::Every; }
  void enter(const Function& f, std::span<const Value> arguments) override;
  void leave(const Function& f, const Value& result) override;
  void step(const Function& f, std::uint32_t instruction) override;
  void failed(const Function& f, std::uint32_t instruction, const Value* left, const Value* right) override;

  const StoryNode& root() const { return root_; }
  bool truncated() const { return truncated_; }

 private:
  struct Frame {
    StoryNode node;
    std::vector<std::uint32_t>
        furthest;  ///< of each rule: the failing instruction that came last in its body
  };
  SourcePosition position(const CodePosition& at) const;
  RuleStep* rule_at(Frame& frame, const Function& f, std::uint32_t instruction, std::size_t& ordinal);
  std::string shortened(std::string text) const;

  const Program& program_;
  Rules rules_;
  StoryLimits limits_;
  std::vector<Frame> frames_;
  std::size_t nodes_ = 0, skipped_ = 0;
  bool truncated_ = false;
  StoryNode root_;
};

/// {"name", "value"?, "rules": [{"file", "row", "fired", "failed_at"?: {.., "text"?}, "compared"?}], "asked":
/// [..]}, compact.
std::string to_json(const StoryNode& node);
/// Indented text for people, a line a rule.
std::string to_text(const StoryNode& node);

}  // namespace signalbox::policy
