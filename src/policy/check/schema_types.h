// JSON Schemas as types, for documents whose shape an annotation gives.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "policy/check/type_env.h"

namespace signalbox::policy::check {

/// Where OPA takes a schema for less than it says: of `"type": ["string", "number"]` the first that it knows,
/// and an object with properties for closed whatever `additionalProperties` says.
enum class SchemaSense : std::uint8_t { Opa, Written };

/// The type of the documents that the schema describes; what is wrong with the schema otherwise.
std::expected<TypePtr, std::string> type_of_schema(const ast::Term& schema);
/// The same of a schema's text, JSON or YAML.
std::expected<TypePtr, std::string> type_of_schema_text(std::string_view text,
                                                        SchemaSense sense = SchemaSense::Opa);

/// Gives the document at `path` the type `type` in `env`; of a path below a known document only that part
/// changes.
void set_document_type(TypeEnv& env, const ast::Ref& path, const TypePtr& type);

}  // namespace signalbox::policy::check
