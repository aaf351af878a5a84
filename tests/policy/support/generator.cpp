// Generator: modules of a program, in the order in which they may see each other.
#include "policy/support/generator.h"

#include <algorithm>

namespace signalbox::policy::test {

std::string GeneratedModule::text() const {
  std::string out;
  for (const auto* lines : {&header, &rules}) {
    for (const std::string& line : *lines) out += line + "\n";
  }
  return out;
}

bool GeneratedModule::drop_row(std::uint32_t row) {
  if (row <= header.size() || row > header.size() + rules.size()) return false;
  std::string& rule = rules[row - header.size() - 1];
  if (rule.empty()) return false;
  rule.clear();
  return true;
}

GeneratedProgram Generator::program() {
  GeneratedProgram out;
  out.data = data_document();
  out.input = input_document();
  struct Place {
    std::string path, package;
    std::size_t rules;
  };
  for (const auto& [path, package, count] :
       {Place{"one.rego", "fz.lib.one", 2 + below(4)}, Place{"two.rego", "fz.lib.two", 2 + below(4)},
        Place{"main.rego", "fz.main", 5 + below(8)}}) {
    GeneratedModule& module = out.modules.emplace_back();
    module.path = path;
    module.header.push_back("package " + package);
    logical_ = chance(40);
    if (logical_) {
      for (const char* word : {"not", "and", "or"}) {
        module.header.push_back(std::string("import future.keywords.") + word);
      }
    }
    const std::size_t before = rules_.size();
    const std::vector<KnownRule> known = rules_;
    // Some modules read those before them by the names of their imports.
    if (chance(40)) {
      for (const std::string& other : packages_) {
        const std::string alias = name("m");
        module.header.push_back("import " + other + " as " + alias);
        for (KnownRule& rule : rules_) {
          if (rule.name.starts_with(other + ".")) rule.name = alias + rule.name.substr(other.size());
        }
      }
    }
    if (chance(30)) module.header.emplace_back("import input.user as usr");
    if (chance(30)) module.header.emplace_back("import data.users as people");
    imported_ = std::ranges::count(module.header, "import input.user as usr") != 0;
    add_rules(module, count);
    imported_ = false;
    std::ranges::copy(known, rules_.begin());
    // From here on other modules read them by their full names.
    for (std::size_t i = before; i < rules_.size(); ++i) {
      rules_[i].name = "data." + package + "." + rules_[i].name;
    }
    packages_.push_back("data." + package);
    if (packages_.size() == 2) packages_.emplace_back("data.fz.lib");
  }
  std::vector<std::string> seen;
  for (const KnownRule& rule : rules_) {
    if (rule.shape == Shape::Function || std::ranges::find(seen, rule.name) != seen.end()) continue;
    seen.push_back(rule.name);
    out.queries.push_back(rule.name + " = x");
  }
  out.queries.emplace_back("data.fz.lib = x");
  out.queries.emplace_back("data.fz = x");
  for (int i = 0; i < 3; ++i) out.queries.push_back(ad_hoc_query());
  return out;
}

}  // namespace signalbox::policy::test
