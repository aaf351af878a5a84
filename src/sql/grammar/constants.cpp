// Folding of constants, for those who ask whether a condition says anything. The surprise: casts of what has
// been computed are passed over, because only equality of like with like is asked for afterwards.
#include "sql/grammar/constants.h"

#include <algorithm>
#include <array>

#include "sql/grammar/walker.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

constexpr int kMaxDepth = 16;
constexpr std::size_t kLongest = 1000;

using Constant = std::optional<Literal>;

std::string_view called(const Node* node) {
  return node != nullptr && IsA(node, FuncCall) ? system_name_in(as<FuncCall>(node)->funcname).name
                                                : std::string_view{};
}

Constant fold(const Node* node, int depth);

Constant arithmetic(std::int64_t a, std::string_view op, std::int64_t b) {
  std::int64_t out = 0;
  if (op == "+" && !__builtin_add_overflow(a, b, &out)) return Literal::of(out);
  if (op == "-" && !__builtin_sub_overflow(a, b, &out)) return Literal::of(out);
  if (op == "*" && !__builtin_mul_overflow(a, b, &out)) return Literal::of(out);
  if (b <= 0) return std::nullopt;
  return op == "/" ? Constant(Literal::of(a / b)) : op == "%" ? Constant(Literal::of(a % b)) : std::nullopt;
}

Constant operation(const A_Expr* expression, int depth) {
  if (expression->kind != AEXPR_OP || size_of(expression->name) != 1) return std::nullopt;
  const std::string_view op = name_in(expression->name).name;
  const Constant right = fold(expression->rexpr, depth);
  if (!right) return std::nullopt;
  const bool whole = right->kind == Literal::Kind::Integer;
  if (expression->lexpr == nullptr) return whole ? arithmetic(0, op, right->integer) : std::nullopt;
  const Constant left = fold(expression->lexpr, depth);
  if (!left) return std::nullopt;
  if (whole && left->kind == Literal::Kind::Integer) return arithmetic(left->integer, op, right->integer);
  const bool texts = left->kind == Literal::Kind::String && right->kind == Literal::Kind::String;
  if (op != "||" || !texts || left->text.size() + right->text.size() > kLongest) return std::nullopt;
  return Literal::string(left->text + right->text);
}

Constant of_text(std::string_view function, std::string text) {
  const bool ascii = std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!ascii) return std::nullopt;
  const auto change = [&](char from, char to, int by) {
    for (char& c : text)
      if (c >= from && c <= to) c = static_cast<char>(c + by);
    return Literal::string(text);
  };
  if (function == "length" || function == "char_length" || function == "character_length" ||
      function == "octet_length")
    return Literal::of(static_cast<std::int64_t>(text.size()));
  if (function == "ascii") return Literal::of(std::int64_t{text.empty() ? 0 : text.front()});
  if (function == "lower") return change('A', 'Z', 'a' - 'A');
  if (function == "upper") return change('a', 'z', 'A' - 'a');
  return std::nullopt;
}

Constant call(const FuncCall* call, int depth) {
  if (size_of(call->args) != 1) return std::nullopt;
  const std::string_view name = called(as<Node>(call));
  const Constant argument = fold(nth(call->args, 0), depth);
  if (!argument) return std::nullopt;
  if (argument->kind == Literal::Kind::String) return of_text(name, argument->text);
  if (argument->kind != Literal::Kind::Integer) return std::nullopt;
  if (name == "chr" && argument->integer > 0 && argument->integer < 0x80)
    return Literal::string(std::string(1, static_cast<char>(argument->integer)));
  const bool abs = name == "abs" && argument->integer > INT64_MIN;
  return abs ? Constant(Literal::of(std::max(argument->integer, -argument->integer))) : std::nullopt;
}

Constant coalesce(const CoalesceExpr* expression, int depth) {
  for (const ListCell& cell : Cells(expression->args)) {
    const Constant value = fold(in(cell), depth);
    if (!value || value->kind != Literal::Kind::Null) return value;
  }
  return std::nullopt;
}

/// (SELECT 1)
Constant sub_select(const SubLink* link, int depth) {
  if (link->subLinkType != EXPR_SUBLINK || !IsA(link->subselect, SelectStmt)) return std::nullopt;
  const auto* select = as<SelectStmt>(link->subselect);
  if (select->op != SETOP_NONE || select->fromClause != nullptr || select->whereClause != nullptr ||
      select->havingClause != nullptr || select->limitCount != nullptr || select->limitOffset != nullptr ||
      select->valuesLists != nullptr || size_of(select->targetList) != 1)
    return std::nullopt;
  return fold(nth<ResTarget>(select->targetList, 0)->val, depth);
}

Constant fold(const Node* node, int depth) {
  if (node == nullptr || depth > kMaxDepth) return std::nullopt;
  if (Constant literal = literal_of(node)) {
    return literal->kind == Literal::Kind::Parameter ? std::nullopt : literal;
  }
  switch (nodeTag(node)) {
    case T_TypeCast: return fold(as<TypeCast>(node)->arg, depth + 1);
    case T_A_Expr: return operation(as<A_Expr>(node), depth + 1);
    case T_FuncCall: return call(as<FuncCall>(node), depth + 1);
    case T_CoalesceExpr: return coalesce(as<CoalesceExpr>(node), depth + 1);
    case T_SubLink: return sub_select(as<SubLink>(node), depth + 1);
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Literal> constant_of(const Node* node) {
  return fold(node, 0);
}

bool is_never_null(const Node* node) {
  static constexpr auto kFunctions = std::to_array<std::string_view>(
      {"clock_timestamp", "current_database", "gen_random_uuid", "now", "pg_backend_pid", "pg_typeof", "pi",
       "random", "statement_timestamp", "timeofday", "transaction_timestamp", "txid_current", "version"});
  if (IsA(node, SQLValueFunction)) return as<SQLValueFunction>(node)->op != SVFOP_CURRENT_SCHEMA;
  return std::ranges::find(kFunctions, called(node)) != kFunctions.end();
}

const Node* without_neutral(const Node* node) {
  if (node == nullptr || !IsA(node, A_Expr)) return node;
  const auto* expression = as<A_Expr>(node);
  if (expression->kind != AEXPR_OP || expression->lexpr == nullptr || size_of(expression->name) != 1)
    return node;
  const std::string_view op = name_in(expression->name).name;
  const Literal neutral = op == "||"               ? Literal::string("")
                          : op == "*" || op == "/" ? Literal::of(std::int64_t{1})
                          : op == "+" || op == "-" ? Literal::of(std::int64_t{0})
                                                   : Literal::unknown();
  if (neutral.kind == Literal::Kind::Unknown) return node;
  if (literal_of(expression->rexpr) == neutral) return expression->lexpr;
  const bool either = op == "||" || op == "*" || op == "+";
  return either && literal_of(expression->lexpr) == neutral ? expression->rexpr : node;
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
