// go-yaml decodes into a Go struct; this does what it does with each type, and collects what it complains of.
// The surprise: a repeated key makes the whole map worthless, and nothing in it is looked at.
#include "policy/syntax/annotation_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "policy/builtins/go/text.h"

namespace signalbox::policy::ast {
namespace {

constexpr std::string_view kMap = "map[string]interface {}";
constexpr std::size_t kMaxNodes = 100'000;  // aliases are expanded

bool is_scalar(const YamlNode& node) {
  return node.kind == YamlNode::Kind::Scalar;
}
bool is_map(const YamlNode& node) {
  return node.kind == YamlNode::Kind::Map;
}

class Decoder {
 public:
  AnnotationFields fields;
  std::vector<std::string> wrong;
  std::uint32_t first_wrong_row = 0;

  void document(const YamlNode& node) {
    if (node.is_null()) return;
    if (!is_map(node)) return refuse(node, "ast.rawAnnotation");
    std::set<std::string> seen;
    members(node, seen);
  }

 private:
  void complain(std::uint32_t row, std::string_view what) {
    if (wrong.empty()) first_wrong_row = row;
    wrong.push_back(fmt::format("line {}: {}", row, what));
  }

  void refuse(const YamlNode& node, std::string_view type) {
    std::string shown;
    if (is_scalar(node)) {
      constexpr std::size_t kMost = 10, kShown = 7;
      shown = " `" + (node.text.size() > kMost ? node.text.substr(0, kShown) + "..." : node.text) + "`";
    }
    complain(node.row, fmt::format("cannot unmarshal {}{} into {}", node.tag, shown, type));
  }

  bool has_unique_keys(const YamlNode& map) {
    const std::size_t before = wrong.size();
    std::map<std::pair<YamlNode::Kind, std::string_view>, const YamlNode*> keys;
    for (std::size_t i = 0; i < map.children.size(); i += 2) {
      const YamlNode& key = *map.children[i];
      const auto [first, added] = keys.try_emplace({key.kind, key.text}, &key);
      if (!added)
        complain(key.row, fmt::format("mapping key {} already defined at line {}", go::quote(key.text),
                                      first->second->row));
    }
    return wrong.size() == before;
  }

  /// The maps that `<<` names.
  static std::vector<const YamlNode*> merged(const YamlNode& value) {
    std::vector<const YamlNode*> out;
    if (is_map(value)) out.push_back(&value);
    if (value.kind == YamlNode::Kind::Sequence)
      for (const YamlNodePtr& child : value.children) out.push_back(child.get());
    if (out.empty() || !std::ranges::all_of(out, [](const YamlNode* map) { return is_map(*map); }))
      throw YamlProblem{0, "yaml: map merge requires map or sequence of maps as the value"};
    return out;
  }

  void members(const YamlNode& map, std::set<std::string>& seen) {
    if (!has_unique_keys(map)) return;
    std::vector<const YamlNode*> more;
    for (std::size_t i = 0; i < map.children.size(); i += 2) {
      const YamlNode& key = *map.children[i];
      const YamlNode& value = *map.children[i + 1];
      if (key.tag == "!!merge") {
        more = merged(value);
        continue;
      }
      const auto name = text(key);
      if (name && seen.insert(*name).second) member(*name, value);
    }
    for (const YamlNode* one : more) members(*one, seen);
  }

  void member(std::string_view name, const YamlNode& value) {
    if (name == "scope") fields.scope = text(value).value_or("");
    if (name == "title") fields.title = text(value).value_or("");
    if (name == "description") fields.description = text(value).value_or("");
    if (name == "id") (void)text(value);
    if (name == "entrypoint") fields.entrypoint = flag(value);
    if (name == "organizations")
      fields.organizations =
          list<std::string>(value, "[]string", [this](const YamlNode& n) { return text(n); });
    if (name == "related_resources") fields.related_resources = list_of_any(value);
    if (name == "authors") fields.authors = list_of_any(value);
    if (name == "schemas")
      fields.schemas = list<Object>(value, "[]" + std::string(kMap), [this](const YamlNode& n) {
        return n.is_null() ? std::optional(Object{}) : object(n);
      });
    if (name == "compile") fields.compile = object(value);
    if (name == "custom") fields.custom = object(value);
    if (name == "labels") fields.labels = object(value);
  }

  std::optional<std::string> text(const YamlNode& node) {
    if (is_map(node) && !has_unique_keys(node)) return std::nullopt;
    if (!is_scalar(node)) return refuse(node, "string"), std::nullopt;
    if (node.is_null()) return std::nullopt;
    return node.tag == "!!binary" ? as<String>(node.value)->value : node.text;
  }

  bool flag(const YamlNode& node) {
    static constexpr std::string_view kTrue[] = {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"};
    static constexpr std::string_view kFalse[] = {"n", "N", "no", "No", "NO", "off", "Off", "OFF"};
    if (node.is_null()) return false;
    if (const auto* value = as<Boolean>(node.value); value != nullptr && is_scalar(node)) return value->value;
    if (node.tag == "!!str" && std::ranges::find(kTrue, node.text) != std::end(kTrue)) return true;
    const bool no = node.tag == "!!str" && std::ranges::find(kFalse, node.text) != std::end(kFalse);
    if (!no && (!is_map(node) || has_unique_keys(node))) refuse(node, "bool");
    return false;
  }

  template <class T, class F>
  std::vector<T> list(const YamlNode& node, std::string_view type, F&& read) {
    std::vector<T> out;
    if (node.is_null() || (is_map(node) && !has_unique_keys(node))) return out;
    if (node.kind != YamlNode::Kind::Sequence) return refuse(node, type), out;
    for (const YamlNodePtr& child : node.children)
      if (auto one = read(*child)) out.push_back(std::move(*one));
    return out;
  }

  std::vector<Term> list_of_any(const YamlNode& node) {
    return list<Term>(node, "[]interface {}", [this](const YamlNode& n) { return any(n); });
  }

  /// A map[string]interface {}.
  std::optional<Object> object(const YamlNode& node) {
    if (node.is_null()) return std::nullopt;
    if (!is_map(node)) return refuse(node, kMap), std::nullopt;
    return map_of(node, true);
  }

  std::optional<Term> any(const YamlNode& node) {
    if (++nodes_ > kMaxNodes) throw YamlProblem{0, "yaml: document contains excessive aliasing"};
    if (is_scalar(node)) return node.value;
    if (!is_map(node)) return Term{Array{list_of_any(node)}, {}};
    auto members = map_of(node, false);
    return members ? std::optional(Term{std::move(*members), {}}) : std::nullopt;
  }

  std::optional<Object> map_of(const YamlNode& node, bool text_keys) {
    if (!has_unique_keys(node)) return std::nullopt;
    Object out;
    std::vector<const YamlNode*> more;
    for (std::size_t i = 0; i < node.children.size(); i += 2) {
      const YamlNode& key = *node.children[i];
      if (key.tag == "!!merge") {
        more = merged(*node.children[i + 1]);
        continue;
      }
      std::optional<Term> name = key.value;
      if (text_keys || !is_scalar(key)) {
        const auto written = text(key);
        name = written ? std::optional(make_string(*written)) : std::nullopt;
      }
      auto value = any(*node.children[i + 1]);
      if (name && value) out.items.push_back({std::move(*name), std::move(*value)});
    }
    for (const YamlNode* one : more) add_missing(out, *one, text_keys);
    return out;
  }

  void add_missing(Object& out, const YamlNode& from, bool text_keys) {
    auto members = map_of(from, text_keys);
    if (!members) return;
    for (ObjectItem& item : members->items) {
      const auto* name = as<String>(item.key);
      const bool known = name != nullptr && std::ranges::any_of(out.items, [&](const ObjectItem& other) {
                           const auto* key = as<String>(other.key);
                           return key != nullptr && key->value == name->value;
                         });
      if (!known) out.items.push_back(std::move(item));
    }
  }

  std::size_t nodes_ = 0;
};

std::string verb(std::string_view type, std::string_view value) {
  return fmt::format("%!s({}={})", type, value);
}

std::string go_text(const Term& term, bool nested) {
  if (const auto* text = as<String>(term)) return text->value;
  if (const auto* flag = as<Boolean>(term)) return verb("bool", flag->value ? "true" : "false");
  if (const auto* number = as<Number>(term))
    return verb(number->text.find_first_of(".eE") == std::string::npos ? "int" : "float64", number->text);
  std::string out;
  const auto add = [&](const std::string& part) { out += (out.empty() ? "" : " ") + part; };
  if (const auto* list = as<Array>(term)) {
    for (const Term& item : list->items) add(go_text(item, true));
    return "[" + out + "]";
  }
  if (const auto* object = as<Object>(term)) {
    std::map<std::string, std::string> members;
    for (const ObjectItem& item : object->items) members[go_text(item.key, true)] = go_text(item.value, true);
    for (const auto& [key, value] : members) add(key + ":" + value);
    return "map[" + out + "]";
  }
  return nested ? "<nil>" : "%!s(<nil>)";
}

std::string key_problem(const Term& term, const std::string& path) {
  if (const auto* object = as<Object>(term)) {
    const bool texts = std::ranges::all_of(
        object->items, [](const ObjectItem& item) { return as<String>(item.key) != nullptr; });
    return texts ? "" : "invalid map key type(s): " + path;
  }
  const auto* list = as<Array>(term);
  if (list == nullptr) return {};
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    std::string found = key_problem(list->items[i], (path.empty() ? "" : path + "/") + std::to_string(i));
    if (!found.empty()) return found;
  }
  return {};
}

}  // namespace

std::string go_text(const Term& term) {
  return go_text(term, false);
}

std::string key_problem(const Term& term) {
  return key_problem(term, "");
}

std::expected<AnnotationFields, YamlProblem> annotation_fields(std::string_view yaml) {
  const auto root = read_yaml(yaml);
  if (!root) return std::unexpected(root.error());
  try {
    Decoder decoder;
    decoder.document(**root);
    if (decoder.wrong.empty()) return std::move(decoder.fields);
    return std::unexpected(
        YamlProblem{decoder.first_wrong_row,
                    fmt::format("yaml: unmarshal errors:\n  {}", fmt::join(decoder.wrong, "\n  "))});
  } catch (const YamlProblem& problem) {
    return std::unexpected(problem);
  }
}

}  // namespace signalbox::policy::ast
