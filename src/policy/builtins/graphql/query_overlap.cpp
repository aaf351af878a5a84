// Collects the fields of a selection set by response name, fragments opened, and compares those that share
// one.
#include "policy/builtins/graphql/query_overlap.h"

#include <map>
#include <set>

namespace signalbox::policy::graphql {
namespace {

using Text = std::string_view;

struct Entry {
  Value field;
  const Definition* parent;
};
using Collected = std::map<Text, std::vector<Entry>>;

class Overlap {
 public:
  Overlap(const Schema& schema, const Value& query, std::vector<Complaint>& complaints)
      : schema_(schema), query_(query), complaints_(complaints) {}

  void check(const std::vector<std::pair<Value, const Definition*>>& sets, int depth);

 private:
  void collect(const Value& node, const Definition* parent, Collected& into, std::set<Text>& opened,
               int depth) const;
  bool compare(Text name, const Entry& a, const Entry& b);
  const Definition* type_of(const Entry& entry) const;
  static bool same_arguments(const Value& a, const Value& b);

  static constexpr int kMaxDepth = 100;
  static constexpr std::size_t kMaxComparisons = 100'000;
  const Schema& schema_;
  Value query_;
  std::vector<Complaint>& complaints_;
  std::size_t comparisons_ = 0;
};

void Overlap::collect(const Value& node, const Definition* parent, Collected& into, std::set<Text>& opened,
                      int depth) const {
  if (depth > kMaxDepth) return;
  for (const Value& selection : list_in(node, "SelectionSet")) {
    if (selection.at("Alias")) {
      into[text_in(selection, "Alias")].push_back({selection, parent});
    } else if (selection.at("TypeCondition")) {
      Text condition = text_in(selection, "TypeCondition");
      collect(selection, condition.empty() ? parent : schema_.find(condition), into, opened, depth + 1);
    } else if (opened.insert(text_in(selection, "Name")).second) {
      Value fragment = named(list_in(query_, "Fragments"), text_in(selection, "Name"));
      if (fragment)
        collect(fragment, schema_.find(text_in(fragment, "TypeCondition")), into, opened, depth + 1);
    }
  }
}

const Definition* Overlap::type_of(const Entry& entry) const {
  Value field = entry.parent == nullptr ? Value() : named(entry.parent->fields, text_in(entry.field, "Name"));
  return field ? schema_.find(base_name(field.at("Type"))) : nullptr;
}

bool Overlap::same_arguments(const Value& a, const Value& b) {
  auto left = list_in(a, "Arguments"), right = list_in(b, "Arguments");
  if (left.size() != right.size()) return false;
  Arena arena;
  for (const Value& argument : left) {
    Value other = named(right, text_in(argument, "Name"));
    if (!other ||
        !(without_positions(arena, argument.at("Value")) == without_positions(arena, other.at("Value"))))
      return false;
  }
  return true;
}

/// True when the two can stand together; complains otherwise.
bool Overlap::compare(Text name, const Entry& a, const Entry& b) {
  auto conflict = [&](const std::string& why) {
    complaints_.push_back({"Fields \"" + std::string(name) + "\" conflict because " + why +
                               ". Use different aliases on the fields to fetch both if this was intentional.",
                           position_of(b.field)});
    return false;
  };
  bool exclusive = a.parent != nullptr && b.parent != nullptr && a.parent != b.parent &&
                   a.parent->kind == "OBJECT" && b.parent->kind == "OBJECT";
  Text first = text_in(a.field, "Name"), second = text_in(b.field, "Name");
  if (!exclusive && first != second)
    return conflict("\"" + std::string(first) + "\" and \"" + std::string(second) +
                    "\" are different fields");
  if (!exclusive && !same_arguments(a.field, b.field)) return conflict("they have differing arguments");
  const Definition *x = type_of(a), *y = type_of(b);
  if (x != nullptr && y != nullptr && x != y && (x->is_leaf() || y->is_leaf()))
    return conflict("they return conflicting types \"" + std::string(x->name) + "\" and \"" +
                    std::string(y->name) + "\"");
  return true;
}

void Overlap::check(const std::vector<std::pair<Value, const Definition*>>& sets, int depth) {
  if (depth > kMaxDepth) return;
  Collected fields;
  std::set<Text> opened;
  for (const auto& [node, parent] : sets) collect(node, parent, fields, opened, 0);
  for (const auto& [name, entries] : fields) {
    bool agree = true;
    for (std::size_t i = 0; i < entries.size() && agree; ++i)
      for (std::size_t j = i + 1; j < entries.size() && agree && ++comparisons_ < kMaxComparisons; ++j)
        agree = compare(name, entries[i], entries[j]);
    if (!agree || comparisons_ >= kMaxComparisons) continue;
    std::vector<std::pair<Value, const Definition*>> below;
    for (const Entry& entry : entries)
      if (!list_in(entry.field, "SelectionSet").empty()) below.emplace_back(entry.field, type_of(entry));
    if (!below.empty()) check(below, depth + 1);
  }
}

}  // namespace

void overlapping_fields(const Schema& schema, const Value& query, const Value& operation,
                        const Definition* root, std::vector<Complaint>& complaints) {
  Overlap(schema, query, complaints).check({{operation, root}}, 0);
}

}  // namespace signalbox::policy::graphql
