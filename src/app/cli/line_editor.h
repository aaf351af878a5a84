// Lines from a person: with history and completion where libedit is built in and a terminal is there.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace signalbox::app::cli {

class LineEditor {
 public:
  /// Words that may follow what has been typed.
  using Complete = std::function<std::vector<std::string>(const std::string& word)>;

  /// `history`: a file; empty = none is kept.
  LineEditor(std::string history, Complete complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// Someone types, rather than a script.
  bool terminal() const { return terminal_; }
  /// Nothing at the end of input.
  std::optional<std::string> read(const std::string& prompt);
  /// Ctrl-C dropped the line that was read last, which is given as empty.
  bool interrupted() const { return interrupted_; }

 private:
  std::string history_;
  bool terminal_;
  bool interrupted_ = false;
};

}  // namespace signalbox::app::cli
