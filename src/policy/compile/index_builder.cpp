// Index builder: every rule is hung at the test whose outcome it shares with the fewest rules; postings that
// stay long get an index of their own over the tests not yet used.
#include "policy/compile/index_builder.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "policy/vm/pattern_set.h"

namespace signalbox::policy {
namespace {

constexpr std::size_t kShortPosting = 4;

using Tests = std::vector<std::vector<IndexTest>>;
/// A test's identity: what is looked at, and how.
using Place = std::pair<IndexSubject, IndexTest::Kind>;

Place place_of(const IndexTest& test) {
  return {test.subject, test.kind};
}

class IndexBuilder {
 public:
  explicit IndexBuilder(const Tests& tests) : tests_(tests) {}

  RuleIndex::Node build(const std::vector<std::uint32_t>& rules, const std::set<Place>& used) {
    count_sharing(rules, used);
    RuleIndex::Node node;
    std::map<IndexSubject, std::size_t> fields;
    std::map<std::pair<Place, Value>, std::vector<std::uint32_t>> groups;
    std::map<std::pair<Place, Value>, bool> inclusive;
    for (const std::uint32_t rule : rules) {
      const IndexTest* best = most_selective(rule, used);
      if (best == nullptr) {
        node.always.push_back(rule);
        continue;
      }
      for (const Value& value : best->values) {
        groups[{place_of(*best), value}].push_back(rule);
        inclusive[{place_of(*best), value}] |= best->inclusive;
      }
    }
    // Counting is done with: narrower indices may count anew.
    const bool splits = groups.size() > 1 || !node.always.empty();
    for (auto& [key, members] : groups) {
      const auto [it, added] = fields.try_emplace(key.first.first, node.fields.size());
      if (added) node.fields.emplace_back().subject = key.first.first;
      RuleIndex::Posting posting = make_posting(members, key.first, used, splits || used.empty());
      place(node.fields[it->second], key.first.second, key.second, inclusive[key], std::move(posting));
    }
    for (RuleIndex::Field& field : node.fields) finish(field, node.always);
    return node;
  }

 private:
  void count_sharing(const std::vector<std::uint32_t>& rules, const std::set<Place>& used) {
    sharing_.clear();
    for (const std::uint32_t rule : rules) {
      for (const IndexTest& test : tests_[rule]) {
        if (used.contains(place_of(test))) continue;
        for (const Value& value : test.values) ++sharing_[{place_of(test), value}];
      }
    }
  }

  const IndexTest* most_selective(std::uint32_t rule, const std::set<Place>& used) const {
    const IndexTest* best = nullptr;
    std::tuple<bool, std::size_t> best_cost;
    for (const IndexTest& test : tests_[rule]) {
      if (used.contains(place_of(test))) continue;
      std::size_t worst = test.values.size() - 1;
      for (const Value& value : test.values) worst = std::max(worst, sharing_.at({place_of(test), value}));
      const bool open = test.kind == IndexTest::Kind::Above || test.kind == IndexTest::Kind::Below;
      const std::tuple cost{open, worst};
      if (best == nullptr || cost < best_cost) best = &test, best_cost = cost;
    }
    return best;
  }

  RuleIndex::Posting make_posting(std::vector<std::uint32_t>& members, const Place& place,
                                  const std::set<Place>& used, bool worthwhile) {
    RuleIndex::Posting posting;
    // Two spellings of one network share a posting, and a pattern may have to join `always`: both stay plain
    // lists.
    const bool plain = place.second == IndexTest::Kind::Network || place.second == IndexTest::Kind::Pattern;
    if (members.size() > kShortPosting && worthwhile && !plain) {
      std::set<Place> also_used = used;
      also_used.insert(place);
      auto narrower = std::make_unique<RuleIndex::Node>(IndexBuilder(tests_).build(members, also_used));
      if (!narrower->fields.empty()) {
        posting.narrower = std::move(narrower);
        return posting;
      }
    }
    posting.rules = std::move(members);
    return posting;
  }

  void place(RuleIndex::Field& field, IndexTest::Kind kind, const Value& value, bool inclusive,
             RuleIndex::Posting posting) {
    switch (kind) {
      case IndexTest::Kind::Equal: field.equal.emplace(value, std::move(posting)); return;
      case IndexTest::Kind::Prefix: field.prefixes.emplace(value.as_string(), std::move(posting)); return;
      case IndexTest::Kind::Network: {
        Network network;
        parse_network(value.as_string(), network);
        auto& slot = field.networks[network];
        slot.rules.insert(slot.rules.end(), posting.rules.begin(), posting.rules.end());
        return;
      }
      case IndexTest::Kind::Above: field.above.push_back({value, inclusive, std::move(posting)}); return;
      case IndexTest::Kind::Below: field.below.push_back({value, inclusive, std::move(posting)}); return;
      case IndexTest::Kind::Range: {
        const auto ends = value.as_array();
        field.ranges.add({ends[0], ends[1], ends[2].is_true(), ends[3].is_true(),
                          static_cast<std::uint32_t>(field.by_range.size())});
        field.by_range.push_back(std::move(posting));
        return;
      }
      case IndexTest::Kind::Pattern: patterns_[field.subject].emplace_back(value, std::move(posting)); return;
    }
  }

  void finish(RuleIndex::Field& field, std::vector<std::uint32_t>& always) {
    std::set<std::uint32_t> lengths;
    for (const auto& [prefix, posting] : field.prefixes)
      lengths.insert(static_cast<std::uint32_t>(prefix.size()));
    field.prefix_lengths.assign(lengths.begin(), lengths.end());
    std::set<std::uint8_t> network_lengths;
    for (const auto& [network, posting] : field.networks) network_lengths.insert(network.length);
    field.network_lengths.assign(network_lengths.begin(), network_lengths.end());
    std::ranges::sort(field.above, [](const auto& a, const auto& b) { return a.limit < b.limit; });
    std::ranges::sort(field.below, [](const auto& a, const auto& b) { return b.limit < a.limit; });
    field.ranges.settle();
    const auto it = patterns_.find(field.subject);
    if (it != patterns_.end()) add_patterns(field, it->second, always);
  }

  static void add_patterns(RuleIndex::Field& field,
                           std::vector<std::pair<Value, RuleIndex::Posting>>& patterns,
                           std::vector<std::uint32_t>& always) {
    auto set = std::make_unique<PatternSet>();
    std::vector<RuleIndex::Posting> postings;
    std::vector<std::uint32_t> all;
    for (auto& [pattern, posting] : patterns) {
      all.insert(all.end(), posting.rules.begin(), posting.rules.end());
      if (set->add(pattern.as_string()) >= 0) {
        postings.push_back(std::move(posting));
      } else {
        always.insert(always.end(), posting.rules.begin(), posting.rules.end());
      }
    }
    if (set->compile()) {
      field.patterns = std::move(set);
      field.by_pattern = std::move(postings);
    } else {
      always.insert(always.end(), all.begin(), all.end());
    }
  }

  const Tests& tests_;
  std::map<std::pair<Place, Value>, std::size_t> sharing_;
  std::map<IndexSubject, std::vector<std::pair<Value, RuleIndex::Posting>>> patterns_;
};

}  // namespace

std::shared_ptr<const RuleIndex> build_index(const Tests& tests) {
  std::vector<std::uint32_t> rules(tests.size());
  for (std::uint32_t i = 0; i < rules.size(); ++i) rules[i] = i;
  auto index = std::make_shared<RuleIndex>();
  index->root = IndexBuilder(tests).build(rules, {});
  if (index->always_only()) return nullptr;
  return index;
}

}  // namespace signalbox::policy
