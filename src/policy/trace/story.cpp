// The tree grows while the machine runs: enter pushes a frame, leave hangs it below the one before. A rule
// that fails several times (once a loop) keeps the try that got furthest, which is the one people ask about.
#include "policy/trace/story.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/trace/opcodes.h"
#include "policy/value/json.h"

namespace signalbox::policy {
namespace {

/// Going from rule to rule: it ends, and no expression of any rule has failed.
bool chooses_rules(Opcode op) {
  return op == Opcode::NextRule || op == Opcode::FanNext || op == Opcode::Candidates;
}

void append_place(std::string& out, const SourcePosition& at) {
  out += R"({"file":)";
  append_json(out, Value::string(at.file));
  out += fmt::format(R"(,"row":{},"col":{})", at.row, at.col);
}

void append(std::string& out, const StoryNode& node) {
  out += R"({"name":)";
  append_json(out, Value::string(node.name));
  if (!node.arguments.empty()) {
    out += R"(,"arguments":)";
    append_json(out, Value::string(node.arguments));
  }
  if (!node.value.empty()) {
    out += R"(,"value":)";
    append_json(out, Value::string(node.value));
  }
  out += R"(,"rules":[)";
  for (const RuleStep& rule : node.rules) {
    if (!out.ends_with('[')) out += ',';
    out += R"({"at":)";
    append_place(out, rule.at);
    out += '}';
    out += rule.fired ? R"(,"fired":true)" : R"(,"fired":false)";
    if (!rule.fired && rule.failed_at.row != 0) {
      out += R"(,"failed_at":)";
      append_place(out, rule.failed_at);
      if (!rule.condition.empty()) {
        out += R"(,"text":)";
        append_json(out, Value::string(rule.condition));
      }
      out += '}';
    }
    if (!rule.fired && !rule.compared.empty()) {
      out += R"(,"compared":)";
      append_json(out, Value::string(rule.compared));
    }
    out += '}';
  }
  out += R"(],"asked":[)";
  for (const StoryNode& child : node.asked) {
    if (!out.ends_with('[')) out += ',';
    append(out, child);
  }
  out += "]}";
}

void append_text(std::string& out, const StoryNode& node, std::size_t depth) {
  const std::string indent(2 * depth, ' ');
  out += fmt::format("{}{}{} = {}\n", indent, node.name,
                     node.arguments.empty() ? "" : "(" + node.arguments + ")",
                     node.value.empty() ? "undefined" : node.value);
  for (const RuleStep& rule : node.rules) {
    out += fmt::format("{}  {} {}:{}", indent, rule.fired ? "fired " : "failed", rule.at.file, rule.at.row);
    if (!rule.fired && rule.failed_at.row != 0) {
      out += fmt::format(" at {}:{}", rule.failed_at.row, rule.failed_at.col);
      if (!rule.compared.empty()) out += fmt::format(", comparing {}", rule.compared);
    } else if (!rule.fired) {
      out += ", ruled out without being tried";
    }
    out += '\n';
  }
  for (const StoryNode& child : node.asked) append_text(out, child, depth + 1);
}

}  // namespace

Story::Story(const Program& program, Rules rules, const StoryLimits& limits)
    : program_(program), rules_(rules), limits_(limits) {
  root_.name = "query";
}

SourcePosition Story::position(const CodePosition& at) const {
  return {at.file < program_.files.size() ? program_.files[at.file] : "query", at.row, at.col};
}

std::string Story::shortened(std::string text) const {
  if (text.size() <= limits_.value_bytes) return text;
  text.resize(limits_.value_bytes);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
  if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.pop_back();
  return text + "...";
}

void Story::enter(const Function& f, std::span<const Value> arguments) {
  if (++nodes_ > limits_.nodes || skipped_ != 0) {
    ++skipped_;
    truncated_ = true;
    return;
  }
  Frame& frame = frames_.emplace_back();
  frame.node.name = f.name;
  for (const Value& argument : arguments) {
    if (!frame.node.arguments.empty()) frame.node.arguments += ", ";
    frame.node.arguments += shortened(to_rego(argument));
  }
  for (const std::uint32_t number : f.rule_numbers) {
    RuleStep& rule = frame.node.rules.emplace_back();
    if (number < program_.rules.size()) rule.at = position(program_.rules[number].at);
  }
  frame.furthest.assign(f.rule_numbers.size(), 0);
}

void Story::leave(const Function&, const Value& result) {
  if (skipped_ != 0) {
    --skipped_;
    return;
  }
  StoryNode node = std::move(frames_.back().node);
  frames_.pop_back();
  if (result) node.value = shortened(to_rego(result));
  if (frames_.empty()) {
    root_ = std::move(node);
  } else {
    frames_.back().node.asked.push_back(std::move(node));
  }
}

RuleStep* Story::rule_at(Frame& frame, const Function& f, std::uint32_t instruction, std::size_t& ordinal) {
  const auto after = std::ranges::upper_bound(f.rule_entries, instruction);
  if (after == f.rule_entries.begin()) return nullptr;
  ordinal = static_cast<std::size_t>(after - f.rule_entries.begin()) - 1;
  return &frame.node.rules[ordinal];
}

void Story::step(const Function& f, std::uint32_t instruction) {
  if (skipped_ != 0 || frames_.empty() || !gives_value(f.code[instruction].op)) return;
  std::size_t ordinal = 0;
  if (RuleStep* rule = rule_at(frames_.back(), f, instruction, ordinal)) rule->fired = true;
}

void Story::failed(const Function& f, std::uint32_t instruction, const Value* left, const Value* right) {
  if (skipped_ != 0 || frames_.empty() || chooses_rules(f.code[instruction].op)) return;
  std::size_t ordinal = 0;
  RuleStep* rule = rule_at(frames_.back(), f, instruction, ordinal);
  if (rule == nullptr || f.positions[instruction].row == 0) return;
  const CodePosition& at = f.positions[instruction];
  if (at.row == rule->at.row && at.col == rule->at.col) return;  // the rule as a whole, at its end
  std::uint32_t& furthest = frames_.back().furthest[ordinal];
  if (rule->failed_at.row != 0 && instruction < furthest) return;
  furthest = instruction;
  rule->failed_at = position(f.positions[instruction]);
  rule->compared = left == nullptr ? "" : shortened(to_rego(*left)) + ", " + shortened(to_rego(*right));
}

std::string to_json(const StoryNode& node) {
  std::string out;
  append(out, node);
  return out;
}

std::string to_text(const StoryNode& node) {
  std::string out;
  append_text(out, node, 0);
  return out;
}

}  // namespace signalbox::policy
