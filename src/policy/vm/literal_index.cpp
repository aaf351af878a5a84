// LiteralIndex: choosing the three bytes, and the table of them.
#include "policy/vm/literal_index.h"

#include <algorithm>
#include <bit>
#include <set>
#include <unordered_map>

namespace signalbox::policy {
namespace {

/// A literal that more patterns share says too little: each is then tried in full.
constexpr std::size_t kMostSharing = 3;

}  // namespace

/// Which three bytes stand for the literals of a pattern, with an eye on those of all patterns.
class LiteralIndex::Choosing {
 public:
  explicit Choosing(const std::vector<Pattern>& patterns) {
    for (const Pattern& pattern : patterns) {
      std::set<std::uint32_t> grams;
      for (const auto* literals : {&pattern.literals.required, &pattern.literals.some})
        for (const std::string& literal : *literals)
          each_gram(literal, [&](std::uint32_t gram) { grams.insert(gram); });
      for (const std::uint32_t gram : grams) ++sharing_[gram];
    }
  }

  /// Any of them tells that the pattern may match; none: they say too little.
  std::vector<std::uint32_t> grams_of(const Literals& literals) const {
    Choice best;
    for (const std::string& literal : literals.required) best = std::min(best, rarest(literal));
    if (best.sharing <= kMostSharing) return {best.gram};
    std::vector<std::uint32_t> out;
    for (const std::string& literal : literals.some) {
      const Choice choice = rarest(literal);
      if (choice.sharing > kMostSharing) return {};
      out.push_back(choice.gram);
    }
    return out;
  }

 private:
  struct Choice {
    std::size_t sharing = kMostSharing + 1;
    std::uint32_t gram = 0;
    auto operator<=>(const Choice&) const = default;
  };

  template <class Visit>
  static void each_gram(std::string_view literal, Visit&& visit) {
    std::uint32_t gram = 0;
    for (std::size_t i = 0; i < literal.size(); ++i) {
      gram = next(gram, literal[i]);
      if (i + 1 >= kGramBytes) visit(gram);
    }
  }

  Choice rarest(std::string_view literal) const {
    Choice best;
    each_gram(literal, [&](std::uint32_t gram) { best = std::min(best, Choice{sharing_.at(gram), gram}); });
    return best;
  }

  std::unordered_map<std::uint32_t, std::size_t> sharing_;
};

void LiteralIndex::add(int number, Literals literals) {
  patterns_.push_back({number, std::move(literals)});
}

std::vector<int> LiteralIndex::settle() {
  const Choosing choosing(patterns_);
  std::vector<int> rest;
  for (const Pattern& pattern : patterns_) {
    const auto grams = choosing.grams_of(pattern.literals);
    if (grams.empty()) rest.push_back(pattern.number);
    for (const std::uint32_t gram : grams) entries_.push_back({gram, pattern.number});
  }
  patterns_.clear();
  arrange();
  return rest;
}

/// The table: entries by bucket, and where each bucket starts.
void LiteralIndex::arrange() {
  const std::size_t buckets = std::bit_ceil(std::max<std::size_t>(256, 4 * entries_.size()));
  shift_ = static_cast<std::uint32_t>(32 - std::bit_width(buckets - 1));
  std::ranges::sort(entries_, {}, [&](const Entry& e) { return std::pair(bucket_of(e.gram), e); });
  const auto repeated = std::ranges::unique(entries_);
  entries_.erase(repeated.begin(), repeated.end());
  starts_.assign(buckets + 1, 0);
  for (const Entry& entry : entries_) ++starts_[bucket_of(entry.gram) + 1];
  for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
}

}  // namespace signalbox::policy
