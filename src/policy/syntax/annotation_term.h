// Annotations as a Rego value: what rego.metadata.rule() gives and inspection prints.
#pragma once

#include "policy/syntax/ast.h"

namespace signalbox::policy::ast {

/// An Object of the fields that were written.
Term annotation_term(const Annotations& annotations);

std::string_view scope_name(AnnotationScope scope);

}  // namespace signalbox::policy::ast
