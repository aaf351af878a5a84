// Titles, places, and one section for each list that was written.
#include "app/cli/annotation_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/cli/json_text.h"
#include "policy/syntax/annotation_term.h"
#include "policy/syntax/ast_json.h"
#include "policy/syntax/print.h"
#include "policy/value/json.h"

namespace signalbox::app::cli {
namespace {

namespace ast = policy::ast;
using Lines = std::vector<std::string>;

/// Terms of annotations are ground, and print as JSON.
std::string json_of(const ast::Term& term) {
  policy::Arena arena;
  const auto value = policy::parse_json(arena, ast::to_text(term));
  return value ? policy::to_json(*value) : ast::to_text(term);
}

/// The package or rule that the annotation stands before.
const ast::Span& target_of(const ast::Module& module, const ast::Annotations& annotations) {
  const auto number = static_cast<std::uint32_t>(&annotations - module.annotations.data());
  for (const ast::Rule& rule : module.rules) {
    if (std::ranges::find(rule.annotations, number) != rule.annotations.end()) return rule.span;
  }
  return module.package.span;
}

/// "Name:" and a line each; nothing without lines.
std::string section(std::string_view name, const Lines& lines) {
  if (lines.empty()) return {};
  std::string out = fmt::format("{}:\n", name);
  for (const auto& line : lines) out += " " + line + "\n";
  return out + "\n";
}

/// "key: value" lines, values in one column.
Lines aligned(const std::vector<std::pair<std::string, std::string>>& members) {
  std::size_t widest = 0;
  for (const auto& [key, value] : members) widest = std::max(widest, key.size());
  Lines out;
  for (const auto& [key, value] : members)
    out.push_back(fmt::format("{:<{}} {}", key + ":", widest + 1, value));
  return out;
}

Lines authors(const ast::Annotations& annotations) {
  Lines out;
  for (const auto& [name, email] : annotations.authors) {
    out.push_back(email.empty()  ? name
                  : name.empty() ? "<" + email + ">"
                                 : fmt::format("{} <{}>", name, email));
  }
  return out;
}

Lines schemas(const ast::Annotations& annotations) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& schema : annotations.schemas) {
    out.emplace_back(ast::dotted_name(schema.path), schema.schema       ? ast::dotted_name(*schema.schema)
                                                    : schema.definition ? json_of(*schema.definition)
                                                                        : "");
  }
  return aligned(out);
}

Lines resources(const ast::Annotations& annotations) {
  Lines out;
  for (const auto& [ref, description] : annotations.related_resources)
    out.push_back(description.empty() ? ref : ref + " " + description);
  return out;
}

Lines custom(const ast::Annotations& annotations) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto* object = annotations.custom ? ast::as<ast::Object>(*annotations.custom) : nullptr;
  if (object == nullptr) return {};
  for (const auto& item : object->items) {
    const auto* key = ast::as<ast::String>(item.key);
    if (key != nullptr) out.emplace_back(key->value, json_of(item.value));
  }
  std::ranges::sort(out);
  return aligned(out);
}

/// A reference term by term.
std::string path_json(const ast::Module& module, const ast::Ref& path) {
  std::string out = "[";
  for (const ast::Term& term : path.terms) {
    if (out.size() > 1) out += ',';
    out += ast::to_ast_json(term, *module.source, {});
  }
  return out + "]";
}

/// rego.metadata gives references as texts; inspection as terms.
std::string schemas_json(const ast::Module& module, const ast::Annotations& annotations) {
  std::string out = R"("schemas":[)";
  for (const auto& schema : annotations.schemas) {
    if (!out.ends_with('[')) out += ',';
    out += R"({"path":)" + path_json(module, schema.path);
    if (schema.schema) out += R"(,"schema":)" + path_json(module, *schema.schema);
    if (schema.definition) out += R"(,"definition":)" + json_of(*schema.definition);
    out += '}';
  }
  return out + "]";
}

}  // namespace

std::string annotation_json(const ast::Module& module, const ast::Annotations& annotations) {
  std::string members = json_of(ast::annotation_term(annotations));
  if (!annotations.schemas.empty()) {
    ast::Annotations rest = annotations;
    rest.schemas.clear();
    members = json_of(ast::annotation_term(rest));
    members.pop_back();
    members += (members.ends_with('{') ? "" : ",") + schemas_json(module, annotations) + "}";
  }
  return fmt::format(R"({{"annotations":{},"location":{},"path":{}}})", members,
                     json_location(ast::position(*module.source, target_of(module, annotations))),
                     path_json(module, annotations.target));
}

std::string annotation_text(const ast::Module& module, const ast::Annotations& annotations) {
  constexpr std::size_t kData = std::string_view("data.").size();
  const std::string package = ast::dotted_name(module.package.path).substr(kData);
  const std::string target = ast::dotted_name(annotations.target).substr(kData);
  const std::string title = annotations.title.empty() ? target : annotations.title;
  std::string out = title + "\n" + std::string(title.size(), '=') + "\n\n";
  if (!annotations.description.empty()) out += annotations.description + "\n\n";
  out += "Package:  " + package + "\n";
  if (target.size() > package.size()) out += "Rule:     " + target.substr(package.size() + 1) + "\n";
  out += fmt::format("Location: {}:{}\nScope: {}\n", module.source->name, target_of(module, annotations).row,
                     ast::scope_name(annotations.scope));
  if (annotations.entrypoint) out += "Entrypoint: true\n";
  return out + "\n" + section("Organizations", annotations.organizations) +
         section("Authors", authors(annotations)) + section("Schemas", schemas(annotations)) +
         section("Related Resources", resources(annotations)) + section("Custom", custom(annotations));
}

}  // namespace signalbox::app::cli
