// Scratch: text that a built-in puts together before it is copied into the arena. The thread's buffer is used
// again from call to call, so that a warm evaluation takes nothing from the heap.
#pragma once

#include <string>

namespace signalbox::policy::builtins {

/// One at a time in a thread: built-ins do not call each other.
class Scratch {
 public:
  Scratch() : text(buffer()) { text.clear(); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    if (text.capacity() > kKeptBytes) std::string().swap(text);
  }

  std::string& text;

 private:
  static constexpr std::size_t kKeptBytes = 65'536;
  static std::string& buffer() {
    thread_local std::string kept;
    return kept;
  }
};

}  // namespace signalbox::policy::builtins
