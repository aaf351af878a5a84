// PatternSet over FilteredRE2, which tells the literals, and RE2::Set. An index may name too many rules,
// never too few, and three surprises are met with naming all: a set that runs out of DFA memory matches
// nothing and says so; regex.match reads invalid bytes as U+FFFD, RE2 does not match them at all; the Kelvin
// sign and the long s are the letters k and s where case does not matter. RE2::Set takes memory to tell which
// of its patterns match, but none to tell whether one does.
#include "policy/vm/pattern_set.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <string>
#include <vector>

#include "policy/builtins/go/text.h"
#include "policy/vm/literal_index.h"

namespace signalbox::policy {
namespace {

/// So many patterns are named without asking which of them match.
constexpr std::size_t kFew = 3;

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

re2::RE2::Options options() {
  re2::RE2::Options out;
  out.set_log_errors(false);
  out.set_max_mem(64 << 20);
  return out;
}

/// Whether the text's letters and bytes are what RE2 and LiteralIndex take them for.
bool is_plain(std::string_view text) {
  if (go::is_ascii(text)) return true;
  return go::is_valid_utf8(text) && text.find("\xE2\x84\xAA") == text.npos &&
         text.find("\xC5\xBF") == text.npos;
}

/// What RE2 knows of the texts that the one pattern in `filtered` matches.
LiteralIndex::Literals literals_of(re2::FilteredRE2& filtered) {
  LiteralIndex::Literals out;
  filtered.Compile(&out.some);
  if (!std::ranges::all_of(out.some, go::is_ascii)) return {};
  std::vector<int> others, potential;
  for (std::size_t i = 0; i < out.some.size(); ++i) {
    others.clear();
    for (std::size_t j = 0; j < out.some.size(); ++j)
      if (j != i) others.push_back(static_cast<int>(j));
    filtered.AllPotentials(others, &potential);
    if (potential.empty()) out.required.push_back(out.some[i]);
  }
  return out;
}

/// What one thread's answers are put together in.
struct Answer {
  std::vector<int> numbers, matched;
  std::vector<bool> seen;
  static Answer& kept() {
    thread_local Answer answer;
    return answer;
  }
};

}  // namespace

struct PatternSet::Set {
  LiteralIndex literals;
  std::vector<std::string> patterns;  ///< until compile()
  re2::RE2::Set automaton{options(), re2::RE2::UNANCHORED};
  std::vector<int> rest;  ///< the patterns of the automaton
  /// Whether a text has matched some of them the last time: then the next is likely to, and is asked which.
  mutable std::atomic<bool> matches = false;

  void add_matching(std::string_view text, std::vector<int>& matched, std::vector<int>& numbers) const;
  std::size_t count = 0;
};

PatternSet::PatternSet() : set_(std::make_unique<Set>()) {}
PatternSet::~PatternSet() = default;

bool PatternSet::parses(std::string_view pattern) {
  return re2::RE2::Set(options(), re2::RE2::UNANCHORED).Add(piece(pattern), nullptr) >= 0;
}

int PatternSet::add(std::string_view pattern) {
  re2::FilteredRE2 filtered(LiteralIndex::kGramBytes);
  int id = 0;
  if (filtered.Add(piece(pattern), options(), &id) != re2::RE2::NoError) return -1;
  const int number = static_cast<int>(set_->count++);
  set_->literals.add(number, literals_of(filtered));
  set_->patterns.emplace_back(pattern);
  return number;
}

bool PatternSet::compile() {
  set_->rest = set_->literals.settle();
  for (const int number : set_->rest)
    if (set_->automaton.Add(set_->patterns[static_cast<std::size_t>(number)], nullptr) < 0) return false;
  set_->patterns.clear();
  return set_->rest.empty() || set_->automaton.Compile();
}

std::span<const int> PatternSet::candidates(std::string_view text) const {
  auto& [numbers, matched, seen] = Answer::kept();
  if (!is_plain(text)) {
    numbers.resize(set_->count);
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
  }
  numbers.clear();
  seen.assign(set_->count, false);
  set_->literals.each(text, [&](int number) {
    if (seen[static_cast<std::size_t>(number)]) return;
    seen[static_cast<std::size_t>(number)] = true;
    numbers.push_back(number);
  });
  if (!set_->rest.empty()) set_->add_matching(text, matched, numbers);
  return numbers;
}

/// Those of the automaton; all when it cannot tell.
void PatternSet::Set::add_matching(std::string_view text, std::vector<int>& matched,
                                   std::vector<int>& numbers) const {
  re2::RE2::Set::ErrorInfo error{};
  const bool which = rest.size() > kFew;
  bool some = true;
  if (!which || !matches.load(std::memory_order_relaxed))
    some = automaton.Match(piece(text), nullptr, &error);
  if (some && which) {
    some = automaton.Match(piece(text), &matched, &error);
    for (std::size_t i = 0; some && i < matched.size(); ++i)
      numbers.push_back(rest[static_cast<std::size_t>(matched[i])]);
  }
  if ((some && !which) || (!some && error.kind != re2::RE2::Set::kNoError))
    numbers.insert(numbers.end(), rest.begin(), rest.end());
  if (matches.load(std::memory_order_relaxed) != some) matches.store(some, std::memory_order_relaxed);
}

}  // namespace signalbox::policy
