// PatternSet over RE2::Set. The surprise: a set that runs out of DFA memory matches nothing and says so; then
// every pattern is reported, which is right for an index (it may name too many rules, never too few).
#include "policy/vm/pattern_set.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <numeric>

namespace signalbox::policy {

struct PatternSet::Set {
  Set() : set(options(), re2::RE2::UNANCHORED) {}
  static re2::RE2::Options options() {
    re2::RE2::Options out;
    out.set_log_errors(false);
    out.set_max_mem(64 << 20);
    return out;
  }
  re2::RE2::Set set;
  int count = 0;
};

PatternSet::PatternSet() : set_(std::make_unique<Set>()) {}
PatternSet::~PatternSet() = default;

int PatternSet::add(std::string_view pattern) {
  const int number = set_->set.Add(re2::StringPiece(pattern.data(), pattern.size()), nullptr);
  if (number >= 0) set_->count = number + 1;
  return number;
}

bool PatternSet::compile() {
  return set_->set.Compile();
}

std::vector<int> PatternSet::matching(std::string_view text) const {
  std::vector<int> out;
  re2::RE2::Set::ErrorInfo error{};
  set_->set.Match(re2::StringPiece(text.data(), text.size()), &out, &error);
  if (error.kind != re2::RE2::Set::kNoError) {
    out.resize(static_cast<std::size_t>(set_->count));
    std::iota(out.begin(), out.end(), 0);
  }
  return out;
}

}  // namespace signalbox::policy
