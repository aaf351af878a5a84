// signalbox completion SHELL: a completion script, made from the verbs and options themselves.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli/terminal.h"
#include "app/cli/verbs.h"

namespace signalbox::app::cli {
namespace {

struct Words {
  std::string path;                                        // "config check"; "" for the root
  std::vector<std::pair<std::string, std::string>> verbs;  // name, summary
  std::vector<std::string> options;
};

void collect(const CLI::App& app, const std::string& path, std::vector<Words>& all) {
  Words words{path, {}, {}};
  for (const auto* sub : app.get_subcommands({}))
    words.verbs.emplace_back(sub->get_name(), sub->get_description());
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) words.options.push_back("--" + name);
    for (const auto& name : option->get_snames()) words.options.push_back("-" + name);
  }
  all.push_back(words);
  for (const auto* sub : app.get_subcommands({})) {
    collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), all);
  }
}

std::string names(const Words& words) {
  std::vector<std::string> all = words.options;
  for (const auto& [name, summary] : words.verbs) all.push_back(name);
  return fmt::format("{}", fmt::join(all, " "));
}

// Bash, and zsh through bashcompinit: the verbs typed so far select the words to offer; files otherwise.
std::string bash(const std::vector<Words>& all) {
  std::string cases;
  for (const auto& words : all)
    cases += fmt::format("    \"{}\") words=\"{}\" ;;\n", words.path, names(words));
  return "_signalbox() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" path=\"\" words=\"\" word\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case \"$word\" in -*) ;; *) [ \"${#path}\" -lt 40 ] && path=\"${path:+$path }$word\" ;; esac\n"
         "  done\n"
         "  while :; do\n"
         "    case \"$path\" in\n" +
         cases +
         "    *) if [[ \"$path\" == *\" \"* ]]; then path=\"${path% *}\"; continue; fi ;;\n"
         "    esac\n"
         "    break\n"
         "  done\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\") $(compgen -f -- \"$current\"))\n"
         "}\n"
         "complete -o filenames -F _signalbox signalbox\n";
}

std::string fish(const std::vector<Words>& all) {
  std::string out;
  for (const auto& words : all) {
    const std::string when = words.path.empty() ? "__fish_use_subcommand"
                                                : fmt::format("__fish_seen_subcommand_from {}",
                                                              words.path.substr(words.path.rfind(' ') + 1));
    for (const auto& [name, summary] : words.verbs) {
      out += fmt::format("complete -c signalbox -n '{}' -a {} -d '{}'\n", when, name, summary);
    }
    for (const auto& option : words.options) {
      out += option.starts_with("--")
                 ? fmt::format("complete -c signalbox -n '{}' -l {}\n", when, option.substr(2))
                 : fmt::format("complete -c signalbox -n '{}' -s {}\n", when, option.substr(1));
    }
  }
  return out;
}

Exit completion(const CLI::App& root, const std::string& shell) {
  std::vector<Words> all;
  collect(root, "", all);
  if (shell == "zsh") print("autoload -U +X bashcompinit && bashcompinit\n");
  print(shell == "fish" ? fish(all) : bash(all));
  return Exit::Ok;
}

}  // namespace

void add_completion(CLI::App& root, Action& chosen) {
  auto shell = std::make_shared<std::string>();
  CLI::App* verb = root.add_subcommand("completion", "Print a completion script for your shell");
  verb->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->footer(
      "Examples:\n"
      "  source <(signalbox completion bash)\n"
      "  signalbox completion fish > ~/.config/fish/completions/signalbox.fish");
  verb->callback([=, &root, &chosen] { chosen = [=, &root] { return completion(root, *shell); }; });
}

}  // namespace signalbox::app::cli
