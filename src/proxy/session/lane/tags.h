// Tags: what policies note about the session. What is noted about a statement holds when that has been run,
// or refused: not when it has only been prepared.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/hooks/event.h"

namespace signalbox::proxy {

class Tags {
 public:
  explicit Tags(SessionFacts& session) : session_(session) {}

  /// False: the session has too many.
  bool note(std::string_view name, std::string_view value);
  /// From now on what is noted waits for the statement to be run or refused, or (false) holds at once.
  void wait(bool waiting) { waiting_ = waiting; }
  /// A message of this type goes to the server.
  void passed(char type);
  void refused() { settle(); }

 private:
  void settle();
  bool put(std::string_view name, std::string_view value);

  SessionFacts& session_;
  std::vector<std::pair<std::string, std::string>> noted_;
  bool waiting_ = false;
  bool bound_ = false;  ///< a portal may still be run after the Sync
};

}  // namespace signalbox::proxy
