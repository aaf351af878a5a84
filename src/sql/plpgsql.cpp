// One pass over the tokens. At the beginning of a statement its first word says what it is and which word or
// semicolon ends each of its expressions.
//
// Surprise: blocks need no tree. Only WHEN means two things, a condition of EXCEPTION or a branch of CASE, so
// a stack of what is open is all that is kept.
#include "sql/plpgsql.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>

#include "sql/lexer.h"

namespace signalbox::sql {
namespace {

constexpr std::size_t kMostStatements = 10'000;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// A token that is no blank and no comment.
struct Word {
  TokenKind kind;
  std::size_t begin, end;
  std::string folded = {};  ///< of an identifier: as PostgreSQL folds it; of an operator: itself
};

std::string name_of(std::string_view quoted) {
  std::string out;
  for (std::size_t i = quoted.find('"') + 1; i + 1 < quoted.size(); ++i) {
    out += quoted[i];
    if (quoted[i] == '"') ++i;
  }
  return out;
}

class Reader {
 public:
  Reader(std::string_view text, bool standard) : text_(text) {
    Lexer lexer(text, standard);
    std::size_t at = 0;
    for (Token token; lexer.next(token); at += token.text.size()) {
      if (token.kind == TokenKind::Blank || token.kind == TokenKind::LineComment ||
          token.kind == TokenKind::BlockComment)
        continue;
      Word word{token.kind, at, at + token.text.size()};
      if (token.kind == TokenKind::Invalid) out_.opaque = true;
      if (token.kind == TokenKind::Identifier || token.kind == TokenKind::Operator)
        for (const char c : token.text) word.folded += lower(c);
      if (token.kind == TokenKind::QuotedIdentifier) word.folded = name_of(token.text);
      words_.push_back(std::move(word));
    }
  }

  ProceduralBody read() {
    out_.variables = {"found", "sqlstate", "sqlerrm", "new", "old", "tg_op"};
    while (at_ < words_.size() && !out_.opaque_for_good()) statement();
    if (!open_.empty()) out_.opaque = true;
    return std::move(static_cast<ProceduralBody&>(out_));
  }

 private:
  struct Out : ProceduralBody {
    bool opaque_for_good() const { return statements.size() > kMostStatements; }
  };

  bool is(std::size_t i, std::string_view word) const {
    return i < words_.size() && words_[i].kind == TokenKind::Identifier && words_[i].folded == word;
  }
  bool is_operator(std::size_t i, char c) const {
    return i < words_.size() && words_[i].kind == TokenKind::Operator && text_[words_[i].begin] == c;
  }
  bool is_name(std::size_t i) const {
    return i < words_.size() &&
           (words_[i].kind == TokenKind::Identifier || words_[i].kind == TokenKind::QuotedIdentifier);
  }
  bool accept(std::string_view word) {
    if (!is(at_, word)) return false;
    ++at_;
    return true;
  }
  std::size_t begin_of(std::size_t i) const { return i < words_.size() ? words_[i].begin : text_.size(); }
  std::string_view between(std::size_t from, std::size_t to) const {
    return from < to ? text_.substr(begin_of(from), words_[to - 1].end - begin_of(from)) : std::string_view{};
  }
  void give_up() { out_.opaque = true; }

  /// The first of these words, or the semicolon, outside of parentheses and of CASE ... END; the end
  /// otherwise.
  std::size_t until(std::size_t from, std::initializer_list<std::string_view> words) const {
    int depth = 0, cases = 0;
    for (std::size_t i = from; i < words_.size(); ++i) {
      if (is_operator(i, '(') || is_operator(i, '[')) ++depth;
      if (is_operator(i, ')') || is_operator(i, ']')) --depth;
      if (depth > 0) continue;
      if (cases == 0 && is_operator(i, ';')) return i;
      if (words_[i].kind != TokenKind::Identifier) continue;
      if (cases == 0 && std::ranges::find(words, words_[i].folded) != words.end()) return i;
      if (words_[i].folded == "case") ++cases;
      if (words_[i].folded == "end" && cases > 0) --cases;
    }
    return words_.size();
  }

  void add(std::string statement) {
    if (out_.opaque_for_good()) return give_up();
    out_.statements.push_back(std::move(statement));
  }
  void expression(std::size_t from, std::size_t to) {
    if (from < to) add("SELECT " + std::string(between(from, to)));
  }
  /// An expression from here to one of the words, which is passed over.
  void expression_until(std::initializer_list<std::string_view> words) {
    const std::size_t end = until(at_, words);
    if (end == words_.size() || is_operator(end, ';')) give_up();
    expression(at_, end);
    at_ = std::min(end + 1, words_.size());
  }
  void to_semicolon() { at_ = std::min(until(at_, {}) + 1, words_.size()); }
  std::size_t end_of_statement() const { return until(at_, {}); }

  void variable(std::size_t i) {
    if (is_name(i)) out_.variables.push_back(words_[i].folded);
  }

  void statement();
  bool control();
  bool simple();
  void declarations();
  void declaration();
  void loop_over();
  void for_loop();
  void when();
  void end();
  void returned();
  void raised();
  void dynamic(std::size_t to);
  void opened();
  bool assignment();
  void query(std::size_t from, std::size_t to);
  std::size_t behind_targets(std::size_t i);
  std::optional<std::string> constant(std::size_t from, std::size_t to) const;

  std::string_view text_;
  std::vector<Word> words_;
  std::size_t at_ = 0;
  std::string open_;  ///< b: block, h: block in its handlers, i: if, c: case, l: loop
  Out out_;
};

void Reader::statement() {
  if (is_operator(at_, ';')) return void(++at_);
  if (is_operator(at_, '#')) {  // #option, #variable_conflict use_column: a line of its own, in front of all
    const std::size_t line = std::min(text_.find('\n', begin_of(at_)), text_.size());
    while (at_ < words_.size() && begin_of(at_) < line) ++at_;
    return;
  }
  if (is_operator(at_, '<')) {  // <<label>>
    variable(at_ + 1);
    at_ += 3;
    return;
  }
  if (words_[at_].kind == TokenKind::Identifier && control()) return;
  if (open_.empty()) {  // outside of every block: nothing that PL/pgSQL has
    give_up();
    at_ = words_.size();
    return;
  }
  if (assignment() || (words_[at_].kind == TokenKind::Identifier && simple())) return;
  const std::size_t end = end_of_statement();
  query(at_, end);
  at_ = std::min(end + 1, words_.size());
}

/// Blocks, branches and loops.
bool Reader::control() {
  const std::string& word = words_[at_].folded;
  if (word == "declare") return ++at_, declarations(), true;
  if (word == "begin") return ++at_, open_ += 'b', true;
  if (open_.empty()) return false;
  if (word == "exception") return ++at_, open_.back() = 'h', true;
  if (word == "when") return ++at_, when(), true;
  if (word == "if") return ++at_, open_ += 'i', expression_until({"then"}), true;
  if (word == "elsif" || word == "elseif") return ++at_, expression_until({"then"}), true;
  if (word == "else") return ++at_, true;
  if (word == "loop") return ++at_, open_ += 'l', true;
  if (word == "while") return ++at_, open_ += 'l', expression_until({"loop"}), true;
  if (word == "for" || word == "foreach") return loop_over(), true;
  if (word == "end") return ++at_, end(), true;
  if (word != "case") return false;
  ++at_;
  open_ += 'c';
  const std::size_t branch = until(at_, {"when"});
  expression(at_, branch);
  at_ = branch;
  return true;
}

void Reader::declarations() {
  while (at_ < words_.size() && !is(at_, "begin")) declaration();
}

/// name [CONSTANT] type [NOT NULL] [DEFAULT | := | = expression]; name CURSOR [(arguments)] FOR query; name
/// ALIAS FOR another.
void Reader::declaration() {
  if (is(at_, "declare")) return void(++at_);
  if (is_operator(at_, '<')) return void((variable(at_ + 1), at_ += 3));
  if (!is_name(at_) && words_[at_].kind != TokenKind::Parameter) give_up();
  variable(at_);
  const std::size_t end = end_of_statement();
  const bool cursor = is(at_ + 1, "cursor") || is(at_ + 2, "cursor") || is(at_ + 3, "cursor");
  if (cursor) {
    const std::size_t query_at = std::min(until(at_, {"for", "is"}), end);
    for (std::size_t i = at_; i < query_at; ++i) variable(i);
    query(query_at + 1, end);
  } else if (!is(at_ + 1, "alias")) {
    std::size_t i = at_ + 1;
    while (i < end && !is(i, "default") && !is_operator(i, '=')) ++i;
    if (i < end) {
      if (is(i, "default"))
        expression(i + 1, end);
      else
        add("SELECT " + std::string(text_.substr(begin_of(i) + 1, words_[end - 1].end - begin_of(i) - 1)));
    }
  }
  at_ = std::min(end + 1, words_.size());
}

/// FOREACH x [SLICE n] IN ARRAY expression LOOP; FOR a [, b ...] IN ... LOOP.
void Reader::loop_over() {
  const bool each = is(at_++, "foreach");
  const std::size_t in = until(at_, {"in"});
  for (std::size_t i = at_; i < in; ++i) variable(i);
  at_ = in + 1;
  open_ += 'l';
  if (in >= words_.size()) return give_up();
  if (each) {
    if (!accept("array")) give_up();
    return expression_until({"loop"});
  }
  for_loop();
}

void Reader::for_loop() {
  const std::size_t end = until(at_, {"loop"});
  if (end == words_.size() || is_operator(end, ';')) give_up();
  const bool reverse = accept("reverse");
  std::size_t range = at_;  // "1..10" has the tokens 1, ., .10
  while (range < end && !(range + 1 < words_.size() && is_operator(range, '.') &&
                          begin_of(range + 1) == begin_of(range) + 1 && text_[begin_of(range + 1)] == '.'))
    ++range;
  if (is(at_, "execute")) {
    ++at_;
    dynamic(end);
  } else if (range < end) {
    expression(at_, range);
    const std::size_t by = std::min(until(range + 1, {"by"}), end);
    const std::size_t upper = begin_of(range) + 2;
    add("SELECT " + std::string(text_.substr(upper, words_[by - 1].end - upper)));
    expression(by + 1, end);
  } else if (reverse) {
    give_up();
  } else if (end == at_ + 1 && is_name(at_)) {
    // a bound cursor, whose query stands where it is declared
  } else if (is_name(at_) && is_operator(at_ + 1, '(') && !is(at_, "values")) {
    expression(at_ + 1, end);  // a bound cursor with arguments
  } else {
    query(at_, end);
  }
  at_ = std::min(end + 1, words_.size());
}

void Reader::when() {
  if (open_.back() == 'h') {
    at_ = std::min(until(at_, {"then"}) + 1, words_.size());
  } else if (open_.back() == 'c') {
    expression_until({"then"});
  } else {
    give_up();
  }
}

void Reader::end() {
  const char closes = accept("if") ? 'i' : accept("loop") ? 'l' : accept("case") ? 'c' : 'b';
  const char last = open_.back() == 'h' ? 'b' : open_.back();
  if (last != closes) give_up();
  open_.pop_back();
  to_semicolon();
}

/// Statements that are PL/pgSQL's own and no blocks.
bool Reader::simple() {
  const std::string word = words_[at_].folded;
  const std::size_t end = end_of_statement();
  const auto done = [&] {
    at_ = std::min(end + 1, words_.size());
    return true;
  };
  if (word == "null" || word == "get" || word == "close") return done();
  if ((word == "fetch" || word == "move") || word == "commit" || word == "rollback") return done();
  if (word == "exit" || word == "continue") {
    const std::size_t condition = until(at_, {"when"});
    if (condition < end) expression(condition + 1, end);
    return done();
  }
  if (word == "perform") return expression(at_ + 1, end), done();
  if (word == "assert") return expression(at_ + 1, end), done();
  if (word == "return") return ++at_, returned(), done();
  if (word == "raise") return ++at_, raised(), done();
  if (word == "execute") return ++at_, dynamic(end), done();
  if (word == "open") return ++at_, opened(), done();
  return false;
}

void Reader::returned() {
  const std::size_t end = end_of_statement();
  if (accept("query")) {
    if (accept("execute")) return dynamic(end);
    return query(at_, end);
  }
  accept("next");
  expression(at_, end);
}

/// RAISE [level] 'format', expression, ... [USING option = expression, ...]: the expressions.
void Reader::raised() {
  const std::size_t end = end_of_statement();
  const std::size_t options = std::min(until(at_, {"using"}), end);
  std::size_t i = at_;
  while (i < options && words_[i].kind != TokenKind::String) ++i;
  if (i + 1 < options && is_operator(i + 1, ',')) expression(i + 2, options);
  for (i = options + 1; i < end;) {
    while (i < end && !is_operator(i, '=')) ++i;
    const std::size_t from = i + 1;
    int depth = 0;
    for (++i; i < end && (depth > 0 || !is_operator(i, ',')); ++i)
      depth += is_operator(i, '(') ? 1 : is_operator(i, ')') ? -1 : 0;
    expression(from, i);
  }
}

/// The text of one constant without escapes: what EXECUTE runs is then known.
std::optional<std::string> Reader::constant(std::size_t from, std::size_t to) const {
  if (to != from + 1 || words_[from].kind != TokenKind::String) return std::nullopt;
  const std::string_view text = between(from, to);
  std::string out;
  if (text.front() == '$') {
    const std::size_t tag = text.find('$', 1) + 1;
    return std::string(text.substr(tag, text.size() - 2 * tag));
  }
  if (text.front() != '\'' || text.contains('\\')) return std::nullopt;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    out += text[i];
    if (text[i] != '\'') continue;
    if (text[++i] != '\'') return std::nullopt;  // it goes on in another line
  }
  return out;
}

/// EXECUTE expression [INTO targets] [USING expressions], also behind FOR, RETURN QUERY and OPEN.
void Reader::dynamic(std::size_t to) {
  const std::size_t text_end = std::min(until(at_, {"into", "using"}), to);
  if (const auto known = constant(at_, text_end)) {
    add(*known);
  } else {
    give_up();
    expression(at_, text_end);
  }
  const std::size_t values = std::min(until(text_end, {"using"}), to);
  const std::size_t values_end = std::min(until(values + 1, {"into"}), to);
  expression(values + 1, values_end);
  at_ = to;
}

/// OPEN c [[NO] SCROLL] FOR query, OPEN c FOR EXECUTE ..., OPEN c(arguments).
void Reader::opened() {
  const std::size_t end = end_of_statement();
  const std::size_t query_at = until(at_, {"for"});
  if (query_at >= end) {
    if (is_operator(at_ + 1, '(')) expression(at_ + 1, end);
    return;
  }
  at_ = query_at + 1;
  if (accept("execute")) return dynamic(end);
  query(at_, end);
}

/// name[.field | [subscript]]... := expression
bool Reader::assignment() {
  if (!is_name(at_) && words_[at_].kind != TokenKind::Parameter) return false;
  std::size_t i = at_ + 1;
  for (int depth = 0; i < words_.size(); ++i) {
    if (is_operator(i, '[')) ++depth;
    if (is_operator(i, ']'))
      --depth;
    else if (depth == 0 && !is_operator(i, '[') && !is_operator(i, '.') &&
             !(is_operator(i - 1, '.') && is_name(i)))
      break;
  }
  if (is_operator(i, ':')) ++i;
  if (!is_operator(i, '=')) return false;
  const std::size_t end = end_of_statement();
  expression(at_ + 1 < i && is_operator(at_ + 1, '[') ? at_ : end, i - (is_operator(i - 1, ':') ? 1 : 0));
  if (i + 1 <= end)
    add("SELECT " + std::string(text_.substr(begin_of(i) + 1, words_[end - 1].end - begin_of(i) - 1)));
  at_ = std::min(end + 1, words_.size());
  return true;
}

/// SQL, without the INTO that says where its result goes.
void Reader::query(std::size_t from, std::size_t to) {
  if (from >= to) return give_up();
  for (std::size_t i = from; i < to; ++i) {
    if (is(from, "create") && is(i, "begin"))
      return give_up();  // BEGIN ATOMIC ... END has semicolons of its own
    const bool of_sql = i > from && (is(i - 1, "insert") || is(i - 1, "merge") || is(from, "import"));
    if (!is(i, "into") || of_sql) continue;
    const std::size_t behind = behind_targets(i + 1);
    if (behind > to) return give_up();
    return add(std::string(between(from, i)) + " " + std::string(between(behind, to)));
  }
  add(std::string(between(from, to)));
}

/// Behind [STRICT] name[.field | [subscript]]... , ...
std::size_t Reader::behind_targets(std::size_t i) {
  if (is(i, "strict")) ++i;
  for (;; ++i) {
    if (!is_name(i) && !(i < words_.size() && words_[i].kind == TokenKind::Parameter))
      return words_.size() + 1;
    ++i;
    while (is_operator(i, '.') || is_operator(i, '[')) {
      if (is_operator(i, '.')) {
        i += 2;
      } else {
        while (i < words_.size() && !is_operator(i, ']')) ++i;
        ++i;
      }
    }
    if (!is_operator(i, ',')) return i;
  }
}

}  // namespace

ProceduralBody read_plpgsql(std::string_view body, bool standard_conforming_strings) {
  return Reader(body, standard_conforming_strings).read();
}

}  // namespace signalbox::sql
