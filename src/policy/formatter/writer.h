// Writer: the formatter's state and its parts. Internal to fmt/. Comments wait in a list and are written
// where their row comes by. A function that returns false has met a comment it has no place for; the term
// around it is then written as it stands in the source.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/syntax/ast.h"

namespace signalbox::policy::fmt_rego {

/// A place as layout needs it: a row, and the text from there on.
struct Place {
  std::int64_t row = 0;
  std::int64_t col = 0;
  std::int64_t offset = 0;
  std::string_view text;
};

/// What stands in a list: a term, or an object's key and value; ordered by place.
struct Element {
  const ast::Term* term = nullptr;
  const ast::Term* value = nullptr;  ///< of an object's item, whose key is `term`
  const ast::Expr* expr = nullptr;
};

struct LayoutOptions {
  bool contains = false;
  bool ifs = false;
  bool ref_heads = false;  ///< some head in the module needs references
  bool v1 = false;
  std::vector<std::string_view> keywords;
};

class Writer {
 public:
  Writer(const ast::Module& module, LayoutOptions options);

  /// Everything. `imports` are the module's, filtered.
  std::string write_module(const std::vector<ast::Import>& imports);

 private:
  struct Operand {
    const ast::Body* body = nullptr;
    bool is_explicit = false;
    bool parens = false;
    Place brace;
  };
  struct Step {
    std::string_view op;
    Operand rhs;
    std::int64_t lhs_end_row = 0;
    bool breaks_line() const;
  };
  using Comments = std::vector<const ast::Comment*>;

  // writer.cpp: lines, comments, places
  Place place(const ast::Span& span) const;
  void write(std::string_view text) { out_ += text; }
  void start_line();
  void end_line();
  void blank_line();
  void write_line(std::string_view text);
  bool insert_comments(std::int64_t row);
  void write_comments(const Comments& comments);
  bool before_line_end(const ast::Comment* comment);
  Comments take_before(std::int64_t row, const ast::Comment*& at);
  bool write_unformatted(const Place& at);
  static std::string text_of(const ast::Comment& comment) { return "#" + comment.text; }

  // statements.cpp
  void write_package();
  void write_imports(std::vector<const ast::Import*> imports);
  void write_import(const ast::Import& import);
  void write_rules(const std::vector<const ast::Rule*>& rules);
  bool groupable(const ast::Rule& rule) const;
  bool write_rule(const ast::Rule& rule, bool is_else);
  bool write_rule_body(const ast::Rule& rule, bool is_else, bool unexpected);
  bool write_else(const ast::Rule& rule);
  bool write_head(const ast::Rule& rule, bool is_else, bool constant);
  bool write_head_value(const ast::Rule& rule, bool is_else, bool constant);

  // exprs.cpp
  bool write_body(const ast::Body& body);
  bool write_expr(const ast::Expr& expr);
  bool write_expr_node(const ast::Expr& expr);
  bool write_withs(const ast::Expr& expr);
  bool write_with(const ast::With& with, bool indented);
  bool write_some(const ast::SomeDecl& decl);
  bool write_every(const ast::Every& every, const Place& at);
  bool write_not(const ast::Not& node, const Place& at);
  bool write_logical(const ast::Expr& expr);
  bool write_operand(const Operand& operand);
  Operand first_operand(const ast::Expr& expr, std::vector<Step>& steps) const;
  Operand make_operand(const ast::Body& body, bool is_explicit, ast::LogicalOp parent, bool rhs,
                       const Place& node) const;
  std::int64_t end_row(const ast::Body& body) const;
  std::int64_t end_row(const Operand& operand) const;
  Place brace_before(const Place& node, const ast::Body& body) const;
  void mark_union_lead(const ast::Expr& expr);
  bool write_call_expr(const ast::Expr& expr, const ast::Call& call);
  bool write_comprehension_body(char open, char close, const ast::Body& body, std::int64_t term_row,
                                const Place& at);

  // terms.cpp
  bool write_term(const ast::Term& term);
  bool write_term(const ast::Term& term, bool parens);
  bool write_node(const ast::Term& term, bool parens);
  bool write_call(const ast::Call& call, const ast::Term* term, bool parens);
  bool write_call_plain(const ast::Call& call);
  bool write_in(std::span<const ast::Term> operands, bool parens);
  bool write_ref(const ast::Ref& ref);
  void write_ref_part(const std::string& text, const ast::Span& span);
  void write_string(const ast::String& node, const Place& at);
  bool write_template(const ast::TemplateString& node);
  bool write_object(const ast::Object& node, const Place& at);
  bool write_list(char open, char close, std::vector<Element> elements, const Place& at);
  bool write_set(const ast::Set& node, const Place& at);
  bool write_comprehension(char open, char close, const ast::Term& term, std::int64_t term_row,
                           const ast::Body& body, const Place& at);
  bool write_iterable(std::vector<Element> elements, const Place& at, std::int64_t close_row,
                      bool paren_unions);
  bool write_line_of(std::span<const Element> elements, bool paren_unions);
  bool write_element(const Element& element, bool paren_unions);
  std::vector<std::vector<Element>> group(std::vector<Element> elements, std::int64_t last_row) const;
  Place place_of(const Element& element) const;
  bool starts_with_paren(const ast::Term& term) const;

  const ast::Module& module_;
  LayoutOptions options_;
  std::string out_;
  int level_ = 0;
  bool inline_ = false;
  const ast::Comment* before_end_ = nullptr;
  bool delay_ = false;
  bool comment_on_final_line_ = false;
  const ast::Expr* paren_expr_ = nullptr;
  const ast::Term* paren_term_ = nullptr;
  Comments comments_;
};

/// Row of the bracket that closes the first `open` in the text; -1 when there is none.
std::int64_t closing_row(char open, char close, const Place& at, char skip_open = 0, char skip_close = 0);
/// The row on which the text ends.
std::int64_t last_row_of(const Place& at);

bool is_union(const ast::Term& term);
bool is_union(const ast::Expr& expr);
bool is_set_term(const ast::Expr& expr);
bool leads_with_brace(const ast::Term& term);
bool leads_with_brace(const ast::Expr& expr);
/// The infix form of a built-in of that name: "+"; "" for most.
std::string_view infix_of(std::string_view op);

}  // namespace signalbox::policy::fmt_rego
