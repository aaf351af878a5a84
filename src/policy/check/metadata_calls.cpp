// rego.metadata.rule() and rego.metadata.chain(): what they give is known here, so the calls become
// constants. The chain leads outward: the rule's own annotations, the document's, the package's, those of
// packages around it.
#include <algorithm>

#include "policy/check/passes.h"
#include "policy/syntax/annotation_term.h"
#include "policy/syntax/print.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

/// One link of a chain: the annotations and the path they are attached to.
struct Link {
  ast::Ref path;
  const ast::Annotations* annotations = nullptr;
};

const ast::Annotations* with_scope(const ast::Module& module, const ast::Rule& rule,
                                   ast::AnnotationScope scope) {
  const ast::Annotations* found = nullptr;
  for (const std::uint32_t index : rule.annotations) {
    const ast::Annotations& one = module.annotations[index];
    if (one.scope == scope && found == nullptr) found = &one;
  }
  return found;
}

class MetadataRewriter {
 public:
  explicit MetadataRewriter(Context& context) : context_(context) {}

  void rule(const ast::Module& module, ast::Rule& top, ast::Rule& rule) {
    struct Visitor {
      MetadataRewriter& rewriter;
      const ast::Module& module;
      const ast::Rule& top;
      bool expr(ast::Expr& e) {
        rewriter.replace(e, module, top);
        return true;
      }
    } visitor{*this, module, top};
    ast::walk(rule.head, visitor);
    ast::walk(rule.body, visitor);
  }

 private:
  void replace(ast::Expr& e, const ast::Module& module, const ast::Rule& rule) {
    auto* call = ast::as<ast::Call>(e);
    if (call == nullptr) return;
    const std::string name = ast::operator_name(*call);
    if (name != "rego.metadata.rule" && name != "rego.metadata.chain") return;
    ast::Term value = name == "rego.metadata.rule" ? own(module, rule) : chain(module, rule);
    value.span = e.span;
    if (call->arity() > 0) {
      ast::Expr eq = make_eq(std::move(call->terms[1]), std::move(value), e.span);
      e.node = std::move(eq.node);
    } else {
      e.node = std::move(value);
    }
    e.generated = true;
  }

  ast::Term own(const ast::Module& module, const ast::Rule& rule) {
    const ast::Annotations* found = with_scope(module, rule, ast::AnnotationScope::Rule);
    return found == nullptr ? ast::Term{ast::Object{}, {}} : ast::annotation_term(*found);
  }

  ast::Term chain(const ast::Module& module, const ast::Rule& rule) {
    const ast::Ref path = ground_prefix(absolute_path(module, rule));
    std::vector<Link> links;
    links.push_back({path, with_scope(module, rule, ast::AnnotationScope::Rule)});
    add(links, path, document_annotations(path));
    add(links, module.package.path, package_annotations(module.package.path, ast::AnnotationScope::Package));
    for (std::size_t length = module.package.path.terms.size(); length > 1; --length) {
      const ast::Ref around{{module.package.path.terms.begin(),
                             module.package.path.terms.begin() + static_cast<std::ptrdiff_t>(length)}};
      add(links, around, package_annotations(around, ast::AnnotationScope::Subpackages));
    }
    ast::Array out;
    for (const Link& link : links) out.items.push_back(link_term(link));
    return {std::move(out), {}};
  }

  static void add(std::vector<Link>& links, const ast::Ref& path, const ast::Annotations* annotations) {
    if (annotations != nullptr) links.push_back({path, annotations});
  }

  static ast::Term link_term(const Link& link) {
    ast::Array path;  // keys that are no strings are given as their text
    for (std::size_t i = 1; i < link.path.terms.size(); ++i) {
      const ast::Term& key = link.path.terms[i];
      path.items.push_back(ast::as<ast::String>(key) != nullptr ? key : ast::make_string(ast::to_text(key)));
    }
    ast::Object out;
    if (link.annotations != nullptr) {
      out.items.push_back({ast::make_string("annotations"), ast::annotation_term(*link.annotations)});
    }
    out.items.push_back({ast::make_string("path"), {std::move(path), {}}});
    return {std::move(out), {}};
  }

  /// Blocks of scope document may stand in any module of the package.
  const ast::Annotations* document_annotations(const ast::Ref& path) const {
    for (const ast::Module& module : context_.modules) {
      for (const ast::Annotations& one : module.annotations) {
        if (one.scope == ast::AnnotationScope::Document && ast::compare(one.target, path) == 0) return &one;
      }
    }
    return nullptr;
  }

  const ast::Annotations* package_annotations(const ast::Ref& path, ast::AnnotationScope scope) const {
    for (const ast::Module& module : context_.modules) {
      for (const ast::Annotations& one : module.annotations) {
        if (one.scope == scope && ast::compare(one.target, path) == 0) return &one;
      }
    }
    return nullptr;
  }

  Context& context_;
};

}  // namespace

void rewrite_metadata_calls(Context& context) {
  MetadataRewriter rewriter(context);
  for (ast::Module& module : context.modules) {
    context.source = module.source.get();
    for (ast::Rule& top : module.rules) {
      for (ast::Rule* rule = &top; rule != nullptr; rule = rule->otherwise ? &**rule->otherwise : nullptr) {
        rewriter.rule(module, top, *rule);
      }
    }
  }
}

}  // namespace signalbox::policy::check
