// What both GraphQL parsers stand on: one token of look-ahead, comments gathered on the way, the first
// complaint kept, and the grammar that queries and schemas share (types, values, arguments, directives).
#pragma once

#include <functional>
#include <optional>

#include "policy/builtins/graphql/parser.h"
#include "policy/value/builder.h"

namespace signalbox::policy::graphql {

/// An object under construction; members that are empty collections are left out.
class Node {
 public:
  Node(Arena& arena, Position at) : arena_(arena), members_(arena) {
    const Value position[] = {Value::integer(at.line), Value::integer(at.column)};
    members_.add("Position", make_array(arena, position));
  }
  Node& put(std::string_view name, Value value) {
    bool empty = !value || value.is_null() || ((value.is_array() || value.is_object()) && value.size() == 0);
    if (!empty) members_.add(name, value);
    return *this;
  }
  Node& text(std::string_view name, std::string_view value) { return put(name, copy_string(arena_, value)); }
  Value finish() { return members_.finish(); }

 private:
  Arena& arena_;
  ObjectBuilder members_;
};

class Reader {
 public:
  Reader(Arena& arena, std::string_view text) : arena_(arena), lexer_(text) {}

  const std::optional<Complaint>& complaint() const { return complaint_; }

 protected:
  using Kind = Token::Kind;

  const Token& peek();
  Token next();
  Token expect(Kind kind);
  void expect_keyword(std::string_view word);
  bool skip(Kind kind);
  bool at(Kind kind) { return peek().kind == kind; }
  bool failed() const { return complaint_.has_value(); }
  void complain(const Token& token, std::string message);
  void unexpected(const Token& token) { complain(token, "Unexpected " + describe(token)); }
  void unexpected() { unexpected(peek()); }
  Position position() { return peek().at; }
  Value comment() const { return comment_; }

  /// One or more items between two tokens; nothing when the first is absent. `end_comment` is the comment
  /// before the last.
  Value some(Kind open, Kind close, const std::function<Value()>& item, Value* end_comment = nullptr);
  Value many(Kind open, Kind close, const std::function<Value()>& item);

  std::string name() { return expect(Kind::Name).value; }
  std::string variable();
  std::string operation_type();
  Value type_reference();
  Value value_literal(bool constant);
  Value arguments(bool constant);
  Value directives(bool constant);

  Arena& arena_;

 private:
  Value literal_list(bool constant);
  Value literal_object(bool constant);
  void gather_comments();

  static constexpr int kMaxDepth = 200;
  Lexer lexer_;
  Token token_, previous_;
  bool peeked_ = false;
  int depth_ = 0;
  Value comment_;
  std::optional<Complaint> complaint_;
};

}  // namespace signalbox::policy::graphql
