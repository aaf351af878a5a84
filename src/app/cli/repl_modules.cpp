// Modules are kept as the texts that were typed: loading them again after each change finds every mistake in
// its place.
#include "app/cli/repl_modules.h"

#include <algorithm>

#include "policy/formatter/format.h"

namespace signalbox::app::cli {
namespace {

/// "a.b" lies below "a", and in itself.
bool below(std::string_view name, std::string_view root) {
  if (!name.starts_with(root)) return false;
  return name.size() == root.size() || name[root.size()] == '.' || name[root.size()] == '[';
}

}  // namespace

const ReplModules::Module& ReplModules::current() const {
  static const Module nothing;
  const auto found = modules_.find(package_);
  return found == modules_.end() ? nothing : found->second;
}

const std::vector<std::string>& ReplModules::imports() const {
  return current().imports;
}

const std::vector<ReplRule>& ReplModules::rules() const {
  return current().rules;
}

void ReplModules::enter(std::string package) {
  package_ = std::move(package);
  modules_.try_emplace(package_);
}

void ReplModules::import(const std::string& path) {
  auto& imports = modules_[package_].imports;
  if (std::ranges::find(imports, path) == imports.end()) imports.push_back(path);
}

void ReplModules::add(ReplRule rule) {
  modules_[package_].rules.push_back(std::move(rule));
}

bool ReplModules::remove(std::string_view name) {
  const auto found = modules_.find(package_);
  if (found == modules_.end()) return false;
  return std::erase_if(found->second.rules, [&](const ReplRule& rule) {
           return below(rule.name, name) || below(name, rule.name);
         }) != 0;
}

bool ReplModules::forget(const std::string& package) {
  if (modules_.erase(package) == 0) return false;
  if (package == package_) package_ = "repl";
  return true;
}

std::string ReplModules::text_of(const std::string& package, const Module& module) {
  std::string out = "package " + package + "\n\n";
  for (const std::string& import : module.imports) out += "import " + import + "\n";
  if (!module.imports.empty()) out += '\n';
  for (const ReplRule& rule : module.rules) out += rule.text + "\n\n";
  return out;
}

std::string ReplModules::show(bool v0) const {
  if (!begun()) return "no rules defined\n";
  const std::string text = text_of(package_, current());
  return policy::fmt_rego::format_source("", text,
                                         {v0 ? policy::ast::RegoVersion::V0 : policy::ast::RegoVersion::V1})
      .value_or(text);
}

std::vector<policy::SourceFile> ReplModules::files() const {
  std::vector<policy::SourceFile> out;
  for (const auto& [package, module] : modules_) {
    out.push_back({"repl/" + package + ".rego", text_of(package, module), "repl"});
  }
  return out;
}

}  // namespace signalbox::app::cli
