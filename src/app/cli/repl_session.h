// A REPL's session: what has been defined, and what a line does. Text in, text out; no terminal.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/evaluation.h"
#include "app/cli/repl_modules.h"
#include "policy/syntax/parsing.h"

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
  /// Forgets what was begun in the lines before.
  void give_up() { pending_.clear(); }

  /// "> ", or "| " in the middle of something.
  std::string prompt() const { return pending_.empty() ? "> " : "| "; }
  /// Commands, documents and built-ins that begin with `word`.
  std::vector<std::string> completions(const std::string& word) const;

 private:
  using Words = std::vector<std::string>;
  struct Command {
    std::string_view name, arguments, purpose;
    std::function<Answer(ReplSession&, const Words&)> run;
  };
  static const std::vector<Command>& commands();

  ReplSession() = default;

  std::optional<Answer> command(const std::string& text);
  Answer show(const Words& words);
  Answer unset(const Words& words);
  Answer unset_package(const Words& words);
  Answer trace(const Words& words);
  Answer unknown(const Words& words);
  Answer dump(const Words& words);
  Answer help(const Words& words);
  Answer pretty_limit(const Words& words);
  Answer target(const Words& words);
  Answer explain(std::string_view mode);
  Answer toggle(bool EvalOptions::* flag);

  Answer statement(const std::string& text);
  policy::ast::Parsed<policy::ast::Module> parse_rules(const std::string& text) const;
  bool asks(const policy::ast::Body& query) const;
  Answer define(const policy::ast::Module& parsed, const std::string& text);
  bool is_defined(const policy::ast::Term& name) const;
  Answer give_input(const std::string& text);
  Answer ask(const std::string& text);
  /// Takes `next` for what is written if it loads; what is wrong with it otherwise.
  Diagnostics change(ReplModules next);
  /// An evaluation of what is written now.
  Diagnostics refresh();
  void load_input();
  policy::ast::ParseOptions parsing() const;

  std::vector<policy::SourceFile> files_;
  ReplModules modules_;
  EvalOptions options_;
  std::unique_ptr<Evaluation> evaluation_;  ///< null: to be made
  std::string pending_;
  bool json_ = false;
};

}  // namespace signalbox::app::cli
