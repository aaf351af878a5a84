// Conditions that hold for every row, as far as their text tells: how a rule against unbounded writes is
// dodged.
//
// Surprise: this is a list of tricks, and a list can be gone around (docs/input.md, "has_where"). Who needs
// to be sure asks for an equality on a key. NULLs are passed over: id > 0 OR id <= 0 counts as always true.
#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "sql/grammar/constants.h"
#include "sql/grammar/walker.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

constexpr int kMaxDepth = 16;
constexpr int kMaxAlternatives = 16;

enum class Truth { False, True, Unknown };

Truth of(bool value) {
  return value ? Truth::True : Truth::False;
}

std::string_view operator_in(const A_Expr* expression) {
  return size_of(expression->name) == 1 ? name_in(expression->name).name : std::string_view{};
}

const Node* column_of(const Node* node) {
  if (node == nullptr || !IsA(node, ColumnRef)) return nullptr;
  const List* fields = as<ColumnRef>(node)->fields;
  return IsA(nth(fields, size_of(fields) - 1), A_Star) ? nullptr : node;
}

/// "id" of t.id.
std::string_view last_name(const Node* column) {
  const List* fields = as<ColumnRef>(column)->fields;
  return string_in(nth(fields, size_of(fields) - 1));
}

/// "t" of t.id.
std::string_view qualifier(const Node* column) {
  const List* fields = as<ColumnRef>(column)->fields;
  return size_of(fields) < 2 ? std::string_view{} : string_in(nth(fields, size_of(fields) - 2));
}

bool same_names(const List* a, const List* b) {
  if (size_of(a) != size_of(b)) return false;
  for (int i = 0; i < size_of(a); ++i)
    if (!IsA(nth(a, i), String) || string_in(nth(a, i)) != string_in(nth(b, i))) return false;
  return true;
}

bool same(const Node* a, const Node* b, int depth = 0);

bool same_lists(const List* a, const List* b, int depth) {
  if (size_of(a) != size_of(b)) return false;
  for (int i = 0; i < size_of(a); ++i)
    if (!same(nth(a, i), nth(b, i), depth + 1)) return false;
  return true;
}

/// The same expression twice.
bool same(const Node* a, const Node* b, int depth) {
  if (a == nullptr || b == nullptr || depth > kMaxDepth || nodeTag(a) != nodeTag(b)) return false;
  switch (nodeTag(a)) {
    case T_ColumnRef:
      return column_of(a) != nullptr && same_names(as<ColumnRef>(a)->fields, as<ColumnRef>(b)->fields);
    case T_ParamRef: return as<ParamRef>(a)->number == as<ParamRef>(b)->number;
    case T_A_Const: return literal_of(a) && literal_of(a) == literal_of(b);
    case T_TypeCast:
      return same_names(as<TypeCast>(a)->typeName->names, as<TypeCast>(b)->typeName->names) &&
             same(as<TypeCast>(a)->arg, as<TypeCast>(b)->arg, depth + 1);
    case T_FuncCall:
      return same_names(as<FuncCall>(a)->funcname, as<FuncCall>(b)->funcname) &&
             same_lists(as<FuncCall>(a)->args, as<FuncCall>(b)->args, depth);
    case T_RowExpr: return same_lists(as<RowExpr>(a)->args, as<RowExpr>(b)->args, depth);
    case T_A_ArrayExpr: return same_lists(as<A_ArrayExpr>(a)->elements, as<A_ArrayExpr>(b)->elements, depth);
    case T_SQLValueFunction: return as<SQLValueFunction>(a)->op == as<SQLValueFunction>(b)->op;
    case T_A_Expr: {
      const auto *left = as<A_Expr>(a), *right = as<A_Expr>(b);
      if (left->kind != AEXPR_OP || right->kind != AEXPR_OP || !same_names(left->name, right->name))
        return false;
      if (left->lexpr == nullptr || right->lexpr == nullptr)
        return left->lexpr == right->lexpr && same(left->rexpr, right->rexpr, depth + 1);
      return same(left->lexpr, right->lexpr, depth + 1) && same(left->rexpr, right->rexpr, depth + 1);
    }
    default: return false;
  }
}

// ---- constants

/// -1, 0, 1; nothing when the text does not tell: texts are ordered by a collation.
std::optional<int> order(const Literal& a, const Literal& b) {
  if (a == b) return 0;
  const auto number = [](const Literal& one) -> std::optional<double> {
    if (one.kind == Literal::Kind::Integer) return static_cast<double>(one.integer);
    double value = 0;
    const auto parsed = std::from_chars(one.text.data(), one.text.data() + one.text.size(), value);
    const bool whole = parsed.ec == std::errc() && parsed.ptr == one.text.data() + one.text.size();
    return one.kind == Literal::Kind::Decimal && whole ? std::optional(value) : std::nullopt;
  };
  const std::optional<double> left = number(a), right = number(b);
  if (!left || !right) return std::nullopt;
  return *left < *right ? -1 : *left > *right ? 1 : 0;
}

Truth compare(const Literal& left, std::string_view op, const Literal& right) {
  if (left.kind == Literal::Kind::Null || left.kind == Literal::Kind::Parameter) return Truth::Unknown;
  if (left.kind == right.kind && op == "=") return of(left == right);
  if (left.kind == right.kind && op == "<>") return of(left != right);
  const std::optional<int> by = order(left, right);
  if (!by) return Truth::Unknown;
  if (op == "=") return of(*by == 0);
  if (op == "<>") return of(*by != 0);
  if (op == "<") return of(*by < 0);
  if (op == ">") return of(*by > 0);
  if (op == "<=") return of(*by <= 0);
  if (op == ">=") return of(*by >= 0);
  return Truth::Unknown;
}

std::string_view mirrored(std::string_view op) {
  constexpr std::array<std::array<std::string_view, 2>, 4> kPairs = {
      {{"<", ">"}, {">", "<"}, {"<=", ">="}, {">=", "<="}}};
  for (const auto& [one, other] : kPairs)
    if (op == one) return other;
  return op;
}

/// What is never negative.
bool is_count(const Node* node) {
  static constexpr auto kCounts =
      std::to_array<std::string_view>({"abs", "bit_length", "cardinality", "char_length", "character_length",
                                       "length", "octet_length", "position", "random", "strpos"});
  return node != nullptr && IsA(node, FuncCall) &&
         std::ranges::find(kCounts, system_name_in(as<FuncCall>(node)->funcname).name) != kCounts.end();
}

/// LIKE '%', ~ '.*'
bool takes_every_text(const A_Expr* expression) {
  const std::optional<Literal> pattern = literal_of(expression->rexpr);
  if (!pattern || pattern->kind != Literal::Kind::String) return false;
  const std::string_view op = operator_in(expression), text = pattern->text;
  if (expression->kind == AEXPR_LIKE || expression->kind == AEXPR_ILIKE)
    return (op == "~~" || op == "~~*") && !text.empty() && text.find_first_not_of('%') == text.npos;
  if (op == "^@") return text.empty();
  return (op == "~" || op == "~*") &&
         (text.empty() || text == ".*" || text == "^" || text == "$" || text == "^.*$" || text == "^.*");
}

// ---- alternatives

/// One side of a constant, on a line of values: what `x <= 7` lets through.
struct Part {
  enum class Kind { None, Below, Above, At, Beside, Null, NotNull };
  Kind kind = Kind::None;
  const Node* of = nullptr;
  Literal bound = {};
  bool inclusive = false;
};

Part part_of(const Node* node) {
  using enum Part::Kind;
  if (IsA(node, NullTest)) {
    const auto* test = as<NullTest>(node);
    return {test->nulltesttype == IS_NULL ? Null : NotNull, as<Node>(test->arg)};
  }
  if (!IsA(node, A_Expr) || as<A_Expr>(node)->kind != AEXPR_OP) return {};
  const auto* expression = as<A_Expr>(node);
  const Node* subject = expression->lexpr;
  std::string_view op = operator_in(expression);
  std::optional<Literal> bound = literal_of(expression->rexpr);
  if (!bound) {
    bound = literal_of(expression->lexpr);
    subject = expression->rexpr;
    op = mirrored(op);
  }
  if (!bound || subject == nullptr || bound->kind == Literal::Kind::Null) return {};
  Part part{.of = subject, .bound = std::move(*bound), .inclusive = op == "<=" || op == ">="};
  if (op == "<" || op == "<=") part.kind = Below;
  if (op == ">" || op == ">=") part.kind = Above;
  if (op == "=") part.kind = At;
  if (op == "<>") part.kind = Beside;
  return part;
}

/// Integers leave nothing between 0 and 1.
bool adjacent(const Literal& below, const Literal& above) {
  return below.kind == Literal::Kind::Integer && above.kind == Literal::Kind::Integer &&
         below.integer + 1 == above.integer;
}

bool holds(const Part& part, const Literal& value) {
  const std::optional<int> by = order(value, part.bound);
  if (!by) return false;
  if (part.kind == Part::Kind::At) return *by == 0;
  if (*by == 0) return part.inclusive;
  return part.kind == Part::Kind::Below ? *by < 0 : part.kind == Part::Kind::Above && *by > 0;
}

/// Every value is in one or in the other.
bool cover(const Part& a, const Part& b) {
  using enum Part::Kind;
  if (a.kind == Null && b.kind == NotNull) return true;
  if (a.kind == Beside && b.kind == Beside) return order(a.bound, b.bound).value_or(0) != 0;
  if (a.kind == Beside) return holds(b, a.bound);
  if (a.kind != Below || b.kind != Above) return false;
  const std::optional<int> by = order(b.bound, a.bound);
  if (!by) return false;
  if (*by == 0) return a.inclusive || b.inclusive;
  return *by < 0 || (a.inclusive && b.inclusive && adjacent(a.bound, b.bound));
}

/// id > 0 OR id <= 0, id IS NULL OR id IS NOT NULL.
bool cover_all(const List* alternatives, bool& integers) {
  if (size_of(alternatives) > kMaxAlternatives) return false;
  std::vector<Part> parts;
  for (const ListCell& cell : Cells(alternatives)) parts.push_back(part_of(in(cell)));
  for (const Part& a : parts) {
    integers = integers || a.bound.kind == Literal::Kind::Integer;
    for (const Part& b : parts)
      if (&a != &b && a.of != nullptr && same(a.of, b.of) && cover(a, b)) return true;
  }
  return false;
}

// ---- the whole

/// Looks at one condition. `aliases`: what the names in front of columns stand for.
class Look {
 public:
  Look(const Relation* target, bool& integers) : integers_(integers) {
    if (target == nullptr) return;
    table_ = target->name;
    for (const Relation* one = target; one != nullptr && aliases_.size() < kMaxAlternatives; one = one->next)
      if (one->is_table() && one->name == table_) aliases_.push_back(one->alias);
  }

  Truth truth(const Node* node, int depth);

 private:
  Truth comparison(const A_Expr* expression, int depth);
  Truth among(const A_Expr* expression, int depth);
  Truth compared(const Node* left, std::string_view op, const Node* right, const A_Expr* expression);
  Truth connected(const BoolExpr* expression, int depth);
  Truth sub_link(const SubLink* link, int depth);
  Truth between(const Node* subject, const List* bounds);
  Truth null_test(const NullTest* test);
  Truth boolean_test(const BooleanTest* test, int depth);
  Truth by_case(const CaseExpr* expression, int depth);
  std::optional<Literal> constant(const Node* node);
  bool is_of_table(const Node* column) const;
  bool meets_itself(const Node* left, const Node* right) const;
  bool takes_all(const SelectStmt* select, int depth);
  bool holds_itself(const Node* column, const Node* query, int depth);

  std::string_view table_;
  std::vector<std::string_view> aliases_;
  bool& integers_;
};

bool Look::is_of_table(const Node* column) const {
  const std::string_view alias = qualifier(column);
  return std::ranges::find(aliases_, alias) != aliases_.end();
}

/// t.id = other.id, where other is t once more: every row meets itself.
bool Look::meets_itself(const Node* left, const Node* right) const {
  return column_of(left) != nullptr && column_of(right) != nullptr && last_name(left) == last_name(right) &&
         qualifier(left) != qualifier(right) && is_of_table(left) && is_of_table(right);
}

/// SELECT of all of the table's rows, or of one row without a FROM.
bool Look::takes_all(const SelectStmt* select, int depth) {
  if (!IsA(select, SelectStmt) || select->op != SETOP_NONE || select->withClause != nullptr ||
      select->groupClause != nullptr || select->havingClause != nullptr || select->limitCount != nullptr ||
      select->limitOffset != nullptr || select->valuesLists != nullptr || size_of(select->fromClause) > 1)
    return false;
  std::string_view alias;
  if (size_of(select->fromClause) == 1) {
    const Node* item = nth(select->fromClause, 0);
    if (!IsA(item, RangeVar) || table_ != text_of(as<RangeVar>(item)->relname)) return false;
    alias = as<RangeVar>(item)->alias == nullptr ? table_ : text_of(as<RangeVar>(item)->alias->aliasname);
  }
  if (select->whereClause == nullptr) return true;
  aliases_.push_back(alias);
  const bool all = truth(select->whereClause, depth + 1) == Truth::True;
  aliases_.pop_back();
  return all;
}

/// id in SELECT id FROM the table.
bool Look::holds_itself(const Node* column, const Node* query, int depth) {
  if (column_of(column) == nullptr || query == nullptr || !IsA(query, SelectStmt)) return false;
  const auto* select = as<SelectStmt>(query);
  if (size_of(select->fromClause) != 1 || size_of(select->targetList) != 1) return false;
  const Node* output = nth<ResTarget>(select->targetList, 0)->val;
  return column_of(output) != nullptr && last_name(output) == last_name(column) && takes_all(select, depth);
}

Truth Look::sub_link(const SubLink* link, int depth) {
  const bool equals = link->operName == nullptr || name_in(link->operName).name == "=";
  if (link->subLinkType == EXISTS_SUBLINK && takes_all(as<SelectStmt>(link->subselect), depth))
    return Truth::True;
  if (link->subLinkType == ANY_SUBLINK && equals && holds_itself(link->testexpr, link->subselect, depth))
    return Truth::True;
  return Truth::Unknown;
}

/// id IN (1, id), id = ANY (ARRAY[id]), id = ANY (ARRAY(SELECT id FROM t))
Truth Look::among(const A_Expr* expression, int depth) {
  const Node *left = expression->lexpr, *right = expression->rexpr;
  if (operator_in(expression) != "=" || right == nullptr) return Truth::Unknown;
  if (IsA(right, SubLink)) {
    const auto* link = as<SubLink>(right);
    const bool array = link->subLinkType == ARRAY_SUBLINK && holds_itself(left, link->subselect, depth);
    return array ? Truth::True : Truth::Unknown;
  }
  const List* choices = IsA(right, List)          ? as<List>(right)
                        : IsA(right, A_ArrayExpr) ? as<A_ArrayExpr>(right)->elements
                                                  : nullptr;
  const Cells cells(choices);
  const bool itself =
      std::any_of(cells.begin(), cells.end(), [&](const ListCell& one) { return same(left, in(one)); });
  return itself ? Truth::True : Truth::Unknown;
}

/// A literal, or what an expression without a row comes to.
std::optional<Literal> Look::constant(const Node* node) {
  if (auto literal = literal_of(node)) return literal;
  auto value = constant_of(node);
  integers_ = integers_ || value.has_value();
  return value;
}

/// id BETWEEN id AND id, 1 BETWEEN 0 AND 2
Truth Look::between(const Node* subject, const List* bounds) {
  const Node *low = nth(bounds, 0), *high = nth(bounds, 1);
  if (same(subject, low) && same(subject, high)) return Truth::True;
  const std::optional<Literal> value = constant(subject), from = constant(low), to = constant(high);
  if (!value || !from || !to) return Truth::Unknown;
  integers_ = true;
  const Truth above = compare(*value, ">=", *from), below = compare(*value, "<=", *to);
  return above == Truth::True ? below : above;
}

/// 1 IS NOT NULL, now() IS NOT NULL
Truth Look::null_test(const NullTest* test) {
  const Node* subject = as<Node>(test->arg);
  const bool wants_null = test->nulltesttype == IS_NULL;
  if (is_never_null(subject)) return of(!wants_null);
  const std::optional<Literal> value = constant(subject);
  if (!value || value->kind == Literal::Kind::Parameter) return Truth::Unknown;
  return of((value->kind == Literal::Kind::Null) == wants_null);
}

/// (1 = 1) IS TRUE. Of what is not known here, IS NOT FALSE tells nothing either.
Truth Look::boolean_test(const BooleanTest* test, int depth) {
  const Truth inner = truth(as<Node>(test->arg), depth + 1);
  if (inner == Truth::Unknown) return inner;
  switch (test->booltesttype) {
    case IS_TRUE:
    case IS_NOT_FALSE: return inner;
    case IS_FALSE:
    case IS_NOT_TRUE: return of(inner == Truth::False);
    case IS_NOT_UNKNOWN: return Truth::True;
    default: return Truth::False;
  }
}

/// True when every branch that can be taken is.
Truth Look::by_case(const CaseExpr* expression, int depth) {
  if (expression->arg != nullptr) return Truth::Unknown;
  for (const ListCell& cell : Cells(expression->args)) {
    const auto* when = in<CaseWhen>(cell);
    const Truth taken = truth(as<Node>(when->expr), depth + 1);
    if (taken == Truth::False) continue;
    const Truth result = truth(as<Node>(when->result), depth + 1);
    if (taken == Truth::True || result != Truth::True) return result == Truth::True ? result : Truth::Unknown;
  }
  const Truth last = truth(as<Node>(expression->defresult), depth + 1);
  return last == Truth::True ? last : Truth::Unknown;
}

Truth Look::comparison(const A_Expr* expression, int depth) {
  const Node *left = expression->lexpr, *right = expression->rexpr;
  switch (expression->kind) {
    case AEXPR_NOT_DISTINCT: return same(left, right) ? Truth::True : Truth::Unknown;
    case AEXPR_BETWEEN:
    case AEXPR_BETWEEN_SYM: return between(left, as<List>(right));
    case AEXPR_IN:
    case AEXPR_OP_ANY: return among(expression, depth);
    case AEXPR_LIKE:
    case AEXPR_ILIKE: return takes_every_text(expression) ? Truth::True : Truth::Unknown;
    case AEXPR_OP: return compared(left, operator_in(expression), right, expression);
    default: return Truth::Unknown;
  }
}

/// Two constants, an expression with itself, or a number that is never negative with one that is.
Truth Look::compared(const Node* left, std::string_view op, const Node* right, const A_Expr* expression) {
  const std::optional<Literal> a = constant(left), b = constant(right);
  const auto whole = [](const std::optional<Literal>& one) {
    return one && one->kind == Literal::Kind::Integer;
  };
  integers_ = integers_ || (a && b && (whole(a) || whole(b)));
  if (a && b) return compare(*a, op, *b);
  if (same(left, right) || same(without_neutral(left), without_neutral(right))) {
    integers_ = integers_ || !same(left, right);
    if (op == "=" || op == ">=" || op == "<=") return Truth::True;
    return op == "<>" || op == ">" || op == "<" ? Truth::False : Truth::Unknown;
  }
  if (op == "=" && meets_itself(left, right)) return Truth::True;
  if (takes_every_text(expression)) return Truth::True;
  if (!is_count(a ? right : left) || !(whole(a) || whole(b))) return Truth::Unknown;
  integers_ = true;
  const std::string_view way = a ? mirrored(op) : op;
  const std::int64_t bound = a ? a->integer : b->integer;
  const bool below_one = system_name_in(as<FuncCall>(a ? right : left)->funcname).name == "random";
  const bool always = (way == ">=" && bound <= 0) || ((way == ">" || way == "<>") && bound < 0) ||
                      (below_one && (way == "<" || way == "<=" || way == "<>") && bound >= 1);
  return always ? Truth::True : Truth::Unknown;
}

Truth Look::connected(const BoolExpr* expression, int depth) {
  if (expression->boolop == NOT_EXPR) {
    const Truth inner = truth(nth(expression->args, 0), depth + 1);
    return inner == Truth::Unknown ? inner : of(inner == Truth::False);
  }
  if (expression->boolop == OR_EXPR && cover_all(expression->args, integers_)) return Truth::True;
  const Truth decisive = expression->boolop == OR_EXPR ? Truth::True : Truth::False;
  bool all_known = true;
  for (const ListCell& cell : Cells(expression->args)) {
    const Truth part = truth(in(cell), depth + 1);
    if (part == decisive) return decisive;
    all_known = all_known && part != Truth::Unknown;
  }
  return all_known ? of(decisive == Truth::False) : Truth::Unknown;
}

Truth Look::truth(const Node* node, int depth) {
  if (node == nullptr || depth > kMaxDepth) return Truth::Unknown;
  if (const std::optional<Literal> value = literal_of(node)) {
    integers_ = integers_ || IsA(node, TypeCast);  // 1::bool
    return value->kind == Literal::Kind::Boolean ? of(value->boolean) : Truth::Unknown;
  }
  switch (nodeTag(node)) {
    case T_A_Expr: return comparison(as<A_Expr>(node), depth);
    case T_BoolExpr: return connected(as<BoolExpr>(node), depth);
    case T_NullTest: return null_test(as<NullTest>(node));
    case T_BooleanTest: return boolean_test(as<BooleanTest>(node), depth);
    case T_CaseExpr: return by_case(as<CaseExpr>(node), depth);
    case T_SubLink: return sub_link(as<SubLink>(node), depth);
    default: return Truth::Unknown;
  }
}

}  // namespace

bool always_true(const Node* condition, const Relation* target, bool* integers) {
  bool unread = false;
  return Look(target, integers == nullptr ? unread : *integers).truth(condition, 0) == Truth::True;
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
