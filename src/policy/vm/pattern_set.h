// PatternSet: many regular expressions tried at once (RE2::Set). The only file of vm/ that knows RE2 is its
// .cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::policy {

class PatternSet {
 public:
  PatternSet();
  ~PatternSet();
  /// Adds a pattern (searched anywhere, as regex.match does); its number, or -1 when RE2 refuses it.
  int add(std::string_view pattern);
  /// After the last add(). False when the set is too large; it must not be used then.
  bool compile();
  std::vector<int> matching(std::string_view text) const;

 private:
  struct Set;
  std::unique_ptr<Set> set_;
};

}  // namespace signalbox::policy
