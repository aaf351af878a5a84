// A REPL's session: what has been defined, and what a line does. Text in, text out; no terminal.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/evaluation.h"
#include "policy/engine.h"

namespace signalbox::app::cli {

class ReplSession {
 public:
  /// Nothing but policies that loaded may be given.
  static std::expected<ReplSession, Diagnostics> open(const SourceOptions& sources,
                                                      const EvalOptions& options);

  struct Answer {
    std::string text;
    bool more = false;  ///< the line is the beginning of something; the next one goes on
    bool leave = false;
  };
  Answer line(const std::string& text);

  /// "> ", or "| " in the middle of something.
  std::string prompt() const { return pending_.empty() ? "> " : "| "; }
  /// Commands, names of rules and built-ins that begin with `word`.
  std::vector<std::string> completions(const std::string& word) const;

 private:
  struct Rule {
    std::string name, text;
    bool replaceable = false;  ///< `x := 1`: the next one takes its place
  };
  ReplSession() = default;

  std::optional<Answer> command(std::string_view text);
  Answer define(const std::string& text, const policy::ast::Module& parsed);
  Answer ask(const std::string& text);
  std::string show() const;
  std::string module_text(const std::vector<Rule>& rules) const;
  std::expected<void, Diagnostics> reload(const std::vector<Rule>& rules);
  std::string package() const { return package_.empty() ? "repl" : package_; }
  std::string toggle(bool& flag, std::string_view what);

  std::vector<policy::SourceFile> files_;
  policy::Vocabulary vocabulary_;
  EvalOptions options_;
  std::shared_ptr<policy::Arena> memory_;
  policy::Value input_;
  std::string package_;
  std::vector<std::string> imports_;
  std::vector<Rule> rules_;
  std::shared_ptr<const policy::PolicySet> set_;
  std::string pending_;
  bool trace_ = false, metrics_ = false, profile_ = false, json_ = false, strict_errors_ = false;
};

}  // namespace signalbox::app::cli
