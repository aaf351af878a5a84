// LiteralIndex: which of many patterns may match a text, from literals that a match cannot do without. Three
// bytes of each literal, those that the fewest patterns share, stand for it: one look-up a byte of text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::policy {

class LiteralIndex {
 public:
  static constexpr std::size_t kGramBytes = 3;

  /// What is known of the texts that a pattern matches. Literals are in lower case, kGramBytes and longer.
  struct Literals {
    std::vector<std::string> required;  ///< each is in all of these texts
    std::vector<std::string> some;      ///< one of them is in each of these texts
  };

  /// Without literals of either kind nothing is known.
  void add(int number, Literals literals);
  /// After the last add(). The patterns that are not looked for, because their literals say too little.
  std::vector<int> settle();

  /// visit(number) for every pattern looked for that may match, perhaps repeatedly. The case of ASCII letters
  /// in `text` does not matter.
  template <class Visit>
  void each(std::string_view text, Visit&& visit) const {
    if (entries_.empty()) return;
    std::uint32_t gram = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      gram = next(gram, text[i]);
      if (i + 1 < kGramBytes) continue;
      const std::size_t bucket = bucket_of(gram);
      for (std::uint32_t at = starts_[bucket]; at < starts_[bucket + 1]; ++at)
        if (entries_[at].gram == gram) visit(entries_[at].number);
    }
  }

 private:
  struct Entry {
    std::uint32_t gram;
    int number;
    auto operator<=>(const Entry&) const = default;
  };
  struct Pattern {
    int number;
    Literals literals;
  };
  class Choosing;

  static std::uint32_t next(std::uint32_t gram, char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (gram << 8 | (byte >= 'A' && byte <= 'Z' ? byte | 0x20u : byte)) & 0xFF'FFFFu;
  }
  std::size_t bucket_of(std::uint32_t gram) const { return (gram * 0x9E37'79B1u) >> shift_; }
  void arrange();

  std::vector<Pattern> patterns_;  ///< until settle()
  std::vector<Entry> entries_;     ///< by bucket
  std::vector<std::uint32_t> starts_;
  std::uint32_t shift_ = 32;
};

}  // namespace signalbox::policy
