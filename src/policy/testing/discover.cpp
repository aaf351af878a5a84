// Finding tests, and telling those of one name apart.
#include "policy/testing/discover.h"

#include <fmt/format.h>

#include <map>

#include "policy/syntax/print.h"

namespace signalbox::policy::testing {
namespace {

constexpr std::string_view kTest = "test_";
constexpr std::string_view kTodo = "todo_test_";

/// A name as it stands in a reference; empty for other parts.
std::string name_of(const ast::Term& part) {
  if (const auto* var = ast::as<ast::Var>(part)) return var->name;
  if (const auto* text = ast::as<ast::String>(part)) return text->value;
  return {};
}

/// How many parts of the head make the test's name; 0: no test.
std::size_t name_length(const ast::Ref& head) {
  for (std::size_t i = 0; i < head.terms.size(); ++i) {
    if (i > 0 && ast::as<ast::String>(head.terms[i]) == nullptr) return 0;
    const std::string name = name_of(head.terms[i]);
    if (name.starts_with(kTest) || name.starts_with(kTodo)) return i + 1;
  }
  return 0;
}

std::string joined(const ast::Ref& head, std::size_t length) {
  std::string out = name_of(head.terms.front());
  for (std::size_t i = 1; i < length; ++i) {
    const std::string part = name_of(head.terms[i]);
    out += ast::is_identifier(part) ? "." + part : "[" + ast::quote(part) + "]";
  }
  return out;
}

void rename(ast::Term& part, const std::string& name) {
  if (auto* var = ast::as<ast::Var>(part)) {
    var->name = name;
  } else if (auto* text = ast::as<ast::String>(part)) {
    text->value = name;
  }
}

std::string query_for(const std::string& package, const ast::Ref& head, std::size_t length) {
  std::string out = package;
  for (std::size_t i = 0; i < length; ++i) out += "[" + ast::quote(name_of(head.terms[i])) + "]";
  return out;
}

std::vector<std::string> imports_of(const ast::Module& module) {
  std::vector<std::string> out;
  for (const ast::Import& import : module.imports) {
    out.push_back(ast::to_text(import).substr(std::string_view("import ").size()));
  }
  return out;
}

}  // namespace

std::vector<TestRule> find_tests(std::vector<ast::Module>& modules) {
  std::vector<TestRule> out;
  std::map<std::string, int> seen;
  for (ast::Module& module : modules) {
    const std::string package = ast::dotted_name(module.package.path);
    for (ast::Rule& rule : module.rules) {
      ast::Ref& head = rule.head.ref;
      const std::size_t length = rule.head.is_function || rule.is_default ? 0 : name_length(head);
      if (length == 0) continue;
      ast::Term& last = head.terms[length - 1];
      const bool todo = name_of(last).starts_with(kTodo);
      const int before = seen[query_for(package, head, length)]++;
      if (before != 0 && !todo) rename(last, fmt::format("{}#{:02}", name_of(last), before));
      TestRule& test = out.emplace_back();
      test.source = module.source;
      test.package = package;
      test.name = joined(head, length);
      test.query = query_for(package, head, length);
      for (std::size_t i = length; i < head.terms.size(); ++i)
        test.cases.push_back(ast::to_text(head.terms[i]));
      test.todo = todo;
      test.rule = rule;
      test.imports = imports_of(module);
    }
  }
  return out;
}

}  // namespace signalbox::policy::testing
