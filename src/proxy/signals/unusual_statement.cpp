// unusual_statement: a statement such as this user has not sent before. Applications send few kinds of
// statements, over and over; when they have been watched for a while, a new one is news. Only what was
// permitted is learned, so that an attack that is refused never becomes familiar.
//
// Statements are alike when they differ in constants, blanks, comments, letter case of words and the lengths
// of lists of constants alone.
#include <algorithm>
#include <string>
#include <vector>

#include "policy/value/builder.h"
#include "policy/value/value.h"
#include "proxy/signals/aging_map.h"
#include "proxy/signals/list.h"
#include "sql/lexer.h"

namespace signalbox::proxy {
namespace {

constexpr std::size_t kMostUsers = 256;
constexpr std::size_t kMostPatterns = 1024;  ///< of one user; a user with more has no habits
constexpr std::uint64_t kLearning = 1000;    ///< statements before anything is unusual
constexpr std::size_t kLongestText = 64 * 1024;

bool is_constant(const sql::Token& token) {
  if (token.kind == sql::TokenKind::String) return !token.text.starts_with('$');  // $$ holds code
  return token.kind == sql::TokenKind::Number || token.kind == sql::TokenKind::Parameter;
}

/// Equal for statements that are alike.
std::uint64_t pattern_of(std::string_view text) {
  std::string pattern;
  sql::Lexer lexer(text.substr(0, kLongestText), true);
  for (sql::Token token; lexer.next(token);) {
    if (token.kind == sql::TokenKind::Blank || token.kind == sql::TokenKind::LineComment ||
        token.kind == sql::TokenKind::BlockComment)
      continue;
    if (is_constant(token)) {
      if (pattern.ends_with("? , ")) {
        pattern.resize(pattern.size() - 2);  // one more of a list
      } else {
        pattern += "? ";
      }
      continue;
    }
    const bool word = token.kind == sql::TokenKind::Identifier;
    for (const char c : token.text) pattern += word && c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    pattern += ' ';
  }
  return policy::hash(pattern);
}

struct Habits {
  std::uint64_t statements = 0;
  std::vector<std::uint64_t> patterns;  ///< sorted

  bool knows(std::uint64_t pattern) const { return std::ranges::binary_search(patterns, pattern); }
  void learn(std::uint64_t pattern) {
    ++statements;
    const auto at = std::ranges::lower_bound(patterns, pattern);
    const bool known = at != patterns.end() && *at == pattern;
    if (!known && patterns.size() < kMostPatterns) patterns.insert(at, pattern);
  }
};

class Memory final : public DetectorMemory {
 public:
  void see(Sight, const Event& event) override {
    if (event.session != nullptr && event.query != nullptr)
      users_.at(event.session->user).learn(pattern_of(event.query->text));
  }

  policy::Value signal(const Event& event, policy::Arena& arena) const override {
    if (event.session == nullptr || event.query == nullptr) return policy::Value::undefined();
    const Habits* habits = users_.find(event.session->user);
    if (habits == nullptr || habits->statements < kLearning || habits->patterns.size() >= kMostPatterns ||
        habits->knows(pattern_of(event.query->text)))
      return policy::Value::undefined();
    policy::ObjectBuilder object(arena);
    object.add("value", policy::kTrue);
    object.add("statements", policy::Value::integer(static_cast<std::int64_t>(habits->statements)));
    object.add("patterns", policy::Value::integer(static_cast<std::int64_t>(habits->patterns.size())));
    return object.finish();
  }

 private:
  AgingMap<Habits> users_{kMostUsers};
};

}  // namespace

extern const Detector kUnusualStatement;
const Detector kUnusualStatement{
    .name = "unusual_statement",
    .path = "signals.unusual_statement",
    .summary = "The user has not sent a statement like this before.",
    .raised =
        "with a statement unlike all that were permitted before, once 1,000 statements of the user have been "
        "seen. "
        "A user who has sent more than 1,024 different ones has no habits, and never raises it",
    .schema = R"({
  "type": "object",
  "properties": {
    "value": {"type": "boolean", "description": "true"},
    "statements": {"type": "integer", "description": "statements of the user seen so far"},
    "patterns": {"type": "integer", "description": "how many different ones there were among them"}
  }
})",
    .depends_on = DependsOn::Moment,
    .signal = [](const EventView& view,
                 policy::Arena& arena) { return remembered(kUnusualStatement, view, arena); },
    .sights = {Sight::Permitted},
    .memory = []() -> std::unique_ptr<DetectorMemory> { return std::make_unique<Memory>(); },
    .bounds = "256 users with 1,024 patterns of 8 bytes each: 2 MiB at most"};

}  // namespace signalbox::proxy
