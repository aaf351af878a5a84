// Terms are numbered, too, since the checker makes expressions of them: `f(g(x))` becomes two.
#include "policy/trace/spots.h"

#include "policy/syntax/visit.h"

namespace signalbox::policy {
namespace {

struct Numberer {
  std::vector<Spot>& spots;
  std::uint32_t module;

  Spot& number(ast::Span& span) {
    Spot& out = spots.emplace_back(Spot{module, span});
    span.row = static_cast<std::uint32_t>(spots.size());
    return out;
  }
  bool term(ast::Term& t) {
    number(t.span);
    auto* text = ast::as<ast::TemplateString>(t);
    if (text == nullptr) return true;
    for (auto& part : text->parts) std::visit([&](auto& piece) { template_part(*piece); }, part);
    return false;
  }
  /// OPA's compiled form has no place for a call that is all of a part.
  void template_part(ast::Expr& e) {
    if (ast::as<ast::Call>(e) == nullptr) return ast::walk(e, *this);
    e.span = {};
    ast::walk_children(e, *this);
  }
  void template_part(ast::Term& t) { ast::walk(t, *this); }
  bool expr(ast::Expr& e) { return number(e.span), true; }
  bool with(ast::With& w) { return w.span = {}, true; }

  void rule(ast::Rule& r) {
    Spot& head = number(r.head.span);
    head.is_head = true;
    head.is_default = r.is_default;
    ast::walk(r.head, *this);
    ast::walk(r.body, *this);
    if (r.otherwise) rule(**r.otherwise);
  }
};

}  // namespace

std::vector<Spot> number_spots(std::vector<ast::Module>& modules) {
  std::vector<Spot> out;
  for (std::uint32_t i = 0; i < modules.size(); ++i) {
    Numberer numberer{out, i};
    for (ast::Rule& rule : modules[i].rules) numberer.rule(rule);
  }
  return out;
}

}  // namespace signalbox::policy
