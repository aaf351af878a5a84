// The commands of the REPL: a table of names, and what each does. They are OPA's, and do what they do there.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "app/cli/repl_session.h"
#include "policy/builtins/builtin.h"
#include "policy/data/base_document.h"
#include "policy/syntax/parsing.h"
#include "policy/value/json.h"

namespace signalbox::app::cli {
namespace {

constexpr std::string_view kExamples =
    "Expressions are answered; rules are defined.\n\n"
    "  data.app.allow               any document\n"
    "  x := 1                       a rule of the current package, and so is: p contains x if x > 3\n"
    "  x > 0; y := [x, 2][_]        a question; what is bound is shown\n"
    "  input := {\"user\": \"ann\"}     the input; so is what package repl.input defines\n"
    "  package NAME, import PATH    where questions are asked and rules go\n\n"
    "Commands:\n\n";

constexpr std::pair<std::string_view, std::string_view> kTopics[] = {
    {"input",
     "The input document is what was given with -i or `input := VALUE`, or what package repl.input defines,\n"
     "which goes before it:\n\n"
     "  > package repl.input\n"
     "  > params := {\"method\": \"POST\"}\n"
     "  > package app\n"
     "  > import input.params\n"
     "  > is_post if params.method == \"POST\"\n"
     "  > is_post\n"
     "  true\n\n"
     "`unset input` takes the input away; a question may replace it: is_post with input as {}.\n"},
    {"partial",
     "With `unknown` a question is answered as far as it can be without what is unknown; what is left are "
     "the\n"
     "conditions under which it holds:\n\n"
     "  > methods := [\"GET\", \"HEAD\"]\n"
     "  > unknown input\n"
     "  > input.method == methods[_]\n"
     "  \"GET\" = input.method\n"
     "  \"HEAD\" = input.method\n\n"
     "`unknown` alone ends it.\n"},
};

std::string bad_arguments(std::string_view why) {
  return fmt::format("code bad arguments: {}\n", why);
}

std::string_view on_or_off(bool on) {
  return on ? "true" : "false";
}

/// The members of `value`, which is `path`, that lead on to `word`: "input.u" offers input.user.
void offer_members(const std::string& path, const policy::Value& value, const std::string& word,
                   std::set<std::string>& out) {
  if (!value || !value.is_object()) return;
  for (const policy::Pair& pair : value.as_object()) {
    if (!pair.key.is_string()) continue;
    const std::string below = fmt::format("{}.{}", path, pair.key.as_string());
    if (below.starts_with(word)) out.insert(below);
    if (word.starts_with(below + ".")) offer_members(below, pair.value, word, out);
  }
}

/// A variable or a ground reference.
bool names_a_rule(const std::string& text) {
  const auto query = policy::ast::parse_query(policy::ast::make_source("", text));
  const auto* term =
      query && query->size() == 1 ? policy::ast::as<policy::ast::Term>(query->front()) : nullptr;
  if (term == nullptr) return false;
  const auto* ref = policy::ast::as<policy::ast::Ref>(*term);
  if (ref == nullptr) return policy::ast::as<policy::ast::Var>(*term) != nullptr;
  return policy::ast::as<policy::ast::Var>(ref->terms.front()) != nullptr &&
         std::ranges::none_of(ref->terms.begin() + 1, ref->terms.end(), [](const policy::ast::Term& part) {
           return policy::ast::as<policy::ast::Var>(part) != nullptr;
         });
}

}  // namespace

const std::vector<ReplSession::Command>& ReplSession::commands() {
  using Self = ReplSession;
  static const std::vector<Command> all{
      {"show", "[debug]", "the module being written, or the settings", &Self::show},
      {"unset", "NAME", "remove rules of the current package, or input", &Self::unset},
      {"unset-package", "NAME", "remove a package", &Self::unset_package},
      {"json", "", "answers as JSON", [](Self& s, const Words&) { return s.json_ = true, Answer{}; }},
      {"pretty", "", "answers as values and tables",
       [](Self& s, const Words&) { return s.json_ = false, Answer{}; }},
      {"pretty-limit", "N", "cut cells of tables after so many bytes; 0 = never", &Self::pretty_limit},
      {"trace", "[MODE]", "how answers came about: full, fails, notes, debug, off", &Self::trace},
      {"notes", "", "what trace() said", [](Self& s, const Words&) { return s.explain("notes"); }},
      {"fails", "", "how answers failed to come about",
       [](Self& s, const Words&) { return s.explain("fails"); }},
      {"metrics", "", "how long loading and answering took",
       [](Self& s, const Words&) { return s.toggle(&EvalOptions::metrics); }},
      {"instrument", "", "what the engine counts, too",
       [](Self& s, const Words&) { return s.toggle(&EvalOptions::instrument); }},
      {"profile", "", "how long each line took",
       [](Self& s, const Words&) { return s.toggle(&EvalOptions::profile); }},
      {"unknown", "[REF ...]", "evaluate partially, these unknown; nothing: no more", &Self::unknown},
      {"strict-builtin-errors", "", "an error of a built-in fails the query",
       [](Self& s, const Words&) { return s.toggle(&EvalOptions::strict_builtin_errors); }},
      {"dump", "[FILE]", "the base documents, as JSON", &Self::dump},
      {"target", "rego", "taken for OPA's sake: there is no other", &Self::target},
      {"help", "[TOPIC]", "this; topics: input, partial", &Self::help},
      {"exit", "", "leave; so does Ctrl-D", [](Self&, const Words&) { return Answer{"", false, true}; }},
  };
  return all;
}

std::optional<ReplSession::Answer> ReplSession::command(const std::string& text) {
  std::istringstream in(text);
  Words words;
  for (std::string word; in >> word;) words.push_back(std::move(word));
  std::ranges::transform(words.front(), words.front().begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const auto named = std::ranges::find(commands(), words.front(), &Command::name);
  if (named == commands().end()) return std::nullopt;
  words.erase(words.begin());
  return named->run(*this, words);
}

ReplSession::Answer ReplSession::help(const Words& words) {
  if (!words.empty()) {
    const auto topic =
        std::ranges::find(kTopics, words.front(), &std::pair<std::string_view, std::string_view>::first);
    if (topic == std::end(kTopics)) return {fmt::format("unknown topic '{}'\n", words.front())};
    return {std::string(topic->second)};
  }
  std::string out(kExamples);
  for (const Command& one : commands())
    out += fmt::format("  {:<28} {}\n", fmt::format("{} {}", one.name, one.arguments), one.purpose);
  return {out};
}

ReplSession::Answer ReplSession::show(const Words& words) {
  if (words.empty()) return {modules_.show(options_.v0)};
  if (words.front() != "debug") return {fmt::format("unknown option '{}'\n", words.front())};
  return {fmt::format(
      "{{\n\t\"explain\": \"{}\",\n\t\"metrics\": {},\n\t\"instrument\": {},\n\t\"profile\": {},\n"
      "\t\"strict-builtin-errors\": {}\n}}\n",
      options_.explain, on_or_off(options_.metrics), on_or_off(options_.instrument),
      on_or_off(options_.profile), on_or_off(options_.strict_builtin_errors))};
}

ReplSession::Answer ReplSession::unset(const Words& words) {
  if (words.size() != 1) return {bad_arguments("unset <ref>: expects exactly one argument")};
  if (words.front() == "input") {
    options_.input.clear();
    options_.input_text.reset();
    evaluation_.reset();
    return {};
  }
  if (!names_a_rule(words.front())) return {bad_arguments("arguments must identify a rule")};
  ReplModules next = modules_;
  if (!next.remove(words.front())) return {"warning: no matching rules in current module\n"};
  return {to_text(change(std::move(next)))};
}

ReplSession::Answer ReplSession::unset_package(const Words& words) {
  if (words.size() != 1) return {bad_arguments("unset-package <var>: expects exactly one argument")};
  if (!names_a_rule(words.front())) return {bad_arguments("argument must identify a package")};
  ReplModules next = modules_;
  if (!next.forget(words.front())) return {"warning: no matching package\n"};
  return {to_text(change(std::move(next)))};
}

ReplSession::Answer ReplSession::toggle(bool EvalOptions::* flag) {
  options_.*flag = !(options_.*flag);
  evaluation_.reset();
  return {};
}

ReplSession::Answer ReplSession::explain(std::string_view mode) {
  options_.explain = options_.explain == mode ? "off" : std::string(mode);
  evaluation_.reset();
  return {};
}

ReplSession::Answer ReplSession::trace(const Words& words) {
  const std::string mode = words.size() == 1 ? words.front() : "full";
  for (const std::string_view known : {"off", "full", "notes", "fails", "debug"}) {
    if (mode == known) return explain(mode);
  }
  return {"invalid explain mode, expected one of: off, full, notes, fails, debug\n"};
}

ReplSession::Answer ReplSession::unknown(const Words& words) {
  const bool wrong = words.empty() ? !options_.partial : !std::ranges::all_of(words, names_a_rule);
  if (wrong)
    return {"usage: unknown <input/data reference> [<input/data reference> [...]] (hint: try 'input')\n"};
  options_.partial.reset();
  if (!words.empty()) {
    options_.partial.emplace();
    options_.partial->unknowns = words;
  }
  evaluation_.reset();
  return {};
}

ReplSession::Answer ReplSession::dump(const Words& words) {
  policy::Arena arena;
  Diagnostics wrong;
  const policy::Value whole = policy::merge_base_documents(arena, policy::data_files_of(files_), wrong);
  if (!wrong.empty()) return {to_text(wrong)};
  const std::string text = (whole ? policy::to_json(whole) : "{}") + "\n";
  if (words.empty()) return {text};
  std::ofstream out(words.front(), std::ios::binary | std::ios::trunc);
  if (!(out << text).flush()) return {fmt::format("cannot write {}\n", words.front())};
  return {};
}

ReplSession::Answer ReplSession::pretty_limit(const Words& words) {
  if (words.size() != 1) return {"usage: pretty-limit <n>\n"};
  const std::string& text = words.front();
  std::size_t limit = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (problem != std::errc() || end != text.data() + text.size())
    return {fmt::format("{} is not a number\n", text)};
  options_.pretty_limit = limit;
  evaluation_.reset();
  return {};
}

ReplSession::Answer ReplSession::target(const Words& words) {
  if (words.size() != 1) return {bad_arguments("target <mode>: expects exactly one argument")};
  if (words.front() == "rego") return {};
  return {fmt::format("invalid target \"{}\": policies run in this program's own machine, which is rego\n",
                      words.front())};
}

std::vector<std::string> ReplSession::completions(const std::string& word) const {
  std::set<std::string> out;
  const auto offer = [&](std::string_view name) {
    if (name.starts_with(word)) out.insert(std::string(name));
  };
  for (const Command& one : commands()) offer(one.name);
  for (const policy::Builtin* builtin : policy::all_builtins()) {
    if (!builtin->name.starts_with("internal.")) offer(builtin->name);
  }
  for (const ReplRule& rule : modules_.rules()) offer(rule.name);
  if (!evaluation_) return {out.begin(), out.end()};
  for (const policy::ast::Module& module : evaluation_->set()->modules()) {
    offer(policy::ast::dotted_name(module.package.path));
    for (const policy::ast::Rule& rule : module.rules) offer(policy::ast::dotted_name(rule.head.ref));
  }
  offer_members("input", evaluation_->input(), word, out);
  return {out.begin(), out.end()};
}

}  // namespace signalbox::app::cli
