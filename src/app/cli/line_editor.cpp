// libedit through its readline interface, which keeps one global state: there is one editor a process.
#include "app/cli/line_editor.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

#if SIGNALBOX_LIBEDIT
#include <editline/readline.h>
#endif

namespace signalbox::app::cli {
namespace {

#if SIGNALBOX_LIBEDIT
constexpr int kHistoryLines = 1000;
LineEditor::Complete completer;

char* next_match(const char* word, int state) {
  static std::vector<std::string> found;
  if (state == 0) found = completer ? completer(word) : std::vector<std::string>();
  const auto index = static_cast<std::size_t>(state);
  return index < found.size() ? ::strdup(found[index].c_str()) : nullptr;
}

char** matches(const char* word, int, int) {
  rl_attempted_completion_over = 1;  // no file names
  return rl_completion_matches(word, next_match);
}
#endif

}  // namespace

LineEditor::LineEditor(std::string history, [[maybe_unused]] Complete complete)
    : history_(std::move(history)), terminal_(::isatty(0) == 1) {
#if SIGNALBOX_LIBEDIT
  if (!terminal_) return;
  completer = std::move(complete);
  rl_attempted_completion_function = matches;
  static char breaks[] = " \t\n\"'`@$><=;|&{([,";
  rl_completer_word_break_characters = breaks;
  ::using_history();
  ::stifle_history(kHistoryLines);
  if (!history_.empty()) ::read_history(history_.c_str());
#endif
}

LineEditor::~LineEditor() {
#if SIGNALBOX_LIBEDIT
  if (terminal_ && !history_.empty()) ::write_history(history_.c_str());
  completer = nullptr;
#endif
}

std::optional<std::string> LineEditor::read(const std::string& prompt) {
#if SIGNALBOX_LIBEDIT
  if (terminal_) {
    char* line = ::readline(prompt.c_str());
    if (line == nullptr) return std::nullopt;
    std::string out(line);
    std::free(line);
    if (!out.empty()) ::add_history(out.c_str());
    return out;
  }
#endif
  if (terminal_) std::cout << prompt << std::flush;
  std::string out;
  if (!std::getline(std::cin, out)) return std::nullopt;
  return out;
}

}  // namespace signalbox::app::cli
