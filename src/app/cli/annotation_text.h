// Annotations as `inspect` shows them.
#pragma once

#include <string>

#include "policy/syntax/ast.h"

namespace signalbox::app::cli {

/// {"annotations", "location", "path"}, compact; the location is what the annotation is attached to.
std::string annotation_json(const policy::ast::Module& module, const policy::ast::Annotations& annotations);
/// A block of text, as `opa inspect --annotations` prints it.
std::string annotation_text(const policy::ast::Module& module, const policy::ast::Annotations& annotations);

}  // namespace signalbox::app::cli
