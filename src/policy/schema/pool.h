// The documents that references may name: the schema itself, its parts with an id, the meta-schemas.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <unordered_map>

#include "policy/schema/json_schema.h"
#include "policy/schema/reference.h"

namespace signalbox::policy::schema {

struct Document {
  Value value;
  std::optional<Draft> draft;
};

/// The draft that `$schema` names, if it is one of ours; an error when the document is no schema at all.
std::expected<std::optional<Draft>, std::string> draft_of(const Value& document);

class Pool {
 public:
  explicit Pool(Arena& arena) : arena_(&arena) {}

  /// Enters a document and everything in it that has an id; notes what each `$ref` in it means from where it
  /// stands. An empty string when all is well.
  std::string add(const Value& document, const Reference& at);
  /// The document, or part of one, that `reference` names.
  std::expected<Document, std::string> find(const Reference& reference);
  /// The absolute form of the `$ref` of this object.
  std::string reference_of(const Value& object, std::string_view written) const;

 private:
  std::string enter(const Value& node, const Reference& scope, std::optional<Draft> draft);
  std::string enter_object(const Value& object, Reference scope, std::optional<Draft> draft);

  Arena* arena_;
  std::unordered_map<std::string, Document> documents_;
  std::unordered_map<const ObjectRep*, std::string> references_;
};

}  // namespace signalbox::policy::schema
