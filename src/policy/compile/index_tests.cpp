// Planner, index: reads the tests that a rule's body makes of input and arguments. Only what must hold for
// the rule to hold may be taken; what is not understood is simply not taken.
#include <algorithm>
#include <functional>
#include <optional>

#include "policy/compile/pattern_prefix.h"
#include "policy/compile/planner.h"
#include "policy/vm/pattern_set.h"

namespace signalbox::policy {
namespace {

constexpr std::size_t kMostValues = 256;

/// The literal text a glob pattern begins with.
std::string glob_prefix(std::string_view pattern) {
  return std::string(pattern.substr(0, pattern.find_first_of("*?[]{}\\!")));
}

std::vector<Value> elements_of(const Value& collection) {
  if (collection.is_array()) return {collection.as_array().begin(), collection.as_array().end()};
  if (collection.is_set()) return {collection.as_set().begin(), collection.as_set().end()};
  std::vector<Value> out;
  if (collection.is_object()) {
    for (const Pair& pair : collection.as_object()) out.push_back(pair.value);
  }
  return out;
}

}  // namespace

/// Reads one body. `subjects` grows with variables that stand for a subject.
class TestReader {
 public:
  using Kind = IndexTest::Kind;
  TestReader(Arena& memory, std::function<Value(const ast::Term&)> known,
             std::function<std::uint32_t(InputPath)> slot)
      : memory_(memory), known_(std::move(known)), slot_(std::move(slot)) {}

  void add_argument(std::uint32_t number, const ast::Term& pattern) {
    const IndexSubject subject{
        .kind = IndexSubject::Kind::Argument, .number = number, .elements = false, .member = {}};
    if (const auto* var = ast::as<ast::Var>(pattern)) {
      variables_.emplace(var->name, subject);
    } else if (const Value value = known_(pattern)) {
      add(Kind::Equal, subject, {value});
    }
  }

  void read(const ast::Expr& expr) {
    const auto* call = ast::as<ast::Call>(expr);
    if (call == nullptr || expr.negated || !expr.with.empty()) return;
    const std::string name = ast::operator_name(*call);
    const auto args = std::span(call->terms).subspan(1);
    if (args.size() == 2 && (name == "eq" || name == "equal")) {
      equality(args[0], args[1]);
      equality(args[1], args[0]);
    } else if (args.size() == 2) {
      two_operands(name, args[0], args[1]);
    } else if (args.size() == 3 && name == "glob.match") {
      const auto subject = subject_of(args[2]);
      const Value pattern = known_(args[0]);
      if (subject && pattern.is_string()) {
        const std::string prefix = glob_prefix(pattern.as_string());
        // Keep the constant's own bytes: the index borrows them.
        if (!prefix.empty())
          add(Kind::Prefix, *subject, {Value::string(pattern.as_string().substr(0, prefix.size()))});
      }
    }
  }

  /// What was read. A lower and an upper bound of one subject make one range. (Not of elements: they may be
  /// bounds of two different ones.)
  std::vector<IndexTest> take() {
    for (std::size_t i = 0; i < tests_.size(); ++i) {
      if (tests_[i].kind != Kind::Above || tests_[i].subject.elements) continue;
      const auto upper = std::ranges::find_if(tests_, [&](const IndexTest& other) {
        return other.kind == Kind::Below && other.subject == tests_[i].subject;
      });
      if (upper == tests_.end()) continue;
      const Value ends[] = {tests_[i].values[0], upper->values[0], Value::boolean(tests_[i].inclusive),
                            Value::boolean(upper->inclusive)};
      tests_[i] = {Kind::Range, tests_[i].subject, {make_array(memory_, ends)}, false};
      tests_.erase(upper);
      return take();
    }
    return std::move(tests_);
  }

 private:
  void equality(const ast::Term& a, const ast::Term& b) {
    const auto* var = ast::as<ast::Var>(a);
    if (var != nullptr && !variables_.contains(var->name)) {
      if (const auto subject = subject_of(b)) variables_.emplace(var->name, *subject);
      if (const auto elements = elements_of_slot(b)) variables_.emplace(var->name, *elements);
      return;
    }
    const Value value = known_(b);
    if (!value) return;
    if (const auto subject = subject_of(a)) {
      add(Kind::Equal, *subject, {value});
    } else if (const auto elements = elements_of_slot(a)) {
      add(Kind::Equal, *elements, {value});
    }
  }

  static std::optional<IndexSubject> elements_of_subject(std::optional<IndexSubject> collection) {
    if (!collection || collection->elements) return {};
    collection->elements = true;
    return collection;
  }

  /// The elements of `input.xs`, for `input.xs[i]`, whatever i is.
  std::optional<IndexSubject> elements_of_slot(const ast::Term& term) {
    const auto* ref = ast::as<ast::Ref>(term);
    if (ref == nullptr || ref->terms.size() < 3 || ast::as<ast::Var>(ref->terms.back()) == nullptr) return {};
    ast::Ref collection = *ref;
    collection.terms.pop_back();
    return elements_of_subject(slot_of(collection));
  }

  /// A member of an element: `input.xs[i].name`, or `x.name` where x is an element of `input.xs`.
  std::optional<IndexSubject> member_of(const ast::Ref& ref) {
    const auto* name = ast::as<ast::String>(ref.terms.back());
    if (name == nullptr || name->value.empty()) return {};
    ast::Ref element = ref;
    element.terms.pop_back();
    auto subject =
        element.terms.size() == 1 ? subject_of(element.terms.front()) : elements_of_slot(ast::Term(element));
    if (!subject || !subject->elements || !subject->member.empty()) return {};
    subject->member = name->value;
    return subject;
  }

  void two_operands(const std::string& name, const ast::Term& a, const ast::Term& b) {
    const auto left = subject_of(a), right = subject_of(b);
    const Value left_value = known_(a), right_value = known_(b);
    if (name == "internal.member_2") {
      if (left && right_value) add(Kind::Equal, *left, elements_of(right_value));
      if (const auto elements = elements_of_subject(right); elements && left_value)
        add(Kind::Equal, *elements, {left_value});
    } else if (name == "startswith" && left && right_value.is_string()) {
      add(Kind::Prefix, *left, {right_value});
    } else if (name == "net.cidr_contains" && right && left_value.is_string()) {
      if (Network network; parse_network(left_value.as_string(), network))
        add(Kind::Network, *right, {left_value});
    } else if (name == "regex.match" && right && left_value.is_string()) {
      pattern(*right, left_value);
    } else if (name == "gt" || name == "gte" || name == "lt" || name == "lte") {
      const bool inclusive = name.ends_with('e');
      const bool greater = name.starts_with('g');
      if (left && right_value) add(greater ? Kind::Above : Kind::Below, *left, {right_value}, inclusive);
      if (right && left_value) add(greater ? Kind::Below : Kind::Above, *right, {left_value}, inclusive);
    }
  }

  /// What the text must begin with, and the pattern itself for where others begin so too.
  void pattern(const IndexSubject& subject, const Value& pattern) {
    const std::string prefix = literal_prefix(pattern.as_string());
    if (!prefix.empty() && PatternSet::parses(pattern.as_string()))
      add(Kind::Prefix, subject, {Value::string(memory_.copy(prefix))});
    add(Kind::Pattern, subject, {pattern});
  }

  std::optional<IndexSubject> subject_of(const ast::Term& term) {
    if (const auto* var = ast::as<ast::Var>(term)) {
      const auto it = variables_.find(var->name);
      return it == variables_.end() ? std::nullopt : std::optional(it->second);
    }
    const auto* ref = ast::as<ast::Ref>(term);
    if (ref == nullptr || ref->terms.size() < 2) return std::nullopt;
    if (auto slot = slot_of(*ref)) return slot;
    return member_of(*ref);
  }

  std::optional<IndexSubject> slot_of(const ast::Ref& ref) {
    const auto* head = ast::as<ast::Var>(ref.terms.front());
    if (head == nullptr || head->name != "input") return std::nullopt;
    InputPath path;
    for (std::size_t i = 1; i < ref.terms.size(); ++i) {
      const auto* key = ast::as<ast::String>(ref.terms[i]);
      if (key == nullptr) return std::nullopt;
      path.push_back(key->value);
    }
    return IndexSubject{
        .kind = IndexSubject::Kind::Slot, .number = slot_(std::move(path)), .elements = false, .member = {}};
  }

  void add(Kind kind, IndexSubject subject, std::vector<Value> values, bool inclusive = false) {
    if (!values.empty() && values.size() <= kMostValues)
      tests_.push_back({kind, subject, std::move(values), inclusive});
  }

  Arena& memory_;
  std::function<Value(const ast::Term&)> known_;
  std::function<std::uint32_t(InputPath)> slot_;
  std::unordered_map<std::string, IndexSubject> variables_;
  std::vector<IndexTest> tests_;
};

/// A constant, or a part of the base documents that nothing can replace.
Value Planner::known_value(const ast::Term& term) const {
  if (const Value value = constant_value(*memory_, term)) return value;
  const auto* ref = ast::as<ast::Ref>(term);
  if (ref == nullptr || overridable(*ref)) return {};
  const auto* head = ast::as<ast::Var>(ref->terms.front());
  if (head == nullptr || head->name != "data") return {};
  std::uint32_t node = 0;
  Value base = program_.nodes[0].base;
  for (std::size_t i = 1; i < ref->terms.size(); ++i) {
    const Value key = constant_value(*memory_, ref->terms[i]);
    if (!key) return {};
    base = base.at(key);
    if (node == kNone) continue;
    const auto child = program_.nodes[node].by_key.find(key);
    node = child == program_.nodes[node].by_key.end() ? kNone : child->second;
    if (node != kNone && program_.nodes[node].rule_set != kNone) return {};
  }
  return node != kNone && has_rules_below(node) ? Value() : base;
}

std::vector<IndexTest> Planner::tests_of(const RuleGroup& group, const SourceRule& source) {
  TestReader reader(
      *memory_, [this](const ast::Term& term) { return known_value(term); },
      [this](InputPath path) { return slot(std::move(path)); });
  const ast::Rule& rule = *source.rule;
  if (rule.otherwise) return {};
  if (group.kind == GroupKind::Function) {
    for (std::uint32_t i = 0; i < rule.head.args.size(); ++i) reader.add_argument(i, rule.head.args[i]);
  }
  for (const ast::Expr& expr : rule.body) reader.read(expr);
  return reader.take();
}

std::shared_ptr<const RuleIndex> Planner::index_of(const RuleGroup& group) {
  if (group.rules.size() < kIndexFromRules || !program_.optimised) return nullptr;
  std::vector<std::vector<IndexTest>> tests;
  for (const SourceRule& source : group.rules) tests.push_back(tests_of(group, source));
  return build_index(tests);
}

}  // namespace signalbox::policy
