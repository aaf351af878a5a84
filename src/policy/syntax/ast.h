// The syntax tree of Rego: what the parser (and the YAML front end) makes, the checker rewrites and the
// planner reads.
//
// Nodes are plain values: copying copies the subtree, moving is cheap, alternatives are std::variant, so that
// a visitor without a branch for a new node does not compile. Depth is bounded by the parser.
//
// How each construct is represented after PARSING
//   null true 1.5 "s" `s`     Null, Boolean, Number (text as written), String (unescaped)
//   x, _                      Var; each `_` is a Var of its own: "$0", "$1", ... (is_wildcard)
//   input, data, a.b[x]       Ref: terms[0] is the head (Var, or a composite or Call: `f(x)[0]`), `.b` is
//   String "b".
//                             A lone name is a Var, except `input` and `data`, which are a Ref of one term
//   [..] {k: v} {..} set()    Array, Object, Set: in source order, duplicates kept
//   f(x), a + b, x in xs      Call: terms[0] is the operator as a Ref: `f`, `plus`, `internal.member_2`, ...
//                             (operators: plus minus mul div rem and or eq equal neq lt lte gt gte assign,
//                             internal.member_2 / _3). Unary minus on a reference is minus(0, x)
//   [t | body] ...            ArrayComprehension, SetComprehension, ObjectComprehension
//   $"a {x} b"                TemplateString: parts are Terms (literal text, ground scalars) or Exprs
//   a body's line             Expr: one of Term, Call, SomeDecl, Every, Not, Logical; plus `with` modifiers.
//                             `x = y` is Call [eq, x, y], `x := y` is Call [assign, x, y]
//   not e                     negated = true. Under future.keywords.not: Not{body = [e], explicit_body =
//   false} not { body }              Not{explicit_body = true} a and b, {..} or c        Logical; explicit_*
//   says that the operand was written in braces some x, y                 SomeDecl{symbols = Vars}; `some k,
//   v in xs` is SomeDecl{symbols = [member call]} every k, v in xs {..}     Every p := v if body Rule; see
//   RuleHead. `else` hangs below its rule as otherwise p { a } { b }             two Rules with equal heads
//
// What the CHECKER guarantees when it hands over (check/checked.h has the container)
//   - every Ref has as head `data`, `input` or a local variable; imports and package-local names are
//   resolved;
//     rule heads are absolute (data.<package>.<ref>), variables in them are bound in the body
//   - local variables are unique within a rule (generated names "__localN__"; original_names gives them back)
//   - calls stand only at the top of an Expr (nested ones are hoisted into generated Exprs before it, in the
//   way
//     OPA does, which is what gives `not f(g(x))` its meaning); Call operators name a built-in or
//     data.<function>
//   - SomeDecl, assign, TemplateString, print and rego.metadata.* are rewritten away (to eq, internal.*,
//   constants)
//   - every body is ordered so that each variable is bound before it is read; wildcards bind
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policy/syntax/box.h"
#include "policy/syntax/source.h"

namespace signalbox::policy::ast {

struct Term;
struct Expr;
struct ObjectItem;

/// The expressions of a rule, comprehension, every or operand; all must hold. Never empty after parsing.
using Body = std::vector<Expr>;

struct Null {};

struct Boolean {
  bool value = false;
};

struct Number {
  std::string text;  ///< as written: "1", "-2.50", ".5", "1e400"; any precision
};

struct String {
  std::string value;
};

struct Var {
  std::string name;
  bool is_wildcard() const { return name.starts_with('$'); }
};

struct Ref {
  std::vector<Term> terms;  ///< head first; never empty
};

struct Array {
  std::vector<Term> items;
};

struct Object {
  std::vector<ObjectItem> items;
};

struct Set {
  std::vector<Term> items;
};

struct ArrayComprehension {
  Box<Term> term;
  Body body;
};

struct SetComprehension {
  Box<Term> term;
  Body body;
};

struct ObjectComprehension {
  Box<Term> key;
  Box<Term> value;
  Body body;
};

/// As a Term: a nested call. As an Expr: the call that the expression is.
struct Call {
  std::vector<Term> terms;  ///< operator (a Ref) first, then the operands

  const Term& op() const;
  std::size_t arity() const;
};

struct TemplateString {
  std::vector<std::variant<Box<Term>, Box<Expr>>> parts;
  bool raw = false;  ///< written with back quotes
};

struct Term {
  using Node = std::variant<Null, Boolean, Number, String, Var, Ref, Array, Object, Set, ArrayComprehension,
                            SetComprehension, ObjectComprehension, Call, TemplateString>;
  Node node;
  Span span;
};

struct ObjectItem {
  Term key;
  Term value;
};

inline const Term& Call::op() const {
  return terms.front();
}
inline std::size_t Call::arity() const {
  return terms.size() - 1;
}

/// `with target as value`.
struct With {
  Term target;  ///< Ref (input, data, a function) or Var (a built-in or an import's name)
  Term value;
  Span span;
};

/// `some x, y` (symbols are Vars) or `some k, v in xs` (one symbol: a Call of internal.member_2 or _3).
struct SomeDecl {
  std::vector<Term> symbols;
  Span span;
};

struct Every {
  std::optional<Box<Term>> key;  ///< Var
  Box<Term> value;               ///< Var
  Box<Term> domain;
  Body body;
  Span span;
};

/// `not` that negates everything its body does (future.keywords.not): holds when the body has no result.
struct Not {
  Body body;
  bool explicit_body = false;  ///< written with braces
  Span span;
};

enum class LogicalOp : std::uint8_t { And, Or };

/// `lhs and rhs`, `lhs or rhs`: control flow only. At most one result, no binding escapes, the right side is
/// evaluated only when needed. An operand is a body of its own with local variables.
struct Logical {
  LogicalOp op = LogicalOp::And;
  Body lhs;
  Body rhs;
  bool explicit_lhs = false;
  bool explicit_rhs = false;
  Span span;
};

struct Expr {
  using Node = std::variant<Term, Call, SomeDecl, Every, Not, Logical>;
  Node node;
  std::vector<With> with;
  bool negated =
      false;  ///< plain `not e`: nested calls and references of e are evaluated outside of the negation
  bool generated = false;  ///< made by the checker; never by the parser
  /// Made from `:=`: eq(lhs, rhs) where the right side must be bound by other expressions.
  bool from_assignment = false;
  Span span;
};

/// Where the words `if` and `contains` were written.
struct HeadKeywords {
  bool contains = false;
  bool if_ = false;
};

/// The head of a rule.
///
///   p, p := v, p if ..          ref [p], value v (generated `true` when absent)     complete rule
///   p[k] := v, p.q[x].r = v     ref with all parts, value                           partial object, ref head
///   p contains v                ref [p], key v, no value                            partial set
///   p.q[x] contains v           ref [p, "q", x], key v                              partial set below a ref
///   head p[x] { .. } (v0)            ref [p], key x, no value                            partial set f(a, b)
///   := v                ref [f], args                                       function
struct RuleHead {
  Ref ref;                 ///< as written: first term is a Var. Absolute (data...) after checking
  std::vector<Term> args;  ///< arguments of a function
  bool is_function = false;
  std::optional<Term> key;  ///< member of a partial set; v0-style `p[k] = v` keeps k in ref
  std::optional<Term> value;
  bool assign = false;           ///< written with `:=`
  bool generated_value = false;  ///< no value was written: it is `true`
  HeadKeywords keywords;
  Span span;
};

enum class RuleKind : std::uint8_t { SingleValue, MultiValue };

struct Annotations;

struct Rule {
  bool is_default = false;
  RuleHead head;
  Body body;                           ///< `true` when none was written
  std::optional<Box<Rule>> otherwise;  ///< `else`: same ref and args, own value and body
  bool generated_body = false;
  /// Indices into Module::annotations, in source order.
  std::vector<std::uint32_t> annotations;
  Span span;

  RuleKind kind() const { return head.key && !head.value ? RuleKind::MultiValue : RuleKind::SingleValue; }
};

struct Import {
  Term path;          ///< Ref: data..., input..., future.keywords..., rego.v1
  std::string alias;  ///< "" when none was written
  Span span;
  /// The name the import introduces: the alias, or the path's last part.
  std::string_view name() const;
};

struct Package {
  Ref path;  ///< data.<...>, all parts after the head are Strings
  Span span;
  bool implied = false;  ///< no `package` line (only for sources that may omit it, such as queries)
};

struct Comment {
  std::string text;  ///< without the leading '#'
  Span span;
};

enum class AnnotationScope : std::uint8_t { Rule, Document, Package, Subpackages };

struct RelatedResource {
  std::string ref;
  std::string description;
};

struct Author {
  std::string name;
  std::string email;
};

struct SchemaAnnotation {
  Ref path;                        ///< which document
  std::optional<Ref> schema;       ///< schema.<name>...
  std::optional<Term> definition;  ///< inline JSON Schema, a ground term
};

struct CompileAnnotation {
  std::vector<Ref> unknowns;
  std::optional<Ref> mask_rule;
};

/// A `# METADATA` block. Values of free form (custom, labels) are ground terms.
struct Annotations {
  AnnotationScope scope = AnnotationScope::Rule;
  bool scope_written = false;
  std::string title;
  std::string description;
  bool entrypoint = false;
  std::vector<std::string> organizations;
  std::vector<RelatedResource> related_resources;
  std::vector<Author> authors;
  std::vector<SchemaAnnotation> schemas;
  std::optional<CompileAnnotation> compile;
  std::optional<Term> custom;  ///< Object
  std::optional<Term> labels;  ///< Object
  Span span;
  std::uint32_t end_row = 0;  ///< last row of the block
  Ref target;                 ///< data.<package> or data.<package>.<rule>: what it is attached to
};

/// Which Rego a module is written in. V0CompatV1: v0 that must also be valid under `import rego.v1`.
enum class RegoVersion : std::uint8_t { V0, V1, V0CompatV1 };

struct Module {
  SourcePtr source;
  RegoVersion version = RegoVersion::V1;
  Package package;
  std::vector<Import> imports;
  std::vector<Rule> rules;
  std::vector<Annotations> annotations;
  std::vector<Comment> comments;
};

// Making nodes.
Term make_null(Span span = {});
Term make_bool(bool value, Span span = {});
Term make_number(std::string text, Span span = {});
Term make_string(std::string value, Span span = {});
Term make_var(std::string name, Span span = {});
Term make_ref(std::vector<Term> terms, Span span = {});
Term make_call(std::vector<Term> terms, Span span = {});
/// The Ref for a dotted name: "internal.member_2", "plus".
Term make_operator(std::string_view dotted, Span span = {});

// Asking nodes.
template <class T>
const T* as(const Term& term) {
  return std::get_if<T>(&term.node);
}
template <class T>
T* as(Term& term) {
  return std::get_if<T>(&term.node);
}
template <class T>
const T* as(const Expr& expr) {
  return std::get_if<T>(&expr.node);
}
template <class T>
T* as(Expr& expr) {
  return std::get_if<T>(&expr.node);
}

/// The dotted name of an operator or of a ground reference: "plus", "data.a.b", "io.jwt.decode". Parts that
/// are not strings are printed in brackets.
std::string dotted_name(const Ref& ref);

/// The operator's dotted name; "" when `call` has no Ref as operator.
std::string operator_name(const Call& call);

/// No variable and no comprehension below: the term is a constant. (References and calls are not ground.)
bool is_constant(const Term& term);

/// Every part after the head is a constant.
bool is_ground(const Ref& ref);

}  // namespace signalbox::policy::ast
