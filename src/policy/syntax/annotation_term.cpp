// Annotations as a term.
#include "policy/syntax/annotation_term.h"

namespace signalbox::policy::ast {
namespace {

class Fields {
 public:
  void add(std::string_view name, Term value) {
    object_.items.push_back({make_string(std::string(name)), std::move(value)});
  }
  void text(std::string_view name, const std::string& value) {
    if (!value.empty()) add(name, make_string(value));
  }
  template <class T, class F>
  void list(std::string_view name, const std::vector<T>& values, F&& to_term) {
    if (values.empty()) return;
    Array items;
    for (const T& value : values) items.items.push_back(to_term(value));
    add(name, {std::move(items), {}});
  }
  Term take() { return {std::move(object_), {}}; }

 private:
  Object object_;
};

/// A reference as an array of its parts, the way OPA's AST JSON shows paths.
Term path_term(const Ref& ref) {
  Array parts;
  for (const Term& part : ref.terms) {
    const auto* var = as<Var>(part);
    parts.items.push_back(var == nullptr ? part : make_string(var->name));
  }
  return {std::move(parts), {}};
}

Term schema_term(const SchemaAnnotation& schema) {
  Fields fields;
  fields.add("path", path_term(schema.path));
  if (schema.schema) fields.add("schema", path_term(*schema.schema));
  if (schema.definition) fields.add("definition", *schema.definition);
  return fields.take();
}

Term author_term(const Author& author) {
  Fields fields;
  fields.text("name", author.name);
  fields.text("email", author.email);
  return fields.take();
}

Term resource_term(const RelatedResource& resource) {
  Fields fields;
  fields.text("ref", resource.ref);
  fields.text("description", resource.description);
  return fields.take();
}

}  // namespace

std::string_view scope_name(AnnotationScope scope) {
  switch (scope) {
    case AnnotationScope::Rule: return "rule";
    case AnnotationScope::Document: return "document";
    case AnnotationScope::Package: return "package";
    case AnnotationScope::Subpackages: return "subpackages";
  }
  return {};
}

Term annotation_term(const Annotations& annotations) {
  Fields fields;
  fields.text("scope", std::string(scope_name(annotations.scope)));
  fields.text("title", annotations.title);
  if (annotations.entrypoint) fields.add("entrypoint", make_bool(true));
  fields.text("description", annotations.description);
  fields.list("organizations", annotations.organizations,
              [](const std::string& name) { return make_string(name); });
  fields.list("related_resources", annotations.related_resources, resource_term);
  fields.list("authors", annotations.authors, author_term);
  fields.list("schemas", annotations.schemas, schema_term);
  if (annotations.custom) fields.add("custom", *annotations.custom);
  if (annotations.labels) fields.add("labels", *annotations.labels);
  return fields.take();
}

}  // namespace signalbox::policy::ast
