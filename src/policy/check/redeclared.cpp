// A path has one block of annotations of scope document, and a package one of scope package or subpackages,
// in whichever module they stand.
#include <fmt/format.h>

#include <map>

#include "policy/check/passes.h"
#include "policy/syntax/print.h"

namespace signalbox::policy::check {

void check_annotations(Context& context) {
  struct Place {
    const ast::Source* source;
    std::uint32_t row;
  };
  std::map<std::string, Place> packages, paths;
  const auto declare = [&](const ast::Module& module, const ast::Annotations& annotations,
                           std::string_view scope, std::map<std::string, Place>& known) {
    const ast::Term path{annotations.target, {}};
    const Place here{module.source.get(), annotations.span.row};
    const auto [first, added] = known.try_emplace(ast::to_text(path), here);
    if (added) return;
    context.source = here.source;
    context.error(
        kTypeError, annotations.span,
        fmt::format("{} annotation redeclared: {}:{}", scope, first->second.source->name, first->second.row));
  };
  for (const ast::Module& module : context.modules) {
    for (const ast::Annotations& annotations : module.annotations) {
      using enum ast::AnnotationScope;
      if (annotations.scope == Package) declare(module, annotations, "package", packages);
      if (annotations.scope == Document) declare(module, annotations, "document", paths);
      if (annotations.scope == Subpackages) declare(module, annotations, "subpackages", paths);
    }
  }
}

}  // namespace signalbox::policy::check
