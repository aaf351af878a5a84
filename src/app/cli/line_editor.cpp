// libedit through its readline interface, which keeps one global state: there is one editor a process. Its
// read goes on after a signal, so Ctrl-C jumps out of it, as psql does.
#include "app/cli/line_editor.h"

#include <unistd.h>

#include <csetjmp>
#include <csignal>
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

sigjmp_buf before_line;

void drop_line(int) {
  siglongjmp(before_line, 1);
}

/// readline(); `interrupted` when Ctrl-C was pressed. Holds nothing that would have to be destroyed: it is
/// jumped into.
char* read_line(const char* prompt, bool& interrupted) {
  struct sigaction ours{}, theirs{};
  ours.sa_handler = drop_line;
  ::sigaction(SIGINT, &ours, &theirs);
  char* line = nullptr;
  interrupted = sigsetjmp(before_line, 1) != 0;
  if (!interrupted) line = ::readline(prompt);
  ::sigaction(SIGINT, &theirs, nullptr);
  return line;
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
    char* line = read_line(prompt.c_str(), interrupted_);
    if (interrupted_) {
      std::cout << '\n' << std::flush;
      return "";
    }
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
