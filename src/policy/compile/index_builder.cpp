// Index builder: every rule is hung at the test whose outcome it shares with the fewest rules; postings that
// stay long get an index of their own over the tests not yet used.
#include "policy/compile/index_builder.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "policy/vm/pattern_set.h"

namespace signalbox::policy {
namespace {

constexpr std::size_t kShortPosting = 4;
/// To search a text for patterns costs what running so many rules costs.
constexpr std::size_t kPatternCost = 2;

using Tests = std::vector<std::vector<IndexTest>>;
/// A test's identity: what is looked at, and how.
using Place = std::pair<IndexSubject, IndexTest::Kind>;
/// Places by their numbers; few.
using Used = std::vector<std::uint32_t>;

/// The tests of all rules, their places numbered: one comparison of subjects for each test, however often
/// the rules are looked at.
class NumberedTests {
 public:
  explicit NumberedTests(const Tests& tests) : tests_(tests), numbers_(tests.size()) {
    std::map<Place, std::uint32_t> known;
    for (std::size_t rule = 0; rule < tests.size(); ++rule) {
      for (const IndexTest& test : tests[rule]) {
        const auto number = static_cast<std::uint32_t>(places_.size());
        const auto [it, added] = known.try_emplace({test.subject, test.kind}, number);
        if (added) places_.push_back(it->first);
        numbers_[rule].push_back(it->second);
      }
    }
  }

  const Place& place(std::uint32_t number) const { return places_[number]; }
  std::size_t places() const { return places_.size(); }

  /// visit(test, number of its place) for those of a rule whose places are not used.
  template <class Visit>
  void each(std::uint32_t rule, const Used& used, Visit&& visit) const {
    for (std::size_t i = 0; i < numbers_[rule].size(); ++i) {
      const std::uint32_t place = numbers_[rule][i];
      if (std::ranges::find(used, place) == used.end()) visit(tests_[rule][i], place);
    }
  }

 private:
  const Tests& tests_;
  std::vector<std::vector<std::uint32_t>> numbers_;
  std::vector<Place> places_;
};

class IndexBuilder {
 public:
  explicit IndexBuilder(const NumberedTests& tests) : tests_(tests) {}

  RuleIndex::Node build(const std::vector<std::uint32_t>& rules, const Used& used) {
    number_outcomes(rules, used);
    RuleIndex::Node node;
    std::size_t groups = 0;
    const std::uint32_t* next = numbers_.data();
    for (const std::uint32_t rule : rules) {
      const Choice best = most_selective(rule, used, next);
      if (best.test == nullptr) node.always.push_back(rule);
      for (std::size_t i = 0; best.test != nullptr && i < best.test->values.size(); ++i) {
        Outcome& outcome = outcomes_[best.outcomes[i]];
        groups += outcome.rules.empty() ? 1 : 0;
        outcome.rules.push_back(rule);
        outcome.inclusive |= best.test->inclusive;
      }
    }
    const bool splits = groups > 1 || !node.always.empty();
    std::vector<std::size_t> fields(tests_.places(), kNone);
    for (Outcome& outcome : outcomes_) {
      if (outcome.rules.empty()) continue;
      RuleIndex::Posting posting = make_posting(outcome, used, splits || used.empty());
      place(node.fields[field_of(outcome.place, node, fields)], outcome, std::move(posting));
    }
    for (RuleIndex::Field& field : node.fields) finish(field, node.always);
    return node;
  }

 private:
  /// One value of one test: the rules that share it, and those that are hung up there.
  struct Outcome {
    std::uint32_t place = 0;
    Value value;
    std::size_t sharing = 0;
    bool inclusive = false;
    std::vector<std::uint32_t> rules;
  };
  struct Choice {
    const IndexTest* test = nullptr;
    const std::uint32_t* outcomes = nullptr;  ///< the numbers of its values
  };
  struct Key {
    std::uint32_t place;
    Value value;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const { return hash(key.value) + key.place * 0x9E37'79B9u; }
  };

  void number_outcomes(const std::vector<std::uint32_t>& rules, const Used& used) {
    std::unordered_map<Key, std::uint32_t, KeyHash> known;
    for (const std::uint32_t rule : rules) {
      tests_.each(rule, used, [&](const IndexTest& test, std::uint32_t place) {
        for (const Value& value : test.values) {
          const auto number = static_cast<std::uint32_t>(outcomes_.size());
          const auto [it, added] = known.try_emplace({place, value}, number);
          if (added) outcomes_.push_back({.place = place, .value = value, .rules = {}});
          ++outcomes_[it->second].sharing;
          numbers_.push_back(it->second);
        }
      });
    }
  }

  /// `next` goes along the numbers of the outcomes, as number_outcomes() has met them.
  Choice most_selective(std::uint32_t rule, const Used& used, const std::uint32_t*& next) const {
    Choice best;
    std::tuple<bool, std::size_t> best_cost;
    tests_.each(rule, used, [&](const IndexTest& test, std::uint32_t) {
      const std::uint32_t* const numbers = next;
      std::size_t worst = test.values.size() - 1;
      for (std::size_t i = 0; i < test.values.size(); ++i)
        worst = std::max(worst, outcomes_[*next++].sharing);
      if (test.kind == IndexTest::Kind::Pattern) worst = std::max(worst, kPatternCost);
      const bool open = test.kind == IndexTest::Kind::Above || test.kind == IndexTest::Kind::Below;
      const std::tuple cost{open, worst};
      if (best.test == nullptr || cost < best_cost) best = {&test, numbers}, best_cost = cost;
    });
    return best;
  }

  /// The number of the field that looks at the place's subject, made when there is none. `known` remembers.
  std::size_t field_of(std::uint32_t place, RuleIndex::Node& node, std::vector<std::size_t>& known) const {
    std::size_t& number = known[place];
    if (number != kNone) return number;
    const IndexSubject& subject = tests_.place(place).first;
    const auto found = std::ranges::find(node.fields, subject, &RuleIndex::Field::subject);
    number = static_cast<std::size_t>(found - node.fields.begin());
    if (found == node.fields.end()) node.fields.emplace_back().subject = subject;
    return number;
  }

  RuleIndex::Posting make_posting(Outcome& outcome, const Used& used, bool worthwhile) {
    RuleIndex::Posting posting;
    // Two spellings of one network share a posting, and a pattern may have to join `always`: both stay plain
    // lists.
    const IndexTest::Kind kind = tests_.place(outcome.place).second;
    const bool plain = kind == IndexTest::Kind::Network || kind == IndexTest::Kind::Pattern;
    if (outcome.rules.size() > kShortPosting && worthwhile && !plain) {
      Used also_used = used;
      also_used.push_back(outcome.place);
      auto narrower = std::make_unique<RuleIndex::Node>(IndexBuilder(tests_).build(outcome.rules, also_used));
      if (!narrower->fields.empty()) {
        posting.narrower = std::move(narrower);
        return posting;
      }
    }
    posting.rules = std::move(outcome.rules);
    return posting;
  }

  void place(RuleIndex::Field& field, const Outcome& outcome, RuleIndex::Posting posting) {
    const Value& value = outcome.value;
    switch (tests_.place(outcome.place).second) {
      case IndexTest::Kind::Equal: field.equal.emplace(value, std::move(posting)); return;
      case IndexTest::Kind::Prefix: field.prefixes.emplace(value.as_string(), std::move(posting)); return;
      case IndexTest::Kind::Network: {
        Network network;
        parse_network(value.as_string(), network);
        auto& slot = field.networks[network];
        slot.rules.insert(slot.rules.end(), posting.rules.begin(), posting.rules.end());
        return;
      }
      case IndexTest::Kind::Above:
        field.above.push_back({value, outcome.inclusive, std::move(posting)});
        return;
      case IndexTest::Kind::Below:
        field.below.push_back({value, outcome.inclusive, std::move(posting)});
        return;
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

  const NumberedTests& tests_;
  std::vector<Outcome> outcomes_;
  std::vector<std::uint32_t> numbers_;  ///< of outcomes, one for each value of each test
  std::map<IndexSubject, std::vector<std::pair<Value, RuleIndex::Posting>>> patterns_;
};

}  // namespace

std::shared_ptr<const RuleIndex> build_index(const Tests& tests) {
  std::vector<std::uint32_t> rules(tests.size());
  for (std::uint32_t i = 0; i < rules.size(); ++i) rules[i] = i;
  auto index = std::make_shared<RuleIndex>();
  const NumberedTests numbered(tests);
  index->root = IndexBuilder(numbered).build(rules, {});
  if (index->always_only()) return nullptr;
  return index;
}

}  // namespace signalbox::policy
