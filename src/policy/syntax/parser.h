// Parser: recursive descent over the Lexer, with backtracking where the grammar is ambiguous. Internal to
// syntax/; the interface is parse.h. One .cpp a part of the grammar: parser.cpp (tokens, errors),
// parse_term.cpp, parse_infix.cpp, parse_expr.cpp, parse_logical.cpp, parse_rule.cpp, parse_module.cpp.
//
// A function that returns nothing has recorded an error, or left its caller to try another reading: the
// caller then rewinds to a State saved before, which takes back errors and comments too.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/syntax/ast.h"
#include "policy/syntax/lexer.h"
#include "policy/syntax/parsing.h"

namespace signalbox::policy::ast {

/// What a statement of a module may be.
using Statement = std::variant<Package, Import, Rule, Body>;

class Parser {
 public:
  Parser(SourcePtr source, const ParseOptions& options);

  /// All statements in order; with `skip_rules`, only bodies. Errors are in errors().
  std::vector<Statement> parse_statements(bool skip_rules);

  Diagnostics errors() const;
  std::vector<Comment> comments() const;

  /// Records an error that a later stage of parsing found.
  void error(const Span& at, std::string reason);

 private:
  // A log that can be rewound in O(1): entries know their predecessor, a State holds the last one.
  template <class T>
  struct Log {
    struct Entry {
      T value;
      std::int32_t previous;
    };
    std::vector<Entry> entries;
    std::int32_t append(T value, std::int32_t previous) {
      entries.push_back({std::move(value), previous});
      return static_cast<std::int32_t>(entries.size()) - 1;
    }
    std::vector<T> upto(std::int32_t last) const;
  };

  struct State {
    Lexer lexer;
    Lexeme token;
    std::uint32_t token_end = 0;
    std::uint32_t last_end = 0;  ///< end of the token before, white space not counted
    std::int32_t last_error = -1;
    std::int32_t last_comment = -1;
    std::uint32_t wildcards = 0;
    std::vector<std::string> hints;
    bool skipped_newline = false;
  };

  /// Counts nesting while it lives, and the height of the tree that is parsed under it.
  class Nest {
   public:
    explicit Nest(Parser& parser);
    ~Nest();
    Nest(const Nest&) = delete;
    Nest& operator=(const Nest&) = delete;
    bool ok() const { return ok_; }

   private:
    Parser& parser_;
    std::uint32_t siblings_;
    bool ok_;
  };

  /// An operand of `and`, `or`, or a parenthesised group.
  struct Operand {
    Body body;
    bool explicit_body = false;
    Span span;
  };
  struct Group {
    std::optional<Operand> operand;
    bool committed = false;  ///< it was a group: no operand then means an error
  };
  struct Head {
    RuleHead head;
    bool contains = false;
  };

  // parser.cpp: tokens, places, errors
  Token token() const { return state_.token.token; }
  const Span& span() const { return state_.token.span; }
  State save() const { return state_; }
  void restore(State state) { state_ = std::move(state); }
  void scan() { scan_token(true, Lexer::Mode::Normal); }
  void scan_keeping_space() { scan_token(false, Lexer::Mode::Normal); }
  void scan_token(bool skip_space, Lexer::Mode mode);
  void add_comment();
  Token peek_keeping_space() const;
  Span since(const Span& start) const;
  std::string_view text(std::uint32_t begin, std::uint32_t end) const;
  bool has_errors() const { return state_.last_error >= 0; }
  void illegal(const std::string& note = {});
  void hint(std::string text) { state_.hints.push_back(std::move(text)); }
  bool grow();
  bool is_allowed_ref_keyword(Token candidate) const;
  bool scan_ahead_ref();
  bool lexes(FutureKeyword keyword) const { return (keywords_ & keyword) != 0; }
  std::string new_wildcard() { return "$" + std::to_string(state_.wildcards++); }

  // parse_term.cpp
  std::optional<Term> parse_term();
  std::optional<Term> parse_primary();
  std::optional<Term> parse_minus(std::optional<Span>& minus_at);
  std::optional<Term> parse_group();
  std::optional<Term> parse_term_finish(Term head, bool skip_space);
  std::optional<Term> parse_number();
  std::optional<Term> parse_string();
  std::optional<Term> parse_template_string(bool raw);
  std::optional<std::string> template_text();
  bool parse_template_expr(TemplateString& out);
  std::optional<Term> parse_ref(Term head, std::uint32_t offset);
  bool parse_ref_part(std::vector<Term>& ref);
  std::optional<Term> parse_call(Term op, std::uint32_t offset);
  Term parse_var();
  // parse_composite.cpp
  std::optional<Term> parse_array();
  std::optional<Term> parse_array_items();
  std::optional<Term> parse_set_or_object();
  std::optional<Term> parse_braces();
  std::optional<Term> parse_set(State after_brace, Term head, bool comprehension);
  std::optional<Term> parse_object(Term key, bool comprehension);
  std::optional<Term> parse_object_finish(Term key, Term value, bool comprehension);
  std::optional<std::vector<Term>> parse_term_list(Token end, std::vector<Term> items);
  std::optional<std::vector<ObjectItem>> parse_item_list(Token end, std::vector<ObjectItem> items);
  // parse_infix.cpp
  std::optional<Term> parse_infix() { return parse_in(true); }
  std::optional<Term> parse_infix_in_list() { return parse_in(false); }
  std::optional<Term> parse_in(bool key_value);
  std::optional<Term> parse_in_tail(Term lhs, std::uint32_t offset);
  std::optional<Term> parse_level(int level);
  std::optional<Term> parse_chain(Term lhs, int level, std::uint32_t offset);
  Term take_operator(std::string_view name = {});
  Term combine(std::vector<Term> terms, std::uint32_t offset);

  // parse_expr.cpp
  std::optional<Body> parse_body(Token end);
  std::optional<Body> parse_query(bool require_semicolon, Token end);
  std::optional<Expr> parse_literal();
  std::optional<Expr> parse_literal_unspanned();
  std::optional<Expr> parse_literal_expr(bool negated, std::optional<Span> not_at);
  std::optional<Expr> parse_logical_after(Expr expr, const Span& start, const std::optional<Span>& with_at,
                                          bool negated);
  std::optional<Expr> parse_expr();
  bool parse_withs(Expr& expr);
  std::optional<Expr> parse_some();
  std::optional<Expr> parse_some_in();
  std::optional<Expr> parse_every();
  void hint_future_every(const Expr& expr, const State& start);
  void hint_future_in();
  // parse_logical.cpp
  bool logical_active() const { return lexes(kAnd) || lexes(kOr); }
  bool at_logical() const { return token() == Token::LogicalAnd || token() == Token::LogicalOr; }
  bool at_negation() const;
  std::optional<Expr> parse_braced_operand(bool& committed);
  std::optional<Expr> parse_not_body(const Span& not_at);
  std::optional<Expr> parse_or_chain(Operand lhs);
  std::optional<Expr> parse_and_chain(Operand lhs);
  std::optional<Operand> parse_operand(std::string_view op);
  std::optional<Operand> parse_braces_operand(std::string_view op);
  std::optional<Operand> parse_plain_operand(bool negated, const Span& not_at);
  Group parse_group_operand(bool operand_context, std::string_view prefix);
  Group finish_group(State start, const Span& open, Operand lhs, bool operand_context,
                     std::string_view prefix);
  Group close_group(Operand operand, const Span& open);
  std::optional<Expr> fold_tail(Operand operand);
  std::optional<Expr> with_modifiers(std::optional<Expr> expr);
  Expr make_logical(LogicalOp op, Operand lhs, Operand rhs);
  void error_with_on_operand(const Span& at, std::string_view op);
  void error_brace_led(const Span& at, std::string_view operand, std::string_view op);
  void error_operand_needs_body(const Span& at, std::string_view operand, const Term& term,
                                std::string_view prefix);
  void error_ambiguous_union(const Span& at, const Body& body, std::string_view prefix);
  void check_void_operands(const Operand& lhs, const Operand& rhs, std::string_view op);
  bool is_ambiguous_union(const Body& body) const;

  // parse_rule.cpp
  std::optional<std::vector<Rule>> parse_rules();
  std::optional<Head> parse_head(bool is_default);
  std::optional<Head> parse_head_start();
  std::optional<Term> parse_head_finish(Term head);
  void parse_head_value(RuleHead& head, bool is_default);
  enum class BodyForm : std::uint8_t { Written, None, Wrong };
  bool is_named(const Rule& rule);
  BodyForm parse_rule_body(Rule& rule, bool contains);
  BodyForm parse_if_body(Rule& rule);
  bool parse_rule_else(Rule& rule);
  std::optional<Rule> parse_else(const RuleHead& head);
  bool parse_else_body(Rule& rule);
  bool parse_chained_bodies(std::vector<Rule>& rules);
  void refresh_wildcards(RuleHead& head);
  bool valid_default(const Rule& rule);

  // parse_module.cpp
  std::optional<Package> parse_package();
  std::optional<Import> parse_import();
  std::optional<Term> parse_import_path();
  bool check_import(const Import& import);
  bool ident_or_ref_keyword();
  void import_keywords(const Import& import);
  void import_future(const Import& import);
  void import_rego(const Import& import);

  SourcePtr source_;
  RegoVersion version_;
  FutureKeywords keywords_;
  bool repeated_keys_;
  bool not_is_keyword_ = true;
  State state_;
  Log<Diagnostic> errors_;
  Log<Comment> comments_;
  std::uint32_t depth_ = 0;
  std::uint32_t height_ = 0;  ///< of the highest tree parsed so far in the innermost Nest
  std::uint64_t scans_left_;
  bool exhausted_ = false;
};

/// The rule that a lone expression of a module stands for (`p := 1`, `p[x]`, `f(x) = y`), or why it is none.
std::expected<Rule, std::string> rule_from_body(Body body);

/// Errors of a rule that v1 refuses: `if` and `contains` missing, keywords as names.
void check_v1_rule(const Rule& rule, Parser& parser);

/// Reads the METADATA blocks among the comments and ties them to statements.
void attach_annotations(Module& module, const std::vector<std::pair<Span, std::int32_t>>& statements,
                        Parser& parser);

}  // namespace signalbox::policy::ast
