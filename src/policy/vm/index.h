// RuleIndex: which rules of a rule set can hold, from the facts their bodies test. It may name too many
// rules, never too few: every rule still runs its whole body.
//
// Each rule hangs at its most selective test (equality, membership, prefix, network, bound, pattern); the
// rules that share one outcome of a test get an index of their own over their other tests. So the cost
// follows the rules that can match.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/value/value.h"
#include "policy/vm/interval_index.h"
#include "policy/vm/pattern_set.h"

namespace signalbox::policy {

/// What a test looks at: an input slot or an argument of the function; or the elements of such a collection,
/// or one member of each: some element must pass.
struct IndexSubject {
  enum class Kind : std::uint8_t { Slot, Argument } kind = Kind::Slot;
  std::uint32_t number = 0;
  bool elements = false;
  std::string member;  ///< of the elements; "" = the elements themselves
  auto operator<=>(const IndexSubject&) const = default;
};

/// An IPv4 or IPv6 network; IPv4 is kept as ::ffff:a.b.c.d, so lengths are of 128 bits.
struct Network {
  std::uint64_t high = 0, low = 0;
  std::uint8_t length = 128;
  bool operator==(const Network&) const = default;
};
struct NetworkHash {
  std::size_t operator()(const Network& n) const {
    return (n.high * 0x9E37'79B9'7F4A'7C15u) ^ (n.low * 0xE703'7ED1'A0B4'28DBu) ^ n.length;
  }
};
/// "10.0.0.0/8", "2001:db8::/32" or an address; false when it is neither.
bool parse_network(std::string_view text, Network& out);
Network masked(Network network, std::uint8_t length);

class RuleIndex {
 public:
  struct Node;
  /// Rules that one outcome of a test selects.
  struct Posting {
    std::vector<std::uint32_t> rules;
    std::unique_ptr<Node> narrower;  ///< set instead of `rules` when there are many
  };
  struct Bound {
    Value limit;
    bool inclusive = false;
    Posting posting;
  };
  struct Field {
    IndexSubject subject;
    std::unordered_map<Value, Posting> equal;
    std::unordered_map<std::string_view, Posting> prefixes;
    std::vector<std::uint32_t> prefix_lengths;
    std::unordered_map<Network, Posting, NetworkHash> networks;
    std::vector<std::uint8_t> network_lengths;
    std::vector<Bound> above;  ///< subject > limit; ascending
    std::vector<Bound> below;  ///< subject < limit; descending
    IntervalIndex ranges;
    std::vector<Posting> by_range;
    std::unique_ptr<PatternSet> patterns;
    std::vector<Posting> by_pattern;
  };
  struct Node {
    std::vector<Field> fields;
    std::vector<std::uint32_t> always;  ///< rules without a test the index knows
  };

  RuleIndex();
  ~RuleIndex();
  RuleIndex(const RuleIndex&) = delete;
  RuleIndex& operator=(const RuleIndex&) = delete;

  /// Whether a rule is left out whose test would be an error of a built-in ("startswith" of a number).
  enum class Errors : bool { LeftOut, Reported };

  /// Appends the ordinals of all rules that may hold, in no order, perhaps repeated. `ask(subject)` gives its
  /// value.
  template <class Ask>
  void collect(Ask&& ask, Errors errors, std::vector<std::uint32_t>& out) const {
    collect_node(root, ask, errors, out);
  }

  Node root;
  bool always_only() const { return root.fields.empty(); }

 private:
  template <class Ask>
  void collect_node(const Node& node, Ask& ask, Errors errors, std::vector<std::uint32_t>& out) const {
    out.insert(out.end(), node.always.begin(), node.always.end());
    for (const Field& field : node.fields) {
      const Value value = ask(field.subject);
      if (value.is_undefined()) continue;
      const auto take = [&](const Posting& posting) {
        if (posting.narrower) {
          collect_node(*posting.narrower, ask, errors, out);
        } else {
          out.insert(out.end(), posting.rules.begin(), posting.rules.end());
        }
      };
      if (!field.subject.elements) {
        select(field, value, errors, take);
        continue;
      }
      for_each_element(value, [&](const Value& element) {
        const Value seen = field.subject.member.empty() ? element : element.at(field.subject.member);
        if (!seen.is_undefined()) select(field, seen, errors, take);
      });
    }
  }

  template <class Visit>
  static void for_each_element(const Value& collection, Visit&& visit);
  template <class Take>
  static void select(const Field& field, const Value& value, Errors errors, Take&& take);
  template <class Take>
  static void select_text(const Field& field, std::string_view text, Errors errors, Take&& take);
};

template <class Visit>
void RuleIndex::for_each_element(const Value& collection, Visit&& visit) {
  if (collection.is_array() || collection.is_set()) {
    for (const Value& element : collection.is_array() ? collection.as_array() : collection.as_set())
      visit(element);
  } else if (collection.is_object()) {
    for (const Pair& pair : collection.as_object()) visit(pair.value);
  }
}

template <class Take>
void RuleIndex::select(const Field& field, const Value& value, Errors errors, Take&& take) {
  const auto look_up = [&](const auto& map, const auto& key) {
    if (const auto it = map.find(key); it != map.end()) take(it->second);
  };
  if (!field.equal.empty()) look_up(field.equal, value);
  if (!field.ranges.empty())
    field.ranges.covering(value, [&](std::uint32_t number) { take(field.by_range[number]); });
  for (const Bound& bound : field.above) {
    const int c = compare(value, bound.limit);
    if (c < 0 || (c == 0 && !bound.inclusive)) {
      if (c < 0) break;
      continue;
    }
    take(bound.posting);
  }
  for (const Bound& bound : field.below) {
    const int c = compare(value, bound.limit);
    if (c > 0 || (c == 0 && !bound.inclusive)) {
      if (c > 0) break;
      continue;
    }
    take(bound.posting);
  }
  if (value.is_string()) return select_text(field, value.as_string(), errors, take);
  if (errors == Errors::LeftOut) return;
  for (const auto& [prefix, posting] : field.prefixes) take(posting);
  for (const auto& [network, posting] : field.networks) take(posting);
  for (const Posting& posting : field.by_pattern) take(posting);
}

template <class Take>
void RuleIndex::select_text(const Field& field, std::string_view text, Errors errors, Take&& take) {
  for (const std::uint32_t length : field.prefix_lengths) {
    if (length > text.size()) continue;
    if (const auto it = field.prefixes.find(text.substr(0, length)); it != field.prefixes.end())
      take(it->second);
  }
  if (!field.networks.empty()) {
    if (Network address; parse_network(text, address)) {
      for (const std::uint8_t length : field.network_lengths) {
        if (length > address.length) continue;
        const auto it = field.networks.find(masked(address, length));
        if (it != field.networks.end()) take(it->second);
      }
    } else if (errors == Errors::Reported) {
      for (const auto& [network, posting] : field.networks) take(posting);
    }
  }
  if (field.patterns) {
    for (const int which : field.patterns->candidates(text))
      take(field.by_pattern[static_cast<std::size_t>(which)]);
  }
}

}  // namespace signalbox::policy
