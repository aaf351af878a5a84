// What the pass over local variables carries: the scopes that enclose a place, and the rewriter that walks a
// body with them. Private to locals.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/check/passes.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {

enum class Occurrence : std::uint8_t { None, Argument, Seen, Assigned, Declared };

struct Scope {
  std::map<std::string, std::string> names;
  std::map<std::string, Occurrence> occurrence;
  std::map<std::string, int> count;
};

/// The scopes that enclose a place, innermost last.
class Scopes {
 public:
  explicit Scopes(OriginalNames& original) : original_(&original), scopes_(1) {}

  void push() { scopes_.emplace_back(); }
  void pop() { scopes_.pop_back(); }
  Scope& top() { return scopes_.back(); }

  void insert(const std::string& name, const std::string& as, Occurrence how) {
    top().names[name] = as;
    top().occurrence[name] = how;
    top().count[name] = 1;
    if (name != as) (*original_)[as] = name;
  }
  const std::string* declared(const std::string& name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto it = scope->names.find(name); it != scope->names.end()) return &it->second;
    }
    return nullptr;
  }
  Occurrence here(const std::string& name) const {
    const auto it = scopes_.back().occurrence.find(name);
    return it == scopes_.back().occurrence.end() ? Occurrence::None : it->second;
  }
  Occurrence anywhere(const std::string& name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto it = scope->occurrence.find(name); it != scope->occurrence.end()) return it->second;
    }
    return Occurrence::None;
  }
  void seen(const std::string& name) {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto it = scope->count.find(name); it != scope->count.end()) {
        ++it->second;
        return;
      }
    }
    top().count[name] = 1;
  }
  int count(const std::string& name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto it = scope->count.find(name); it != scope->count.end()) return it->second;
    }
    return 0;
  }

 private:
  OriginalNames* original_;
  std::vector<Scope> scopes_;
};

class Rewriter {
 public:
  Rewriter(Context& context, Scopes& scopes) : context_(context), scopes_(scopes) {}

  void body(ast::Body& b, const VarSet& used);

  // What the tree's walk calls, in each expression that declares nothing.
  bool visit_term(ast::Term& t);
  struct Walk {
    Rewriter& rewriter;
    bool term(ast::Term& t) { return rewriter.visit_term(t); }
    bool with(ast::With& w) { return rewriter.rewrite_with(w), false; }
  };
  void rewrite(ast::Term& t) {
    Walk visitor{*this};
    ast::walk(t, visitor);
  }
  void rewrite(ast::Expr& e) {
    Walk visitor{*this};
    ast::walk(e, visitor);
  }
  template <class Comprehension>
  void comprehension(Comprehension& c);

 private:
  std::optional<ast::Expr> statement(ast::Expr expr);
  void assignment(ast::Expr& expr);
  void assign_to(ast::Term& target);
  std::optional<ast::Expr> some(ast::Expr expr);
  ast::Expr some_in(ast::Expr expr, const ast::Call& member, bool& ok);
  bool every(ast::Expr& expr);
  void negation(ast::Expr& expr);
  void logical(ast::Expr& expr);
  void implicit_operand(ast::Body& b, std::string_view complaint);
  void scoped_body(ast::Body& b);
  void rewrite_with(ast::With& with);
  std::optional<std::string> declare(const std::string& name, Occurrence how, const ast::Span& at);
  void check_unused_assigned(const ast::Body& rewritten, const VarSet& used);
  void check_unused_declared(const ast::Body& rewritten, const VarSet& used,
                             const std::vector<std::pair<ast::Span, VarSet>>& declarations);
  VarSet names_now(const VarSet& used) const;
  bool failed(std::size_t before) const { return context_.errors.size() > before; }

  Context& context_;
  Scopes& scopes_;
};

}  // namespace signalbox::policy::check
