// The pool of documents. References are resolved once, when a document enters: `$id` changes what relative
// ones below it mean. The surprise: an object of that name below `properties` is no reference, so those
// levels are stepped over.
#include "policy/schema/pool.h"

#include "policy/schema/meta_schemas.h"
#include "policy/value/json.h"

namespace signalbox::policy::schema {
namespace {

std::optional<Draft> draft_named(std::string_view url) {
  for (const MetaSchema& one : meta_schemas())
    if (one.url == url) return one.draft;
  return {};
}

bool holds_names(std::string_view keyword) {
  return keyword == "properties" || keyword == "dependencies" || keyword == "patternProperties";
}

}  // namespace

std::expected<std::optional<Draft>, std::string> draft_of(const Value& document) {
  if (document.is_boolean()) return std::nullopt;
  if (!document.is_object()) return std::unexpected("schema is invalid");
  const Value written = document.at("$schema");
  if (!written) return std::nullopt;
  if (!written.is_string()) return std::unexpected("$schema must be of type string");
  auto reference = Reference::parse(written.as_string());
  if (!reference) return std::unexpected(reference.error());
  return draft_named(reference->text());
}

std::string Pool::add(const Value& document, const Reference& at) {
  const std::string name = at.text();
  if (documents_.contains(name)) return "Reference already exists: \"" + name + "\"";
  auto draft = draft_of(document);
  if (!draft) return draft.error();
  std::string problem = enter(document, at, *draft);
  documents_.insert_or_assign(name, Document{document, *draft});
  return problem;
}

std::string Pool::enter(const Value& node, const Reference& scope, std::optional<Draft> draft) {
  if (node.is_array()) {
    for (const Value& item : node.as_array())
      if (auto problem = enter(item, scope, draft); !problem.empty()) return problem;
  }
  return node.is_object() ? enter_object(node, scope, draft) : std::string();
}

std::string Pool::enter_object(const Value& object, Reference scope, std::optional<Draft> draft) {
  const Value id = object.at(object.at("id") ? "id" : "$id");
  if (id && id.is_string()) {
    if (auto own = Reference::parse(id.as_string())) {
      auto absolute = scope.inherit(*own);
      if (absolute) {
        scope = *absolute;
        const std::string name = scope.text();
        if (!documents_.emplace(name, Document{object, draft}).second)
          return "Reference already exists: \"" + name + "\"";
      }
    }
  }
  if (const Value written = object.at("$ref"); written && written.is_string()) {
    if (auto reference = Reference::parse(written.as_string())) {
      if (auto absolute = scope.inherit(*reference))
        references_.insert_or_assign(object.object_rep(), absolute->text());
    }
  }
  for (const Pair& member : object.as_object()) {
    if (!member.key.is_string()) continue;
    const auto keyword = member.key.as_string();
    if (keyword == "const" || keyword == "enum") continue;
    std::string problem;
    if (!holds_names(keyword)) {
      problem = enter(member.value, scope, draft);
    } else if (member.value.is_object()) {
      for (const Pair& child : member.value.as_object())
        if (problem.empty()) problem = enter(child.value, scope, draft);
    }
    if (!problem.empty()) return problem;
  }
  return {};
}

std::string Pool::reference_of(const Value& object, std::string_view written) const {
  const auto found = references_.find(object.object_rep());
  return found == references_.end() ? std::string(written) : found->second;
}

std::expected<Document, std::string> Pool::find(const Reference& reference) {
  const std::string name = reference.text();
  if (auto found = documents_.find(name); found != documents_.end()) return found->second;
  const Reference whole = reference.without_fragment();
  auto base = documents_.find(whole.text());
  if (base == documents_.end()) {
    if (!reference.is_canonical()) return std::unexpected("Reference " + name + " must be canonical");
    const MetaSchema* built_in = nullptr;
    for (const MetaSchema& one : meta_schemas())
      if (one.url == whole.text()) built_in = &one;
    if (built_in == nullptr) return std::unexpected("remote reference loading disabled: " + name);
    auto document = parse_json(*arena_, built_in->text);
    if (!document) return std::unexpected(document.error().message);
    if (auto problem = add(*document, whole); !problem.empty()) return std::unexpected(problem);
    base = documents_.find(whole.text());
  }
  const Document from = base->second;
  auto part = reference.find_in(from.value);
  if (!part) return std::unexpected(part.error());
  return documents_.insert_or_assign(name, Document{*part, from.draft}).first->second;
}

}  // namespace signalbox::policy::schema
