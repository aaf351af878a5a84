// Schemas in annotations. An annotation that names a schema means nothing unless schemas were given: policies
// that are checked against schemas in one place load without them in another.
#include "policy/check/schema_annotations.h"

#include <algorithm>

#include "policy/check/schema_types.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/print.h"

namespace signalbox::policy::check {
namespace {

using Scope = ast::AnnotationScope;

std::string key_of(const ast::Ref& ref, std::size_t length) {
  ast::Ref front;
  front.terms.assign(ref.terms.begin(), ref.terms.begin() + static_cast<std::ptrdiff_t>(length));
  return ast::to_text(front);
}

std::string document_key(const ast::Module& module, const ast::Rule& rule) {
  const ast::Ref path = absolute_path(module, rule);
  return key_of(path, ground_prefix_length(path));
}

/// It is data.policies or below it.
bool is_asked_by_host(const ast::Module& module) {
  const ast::Ref& package = module.package.path;
  return package.terms.size() > 1 && key_of(package, 2) == "data.policies";
}

}  // namespace

SchemaAnnotations::SchemaAnnotations(Context& context) : context_(context) {
  const CheckOptions& options = context.options;
  const auto named = std::ranges::find_if(
      options.schemas, [](const NamedSchema& schema) { return schema.name.terms.size() == 1; });
  if (named != options.schemas.end()) {
    input_ = read(named->text, named->file, SchemaSense::Opa);
  } else if (!options.host_input.empty()) {
    host_input_ = read(options.host_input, "the host's schema of input", SchemaSense::Written);
  }
  for (const ast::Module& module : context.modules) {
    const ast::Ref& package = module.package.path;
    const std::string name = key_of(package, package.terms.size());
    for (const ast::Annotations& annotations : module.annotations) {
      if (annotations.scope == Scope::Subpackages) subpackages_[name].push_back(&annotations);
      if (annotations.scope == Scope::Package) packages_[name].push_back(&annotations);
    }
    for (const ast::Rule& rule : module.rules) {
      for (const std::uint32_t number : rule.annotations) {
        const ast::Annotations& annotations = module.annotations[number];
        if (annotations.scope == Scope::Document)
          documents_[document_key(module, rule)].push_back(&annotations);
      }
    }
  }
}

/// Null, and an error, when the schema is none.
TypePtr SchemaAnnotations::read(const std::string& text, const std::string& file, SchemaSense sense) {
  auto type = type_of_schema_text(text, sense);
  if (type) return *type;
  Diagnostic error;
  error.code = kTypeError;
  error.message = type.error();
  error.at.file = file;
  context_.errors.push_back(std::move(error));
  return nullptr;
}

SchemaAnnotations::Found SchemaAnnotations::holding_for(const ast::Module& module,
                                                        const ast::Rule& rule) const {
  Found out;
  const auto add = [&](const std::map<std::string, Found>& from, const std::string& key) {
    if (const auto found = from.find(key); found != from.end())
      out.insert(out.end(), found->second.begin(), found->second.end());
  };
  const ast::Ref& package = module.package.path;
  for (std::size_t length = 1; length <= package.terms.size(); ++length)
    add(subpackages_, key_of(package, length));
  add(packages_, key_of(package, package.terms.size()));
  if (!documents_.empty()) add(documents_, document_key(module, rule));
  for (const std::uint32_t number : rule.annotations)
    if (module.annotations[number].scope == Scope::Rule) out.push_back(&module.annotations[number]);
  return out;
}

void SchemaAnnotations::apply(TypeEnv& env, const ast::Module& module, const ast::Rule& rule) {
  if (host_input_ && is_asked_by_host(module)) env.set(ast::Ref{{ast::make_var("input")}}, host_input_);
  for (const ast::Annotations* annotations : holding_for(module, rule)) {
    for (const ast::SchemaAnnotation& schema : annotations->schemas) {
      if (!schema.definition && context_.options.schemas.empty()) continue;
      if (auto type = type_of(schema)) {
        set_document_type(env, schema.path, *type);
      } else {
        context_.error(kTypeError, rule.span, type.error());
      }
    }
  }
}

std::expected<TypePtr, std::string> SchemaAnnotations::type_of(const ast::SchemaAnnotation& schema) {
  return schema.definition ? type_of_schema(*schema.definition) : named(*schema.schema);
}

std::expected<TypePtr, std::string> SchemaAnnotations::named(const ast::Ref& name) {
  const std::string text = ast::to_text(name);
  if (const auto known = named_.find(text); known != named_.end()) return known->second;
  const auto given = std::ranges::find_if(context_.options.schemas, [&](const NamedSchema& schema) {
    return ast::compare(schema.name, name) == 0;
  });
  if (given == context_.options.schemas.end()) return std::unexpected("undefined schema: " + text);
  auto type = type_of_schema_text(given->text);
  if (type) named_.emplace(text, *type);
  return type;
}

}  // namespace signalbox::policy::check
