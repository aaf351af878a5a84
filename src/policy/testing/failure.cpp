// Finding where a test stops. Bodies are short: asking every prefix is quadratic in a few expressions, and
// only for tests that failed.
#include "policy/testing/failure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "policy/syntax/print.h"
#include "policy/syntax/visit.h"
#include "policy/value/json.h"

namespace signalbox::policy::testing {
namespace {

constexpr std::string_view kProbe = "signalbox_probe";
constexpr std::size_t kWidest = 100;

/// The terms of an expression whose values are worth showing: variables, references into them, calls.
class TermCollector {
 public:
  explicit TermCollector(const ast::Source& source) : source_(source) {}

  void operand(const ast::Term& term) {
    if (const auto* call = ast::as<ast::Call>(term)) {
      keep(term);
      for (std::size_t i = 1; i < call->terms.size(); ++i) operand(call->terms[i]);
    } else if (const auto* ref = ast::as<ast::Ref>(term)) {
      keep(term);
      for (std::size_t i = 1; i < ref->terms.size(); ++i) operand(ref->terms[i]);
      const auto* head = ast::as<ast::Var>(ref->terms.front());
      if (head != nullptr && head->name != "data" && head->name != "input") {
        head_of(*head, ref->terms.front().span);
      }
    } else if (const auto* var = ast::as<ast::Var>(term)) {
      if (!var->is_wildcard()) keep(term);
    } else if (const auto* array = ast::as<ast::Array>(term)) {
      for (const ast::Term& item : array->items) operand(item);
    } else if (const auto* set = ast::as<ast::Set>(term)) {
      for (const ast::Term& item : set->items) operand(item);
    } else if (const auto* object = ast::as<ast::Object>(term)) {
      for (const ast::ObjectItem& item : object->items) operand(item.key), operand(item.value);
    }
  }

  void expression(const ast::Expr& expr) {
    if (const auto* call = ast::as<ast::Call>(expr)) {
      for (std::size_t i = 1; i < call->terms.size(); ++i) operand(call->terms[i]);
      const std::string name = ast::operator_name(*call);
      if (name.find('.') != std::string::npos || ast::is_identifier(name)) whole_call(expr, name);
    } else if (const auto* term = ast::as<ast::Term>(expr)) {
      operand(*term);
    } else if (const auto* every = ast::as<ast::Every>(expr)) {
      operand(*every->domain);
    }
  }

  std::vector<FailureValue> found;
  std::set<std::string> heads;  ///< names that references begin with: a variable, or a rule, or an import

 private:
  void add(std::string text, std::uint32_t row, std::uint32_t col) {
    const bool known = std::ranges::any_of(found, [&](const FailureValue& f) { return f.text == text; });
    if (!known && !text.empty()) found.push_back({std::move(text), {}, row, col});
  }
  void keep(const ast::Term& term) {
    add(std::string(term.span.text(source_)), term.span.row, term.span.col);
  }
  void head_of(const ast::Var& head, const ast::Span& at) {
    heads.insert(head.name);
    add(head.name, at.row, at.col);
  }
  /// A call that is the whole expression, unless it is an operator: those only hold or not.
  void whole_call(const ast::Expr& expr, const std::string& name) {
    static const std::set<std::string, std::less<>> kOperators = {"eq", "assign", "equal", "neq",
                                                                  "lt", "lte",    "gt",    "gte"};
    if (kOperators.contains(name) || name.starts_with("internal.") || !expr.with.empty()) return;
    add(std::string(expr.span.text(source_)), expr.span.row, expr.span.col);
  }

  const ast::Source& source_;
};

/// Variables that the terms naming a case read.
std::set<std::string> case_variables(const ast::Rule& rule, std::size_t count) {
  std::set<std::string> out;
  const auto& terms = rule.head.ref.terms;
  for (std::size_t i = terms.size() - count; i < terms.size(); ++i) {
    ast::for_each_term(terms[i], [&](const ast::Term& term) {
      if (const auto* var = ast::as<ast::Var>(term)) out.insert(var->name);
      return true;
    });
  }
  return out;
}

/// How many expressions it takes until each variable has occurred.
std::size_t first_bound(const ast::Body& body, const std::set<std::string>& variables) {
  std::size_t out = 0;
  for (const std::string& name : variables) {
    for (std::size_t i = 0; i < body.size(); ++i) {
      bool found = false;
      ast::for_each_term(body[i], [&](const ast::Term& term) {
        const auto* var = ast::as<ast::Var>(term);
        found = found || (var != nullptr && var->name == name);
        return true;
      });
      if (!found) continue;
      out = std::max(out, i + 1);
      break;
    }
  }
  return out;
}

std::string shortened(std::string text) {
  return text.size() <= kWidest ? text : text.substr(0, kWidest) + "...";
}

std::string name_text(const Value& value) {
  return value.is_string() ? std::string(value.as_string()) : to_json(value);
}

}  // namespace

FailureFinder::FailureFinder(const PolicySet& set, const TestRule& test, const Limits& limits)
    : set_(set), test_(test), limits_(limits), context_{test.package, test.imports, ""} {
  for (const ast::Expr& expr : test.rule.body) body_.emplace_back(expr.span.text(*test.source));
  named_after_ = first_bound(test.rule.body, case_variables(test.rule, test.cases.size()));
}

/// The first `length` expressions; the condition stands where what names a case is bound.
std::string FailureFinder::prefix(std::size_t length, const std::string& condition) const {
  std::string out;
  for (std::size_t i = 0; i <= length; ++i) {
    if (i == named_after_ && !condition.empty()) out += condition + "\n";
    if (i < length) out += body_[i] + "\n";
  }
  return out.empty() ? "true\n" : out;
}

bool FailureFinder::holds(const std::string& text) {
  const auto query = set_.prepare(text, context_);
  if (!query) return false;
  const auto answers = evaluator_.query(**query, JsonInput({}, set_.input_paths()), limits_);
  // An answer with a false expression is none: rule bodies want every expression to hold.
  return answers && std::ranges::any_of(*answers, [](const Bindings& answer) {
           return std::ranges::none_of(answer.expressions, &Value::is_false);
         });
}

std::optional<std::string> FailureFinder::answer(const std::string& text, std::string_view variable) {
  const auto query = set_.prepare(text, context_);
  if (!query) return std::nullopt;
  const auto answers = evaluator_.query(**query, JsonInput({}, set_.input_paths()), limits_);
  if (!answers) return std::nullopt;
  for (auto it = answers->rbegin(); it != answers->rend(); ++it) {
    for (std::size_t i = 0; i < it->variables.size(); ++i) {
      if ((*query)->variables()[i] == variable && it->variables[i]) return to_rego(it->variables[i]);
    }
  }
  return "undefined";
}

std::vector<TestCase> FailureFinder::cases() {
  std::vector<TestCase> out;
  if (test_.cases.empty()) return out;
  const std::string text =
      prefix(named_after_, {}) + fmt::format("{} := [{}]", kProbe, fmt::join(test_.cases, ", "));
  const auto query = set_.prepare(text, context_);
  if (!query) return out;
  const auto answers = evaluator_.query(**query, JsonInput({}, set_.input_paths()), limits_);
  if (!answers) return out;
  for (const Bindings& answer : *answers) {
    for (std::size_t i = 0; i < answer.variables.size(); ++i) {
      if ((*query)->variables()[i] != kProbe) continue;
      TestCase& one = out.emplace_back();
      for (const Value& name : answer.variables[i].as_array()) one.names.push_back(name_text(name));
      one.condition = fmt::format("[{}] == {}", fmt::join(test_.cases, ", "), to_rego(answer.variables[i]));
    }
  }
  std::ranges::sort(out, {}, &TestCase::names);
  out.erase(std::ranges::unique(out, {}, &TestCase::names).begin(), out.end());
  return out;
}

Failure FailureFinder::describe(std::size_t number, const std::string& before) {
  const ast::Expr& expr = test_.rule.body[number];
  Failure out;
  out.at = ast::position(*test_.source, expr.span);
  out.expression = body_[number];
  const std::string_view line = line_of(test_.source->text, expr.span.row);
  for (const char c : line.substr(0, expr.span.col - 1)) out.indent += c == '\t' ? '\t' : ' ';
  TermCollector terms(*test_.source);
  terms.expression(expr);
  std::string with;
  for (const ast::With& modifier : expr.with) {
    with += " with " + ast::to_text(modifier.target) + " as " +
            std::string(modifier.value.span.text(*test_.source));
  }
  for (FailureValue& value : terms.found) {
    const auto known = answer(before + fmt::format("{} := {}{}", kProbe, value.text, with), kProbe);
    const bool bound = !terms.heads.contains(value.text) || answer(before, value.text) != "undefined";
    if (!known || !bound) continue;
    value.value = shortened(*known);
    out.values.push_back(value);
  }
  return out;
}

std::optional<Failure> FailureFinder::find(const std::string& condition) {
  for (std::size_t i = 0; i < body_.size(); ++i) {
    if (!test_.rule.body[i].span.known() || body_[i].empty()) return std::nullopt;
    if (!holds(prefix(i + 1, condition))) return describe(i, prefix(i, condition));
  }
  return std::nullopt;
}

namespace {

/// The columns of values, drawn below the expression: one line of strokes, then a line a value, last first.
class Drawing {
 public:
  explicit Drawing(const Failure& failure) : failure_(failure), values_(failure.values) {
    std::ranges::sort(values_, [](const FailureValue& a, const FailureValue& b) {
      return a.col != b.col ? a.col < b.col : a.text < b.text;
    });
  }

  std::string text() const {
    std::string out = failure_.indent + failure_.expression;
    if (values_.empty()) return out + "\n";
    out += "\n" + line(values_.size(), false);
    for (std::size_t i = values_.size(); i-- > 0;) out += "\n" + line(i + 1, true);
    return out + "\n";
  }

 private:
  bool shares_column(std::size_t i) const {
    return (i > 0 && values_[i - 1].col == values_[i].col) ||
           (i + 1 < values_.size() && values_[i + 1].col == values_[i].col);
  }

  std::string line(std::size_t count, bool last_has_value) const {
    std::string out;
    std::uint32_t column = 1;
    for (std::size_t i = 0; i < count; ++i) {
      const bool last = i + 1 == count;
      if (!last && values_[i + 1].col == values_[i].col) continue;
      for (; column < values_[i].col; ++column) {
        const bool tab = column <= failure_.indent.size() && failure_.indent[column - 1] == '\t';
        out += tab ? '\t' : ' ';
      }
      if (last && last_has_value) {
        if (shares_column(i)) out += values_[i].text + ": ";
        out += values_[i].value;
      } else {
        out += '|';
        ++column;
      }
    }
    return out;
  }

  const Failure& failure_;
  std::vector<FailureValue> values_;
};

}  // namespace

std::string to_text(const Failure& failure) {
  const bool one_row = std::ranges::all_of(
      failure.values, [&](const FailureValue& value) { return value.row == failure.at.row; });
  if (one_row) return Drawing(failure).text();
  std::string out = failure.indent + failure.expression + "\n\nWhere:\n";
  for (const FailureValue& value : failure.values) out += "\n" + value.text + ": " + value.value;
  return out + "\n";
}

}  // namespace signalbox::policy::testing
