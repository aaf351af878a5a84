// PatternSet: many regular expressions tried at once. Those with literals that a match cannot do without are
// found by them (LiteralIndex), the others by one automaton (RE2::Set). The only file of vm/ that knows RE2
// is its .cpp.
#pragma once

#include <memory>
#include <span>
#include <string_view>

namespace signalbox::policy {

class PatternSet {
 public:
  PatternSet();
  ~PatternSet();
  /// Whether RE2 takes the pattern.
  static bool parses(std::string_view pattern);
  /// Adds a pattern (searched anywhere, as regex.match does); its number, or -1 when RE2 refuses it.
  int add(std::string_view pattern);
  /// After the last add(). False when the set is too large; it must not be used then.
  bool compile();
  /// The numbers of all patterns that match, perhaps of more, each once. Valid until the thread's next call.
  std::span<const int> candidates(std::string_view text) const;

 private:
  struct Set;
  std::unique_ptr<Set> set_;
};

}  // namespace signalbox::policy
