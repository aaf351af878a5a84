// JSON Schemas as types, for documents whose shape an annotation gives.
#pragma once

#include <expected>
#include <string>

#include "policy/check/type_env.h"

namespace signalbox::policy::check {

/// The type of the documents that the schema describes; what is wrong with the schema otherwise.
std::expected<TypePtr, std::string> type_of_schema(const ast::Term& schema);
/// The same of a schema's text, JSON or YAML.
std::expected<TypePtr, std::string> type_of_schema_text(std::string_view text);

/// Gives the document at `path` the type `type` in `env`; of a path below a known document only that part
/// changes.
void set_document_type(TypeEnv& env, const ast::Ref& path, const TypePtr& type);

}  // namespace signalbox::policy::check
