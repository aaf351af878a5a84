// Tokens, a merge of repeated ones, a trim of both ends, then a search over the pair of positions with memory
// of what has been tried (the original is exponential there). The surprise: the search is greedy, so some
// intersections are missed. OPA's answer is the specification.
#include "policy/builtins/globs_intersect.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "policy/builtins/go/text.h"

namespace signalbox::policy::builtins {
namespace {

enum class Repeat : std::uint8_t { Once, Plus, Star };

struct RuneRange {
  char32_t low, high;
  bool operator==(const RuneRange&) const = default;
};

struct Token {
  enum class Kind : std::uint8_t { Character, Dot, Set } kind = Kind::Character;
  Repeat repeat = Repeat::Once;
  char32_t rune = 0;
  std::vector<RuneRange> set;  ///< sorted, merged

  bool same(const Token& o) const { return kind == o.kind && rune == o.rune && set == o.set; }
};

using Glob = std::span<const Token>;

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : text_(text) {
    while (!text.empty()) {
      go::Rune rune = go::decode_rune(text);
      runes_.push_back(rune.value);
      text.remove_prefix(rune.width);
    }
  }
  std::expected<std::vector<Token>, std::string> run();

 private:
  struct Next {
    char32_t rune = 0;
    bool escaped = false, end = false;
  };
  Next next();
  bool read_token(Token& token);
  bool read_set(Token& token);
  Repeat read_repeat();
  bool complain(const std::string& what) {
    if (error_.empty())
      error_ = "input:" + std::string(text_) + ", pos:" + std::to_string(at_) + ", " + what +
               ": the input provided is invalid";
    return false;
  }

  std::string_view text_;
  std::u32string runes_;
  std::size_t at_ = 0;
  std::string error_;
};

Tokenizer::Next Tokenizer::next() {
  if (at_ >= runes_.size()) return {.end = true};
  if (runes_[at_] != '\\') return {runes_[at_++]};
  if (at_ + 1 >= runes_.size()) {
    complain("input ends with a \\ (escape) character");
    return {.end = true};
  }
  at_ += 2;
  return {runes_[at_ - 1], true};
}

Repeat Tokenizer::read_repeat() {
  if (at_ >= runes_.size() || (runes_[at_] != '+' && runes_[at_] != '*')) return Repeat::Once;
  return runes_[at_++] == '+' ? Repeat::Plus : Repeat::Star;
}

void merge_ranges(std::vector<RuneRange>& ranges) {
  std::ranges::sort(ranges, {}, &RuneRange::low);
  std::vector<RuneRange> merged;
  for (const RuneRange& range : ranges) {
    if (!merged.empty() && range.low <= merged.back().high + 1)
      merged.back().high = std::max(merged.back().high, range.high);
    else
      merged.push_back(range);
  }
  ranges = std::move(merged);
}

bool Tokenizer::read_set(Token& token) {
  token.kind = Token::Kind::Set;
  std::optional<char32_t> previous;
  while (true) {
    Next n = next();
    if (n.end) return complain("found [ without matching ]");
    if (!n.escaped && n.rune == ']') break;
    if (n.escaped || n.rune != '-') {
      token.set.push_back({n.rune, n.rune});
      previous = n.rune;
      continue;
    }
    if (!previous) return complain("range character '-' must be preceded by a Unicode character");
    if (at_ + 1 >= runes_.size())
      return complain("range character '-' must be followed by a Unicode character");
    Next high = next();
    if (!high.escaped && (high.rune == ']' || high.rune == '-'))
      return complain("range character '-' cannot be followed by a special symbol");
    if (high.rune < *previous) {
      std::string hi, lo;
      go::append_rune(hi, high.rune), go::append_rune(lo, *previous);
      return complain("range is out of order: '" + hi + "' comes before '" + lo + "' in Unicode");
    }
    token.set.push_back({*previous, high.rune});
    previous.reset();
  }
  merge_ranges(token.set);
  return true;
}

bool Tokenizer::read_token(Token& token) {
  Next n = next();
  if (!error_.empty()) return false;
  if (!n.escaped && n.rune == ']') return complain("set-close ']' with no preceding '['");
  if (!n.escaped && (n.rune == '+' || n.rune == '*'))
    return complain(std::string("flag '") + static_cast<char>(n.rune) + "' must be preceded by a non-flag");
  if (!n.escaped && n.rune == '[') {
    if (!read_set(token)) return false;
  } else if (!n.escaped && n.rune == '.') {
    token.kind = Token::Kind::Dot;
  } else {
    token.rune = n.rune;
  }
  if (at_ + 1 == runes_.size() && runes_[at_] == '\\')
    return complain("input ends with a \\ (escape) character");
  token.repeat = read_repeat();
  return true;
}

std::expected<std::vector<Token>, std::string> Tokenizer::run() {
  std::vector<Token> tokens;
  while (at_ < runes_.size()) {
    Token token;
    if (!read_token(token)) return std::unexpected(error_);
    bool merges = !tokens.empty() && token.repeat != Repeat::Once && tokens.back().repeat != Repeat::Once &&
                  tokens.back().same(token);
    if (!merges)
      tokens.push_back(std::move(token));
    else if (token.repeat == Repeat::Plus)
      tokens.back().repeat = Repeat::Plus;
  }
  return tokens;
}

bool in_set(const std::vector<RuneRange>& set, char32_t rune) {
  return std::ranges::any_of(set, [&](const RuneRange& r) { return rune >= r.low && rune <= r.high; });
}

bool match(const Token& a, const Token& b) {
  using enum Token::Kind;
  if (a.kind == Dot || b.kind == Dot) return true;
  if (a.kind == Character && b.kind == Character) return a.rune == b.rune;
  if (a.kind == Character) return in_set(b.set, a.rune);
  if (b.kind == Character) return in_set(a.set, b.rune);
  return std::ranges::any_of(a.set, [&](const RuneRange& x) {
    return std::ranges::any_of(b.set, [&](const RuneRange& y) { return x.low <= y.high && y.low <= x.high; });
  });
}

class Search {
 public:
  explicit Search(Meter& meter) : meter_(meter) {}
  bool normal(Glob a, Glob b);

 private:
  bool special(Glob a, Glob b);
  bool plus(Glob repeated, Glob other);
  bool star(Glob starred, Glob other);

  Meter& meter_;
  std::map<std::pair<const Token*, const Token*>, bool> tried_;
};

bool Search::normal(Glob a, Glob b) {
  if (!meter_.charge()) return false;
  std::size_t i = 0;
  for (; i < a.size() && i < b.size(); ++i) {
    if (a[i].repeat != Repeat::Once || b[i].repeat != Repeat::Once)
      return special(a.subspan(i), b.subspan(i));
    if (!match(a[i], b[i])) return false;
  }
  return i == a.size() && i == b.size();
}

bool Search::special(Glob a, Glob b) {
  auto [at, fresh] = tried_.try_emplace({a.data(), b.data()}, false);
  if (!fresh) return at->second;
  bool first = a[0].repeat != Repeat::Once;
  Glob repeated = first ? a : b, other = first ? b : a;
  bool result = repeated[0].repeat == Repeat::Plus ? plus(repeated, other) : star(repeated, other);
  tried_[{a.data(), b.data()}] = result;
  return result;
}

bool Search::plus(Glob repeated, Glob other) {
  if (!match(repeated[0], other[0])) return false;
  if (star(repeated, other.subspan(1))) return true;
  return other[0].repeat != Repeat::Once && normal(repeated.subspan(1), other);
}

bool Search::star(Glob starred, Glob other) {
  const Token* following = starred.size() > 1 ? &starred[1] : nullptr;
  for (std::size_t i = 0; i < other.size(); ++i) {
    if (!meter_.charge()) return false;
    if (following != nullptr && match(other[i], *following) && normal(starred.subspan(1), other.subspan(i)))
      return true;
    if (!match(other[i], starred[0])) return false;
  }
  return following == nullptr;
}

/// Cuts equal plain ends off, keeping one token of each as the original does. False when they cannot match.
bool trim(Glob& a, Glob& b) {
  auto plain = [](const Token& x, const Token& y) {
    return x.repeat == Repeat::Once && y.repeat == Repeat::Once;
  };
  std::size_t left = 0;
  for (; left < a.size() && left < b.size() && plain(a[left], b[left]); ++left)
    if (!match(a[left], b[left])) return false;
  if (left > 0) --left;
  std::size_t end_a = a.size(), end_b = b.size();
  while (end_a > left && end_b > left && plain(a[end_a - 1], b[end_b - 1])) {
    if (!match(a[end_a - 1], b[end_b - 1])) return false;
    --end_a, --end_b;
  }
  if (end_a < a.size()) ++end_a, ++end_b;
  a = a.subspan(left, end_a - left);
  b = b.subspan(left, end_b - left);
  return true;
}

}  // namespace

std::expected<bool, std::string> globs_intersect(std::string_view left, std::string_view right,
                                                 Meter& meter) {
  auto a = Tokenizer(left).run();
  if (!a) return std::unexpected(a.error());
  auto b = Tokenizer(right).run();
  if (!b) return std::unexpected(b.error());
  Glob x = *a, y = *b;
  return trim(x, y) && Search(meter).normal(x, y);
}

}  // namespace signalbox::policy::builtins
