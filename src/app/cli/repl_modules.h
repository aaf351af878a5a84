// The modules that the lines of a REPL write, one a package.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine.h"

namespace signalbox::app::cli {

struct ReplRule {
  std::string name;  ///< its reference: "p", "a.b"
  std::string text;  ///< as it was written
};

/// A value: a change is made to a copy, which takes the place of what was when it loads.
class ReplModules {
 public:
  /// Where rules go: "repl" until another package is entered.
  const std::string& package() const { return package_; }
  /// Of the current package.
  const std::vector<std::string>& imports() const;
  const std::vector<ReplRule>& rules() const;
  /// Something was written to the current package, or it was entered.
  bool begun() const { return modules_.contains(package_); }

  void enter(std::string package);
  void import(const std::string& path);
  void add(ReplRule rule);
  /// Removes the rules of the current package that define `name`, a part of it, or what it is a part of.
  bool remove(std::string_view name);
  /// Forgets a package. The current one becomes "repl".
  bool forget(const std::string& package);

  /// The current module, laid out.
  std::string show(bool v0) const;
  std::vector<policy::SourceFile> files() const;

 private:
  struct Module {
    std::vector<std::string> imports;
    std::vector<ReplRule> rules;
  };
  const Module& current() const;
  static std::string text_of(const std::string& package, const Module& module);

  std::map<std::string, Module> modules_;  ///< by package
  std::string package_ = "repl";
};

}  // namespace signalbox::app::cli
