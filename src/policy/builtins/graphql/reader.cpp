// Shared GraphQL grammar. After the first complaint every read returns the last token, so the parsers run out
// quickly.
#include "policy/builtins/graphql/reader.h"

namespace signalbox::policy::graphql {

void Reader::complain(const Token& token, std::string message) {
  if (!complaint_) complaint_ = Complaint{std::move(message), token.at};
}

void Reader::gather_comments() {
  ArrayBuilder list(arena_);
  while (token_.kind == Kind::Comment) {
    list.add(Node(arena_, token_.at).text("Value", token_.value).finish());
    token_ = lexer_.next();
  }
  if (list.size() > 0) comment_ = Node(arena_, token_.at).put("List", list.finish()).finish();
}

const Token& Reader::peek() {
  if (failed()) return previous_;
  if (!peeked_) {
    token_ = lexer_.next();
    peeked_ = true;
    gather_comments();
  }
  return token_;
}

Token Reader::next() {
  if (failed()) return previous_;
  peek();
  peeked_ = false;
  comment_ = {};
  previous_ = token_;
  if (previous_.kind == Kind::Invalid) complain(previous_, previous_.complaint);
  return previous_;
}

Token Reader::expect(Kind kind) {
  const Token& token = peek();
  if (token.kind == kind) return next();
  complain(token, "Expected " + std::string(text_of(kind)) + ", found " + std::string(text_of(token.kind)));
  return token;
}

void Reader::expect_keyword(std::string_view word) {
  const Token& token = peek();
  if (token.kind == Kind::Name && token.value == word)
    next();
  else
    complain(token, "Expected \"" + std::string(word) + "\", found " + describe(token));
}

bool Reader::skip(Kind kind) {
  if (failed() || peek().kind != kind) return false;
  next();
  return true;
}

Value Reader::some(Kind open, Kind close, const std::function<Value()>& item, Value* end_comment) {
  if (!skip(open)) return {};
  ArrayBuilder items(arena_);
  if (++depth_ > kMaxDepth) complain(peek(), "document is nested too deeply");
  while (!failed() && !at(close)) items.add(item());
  --depth_;
  if (!failed() && items.size() == 0)
    complain(peek(), "expected at least one definition, found " + std::string(text_of(peek().kind)));
  if (end_comment != nullptr) *end_comment = comment();
  next();
  return items.finish();
}

Value Reader::many(Kind open, Kind close, const std::function<Value()>& item) {
  if (!skip(open)) return {};
  ArrayBuilder items(arena_);
  if (++depth_ > kMaxDepth) complain(peek(), "document is nested too deeply");
  while (!failed() && !at(close)) items.add(item());
  --depth_;
  next();
  return items.finish();
}

std::string Reader::variable() {
  expect(Kind::Dollar);
  return name();
}

std::string Reader::operation_type() {
  Token token = next();
  if (token.value == "query" || token.value == "mutation" || token.value == "subscription")
    return token.value;
  unexpected(token);
  return {};
}

Value Reader::type_reference() {
  Value element;
  std::string named;
  if (++depth_ > kMaxDepth) complain(peek(), "document is nested too deeply");
  bool list = skip(Kind::BracketL);
  Position start = position();
  if (list) {
    element = type_reference();
    expect(Kind::BracketR);
  } else {
    named = name();
  }
  --depth_;
  bool non_null = skip(Kind::Bang);
  return Node(arena_, start)
      .text("NamedType", named)
      .put("Elem", element)
      .put("NonNull", Value::boolean(non_null))
      .finish();
}

namespace {
enum ValueKind { Variable, Int, Float, String, Block, Boolean, Null, Enum, List, ObjectLiteral };

Value literal(Node node, std::string_view raw, ValueKind kind, Value children, Value comment) {
  return node.text("Raw", raw)
      .put("Children", children)
      .put("Kind", Value::integer(kind))
      .put("Comment", comment)
      .put("ExpectedTypeHasDefault", kFalse)
      .finish();
}
}  // namespace

Value Reader::value_literal(bool constant) {
  const Token token = peek();
  Value before = comment();
  ValueKind kind = Enum;
  switch (token.kind) {
    case Kind::BracketL: return literal_list(constant);
    case Kind::BraceL: return literal_object(constant);
    case Kind::Dollar: {
      if (constant) return unexpected(), Value();
      std::string name = variable();
      return literal(Node(arena_, token.at), name, Variable, {}, before);
    }
    case Kind::Int: kind = Int; break;
    case Kind::Float: kind = Float; break;
    case Kind::String: kind = String; break;
    case Kind::BlockString: kind = Block; break;
    case Kind::Name:
      if (token.value == "true" || token.value == "false") kind = Boolean;
      if (token.value == "null") kind = Null;
      break;
    default: return unexpected(), Value();
  }
  next();
  return literal(Node(arena_, token.at), token.value, kind, {}, before);
}

Value Reader::literal_list(bool constant) {
  Position start = position();
  Value before = comment();
  Value children = many(Kind::BracketL, Kind::BracketR, [&] {
    Position at = position();
    Value value = value_literal(constant);
    return Node(arena_, at).text("Name", "").put("Value", value).finish();
  });
  return literal(Node(arena_, start), "", List, children, before);
}

Value Reader::literal_object(bool constant) {
  Position start = position();
  Value before = comment();
  Value children = many(Kind::BraceL, Kind::BraceR, [&] {
    Position at = position();
    Value field_comment = comment();
    std::string field = name();
    expect(Kind::Colon);
    Value value = value_literal(constant);
    return Node(arena_, at).text("Name", field).put("Value", value).put("Comment", field_comment).finish();
  });
  return literal(Node(arena_, start), "", ObjectLiteral, children, before);
}

Value Reader::arguments(bool constant) {
  return some(Kind::ParenL, Kind::ParenR, [&] {
    Position start = position();
    Value before = comment();
    std::string argument = name();
    expect(Kind::Colon);
    Value value = value_literal(constant);
    return Node(arena_, start).text("Name", argument).put("Value", value).put("Comment", before).finish();
  });
}

Value Reader::directives(bool constant) {
  ArrayBuilder list(arena_);
  while (!failed() && at(Kind::At)) {
    expect(Kind::At);
    Position start = position();
    std::string directive = name();
    Value values = arguments(constant);
    list.add(
        Node(arena_, start).text("Name", directive).put("Arguments", values).text("Location", "").finish());
  }
  return list.finish();
}

Value without_positions(Arena& arena, const Value& tree) {
  if (tree.is_array()) {
    ArrayBuilder out(arena);
    for (const Value& element : tree.as_array()) {
      Value kept = without_positions(arena, element);
      bool empty = kept.is_null() || ((kept.is_array() || kept.is_object()) && kept.size() == 0);
      if (!empty) out.add(kept);
    }
    return out.finish();
  }
  if (!tree.is_object()) return tree;
  ObjectBuilder out(arena);
  for (const Pair& pair : tree.as_object()) {
    if (pair.key.is_string() && pair.key.as_string() == "Position") continue;
    Value kept = without_positions(arena, pair.value);
    bool empty = kept.is_null() || ((kept.is_array() || kept.is_object()) && kept.size() == 0);
    if (!empty) out.add(pair.key, kept);
  }
  return out.finish();
}

}  // namespace signalbox::policy::graphql
