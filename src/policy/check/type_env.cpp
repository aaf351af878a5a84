// Looking types up. A reference that nothing is known of may be anything if it begins with data or input:
// base documents have no types unless a schema gives them one.
#include "policy/check/type_env.h"

#include <span>

namespace signalbox::policy::check {
namespace {

using PathAndType = std::pair<std::vector<ast::Term>, TypePtr>;

bool is_root_document(const ast::Term& term) {
  const auto* var = ast::as<ast::Var>(term);
  return var != nullptr && (var->name == "data" || var->name == "input");
}

/// The type of what the rest of a reference names in a value of this type.
TypePtr select_path(TypePtr type, std::span<const ast::Term> rest) {
  for (const ast::Term& part : rest) {
    if (type == nullptr) return nullptr;
    const bool scalar = part.node.index() <= 3;
    type = scalar ? select(type, part) : values_of(type);
  }
  return type;
}

/// An object that also has `type` at `path`.
TypePtr with_path(const TypePtr& object, std::span<const ast::Term> path, const TypePtr& type) {
  if (path.empty()) return object;
  const TypePtr key = type_of(path[0]);
  const TypePtr below = path.size() == 1 ? type : with_path(object_type({}), path.subspan(1), type);
  if (!object->open) return object_type(object->properties, key, below);
  return object_type(object->properties, either(object->key, key), either(object->value, below));
}

TypePtr merged(TypePtr a, TypePtr b) {
  if (a == nullptr) return b;
  if (b == nullptr) return a;
  if (a->kind == TypeKind::Any && b->kind != TypeKind::Any) std::swap(a, b);
  if (a->kind == TypeKind::Set && b->kind == TypeKind::Set) return set_type(either(a->rest, b->rest));
  const bool bare = a->kind == TypeKind::Object && a->properties.empty() && a->open;
  if (bare && b->kind == TypeKind::Object && b->properties.empty() && b->open)
    return object_type({}, either(a->key, b->key), merged(a->value, b->value));
  return either(a, b);
}

void collect(const TypeNode& node, std::vector<ast::Term>& path, std::vector<PathAndType>& out) {
  for (const auto& [key, child] : node.children) {
    path.push_back(key);
    if (child->type != nullptr) {
      out.emplace_back(path, child->type);
    } else {
      collect(*child, path, out);
    }
    path.pop_back();
  }
}

}  // namespace

const TypeNode* TypeNode::child(const ast::Term& key) const {
  const auto found = children.find(key);
  return found == children.end() ? nullptr : found->second.get();
}

TypeNode& TypeNode::make_child(const ast::Term& key) {
  auto& child = children[key];
  if (child == nullptr) child = std::make_unique<TypeNode>();
  return *child;
}

TypeNode& TypeNode::make_path(const ast::Ref& path) {
  TypeNode* node = this;
  for (const ast::Term& part : path.terms) node = &node->make_child(part);
  return *node;
}

TypePtr TypeEnv::of(const ast::Term& term) const {
  return std::visit(
      [&]<class T>(const T& node) -> TypePtr {
        if constexpr (std::is_same_v<T, ast::Var>) {
          if (const TypeNode* known = tree_->child(term)) return known->type;
          return below_ == nullptr ? nullptr : below_->of(term);
        } else if constexpr (std::is_same_v<T, ast::Ref>) {
          return of(node);
        } else if constexpr (std::is_same_v<T, ast::Array>) {
          std::vector<TypePtr> parts;
          for (const ast::Term& item : node.items) parts.push_back(of(item));
          const TypePtr rest = parts.empty() ? any_type() : nullptr;
          return array_type(std::move(parts), rest);
        } else if constexpr (std::is_same_v<T, ast::Set>) {
          TypePtr members;
          for (const ast::Term& item : node.items) members = either(members, of(item));
          return set_type(members == nullptr ? any_type() : members);
        } else if constexpr (std::is_same_v<T, ast::Object>) {
          std::vector<Property> properties;
          bool open = node.items.empty();
          TypePtr key = open ? any_type() : nullptr, value = key;
          for (const ast::ObjectItem* item : ast::sorted_items(node)) {
            if (ast::is_constant(item->key)) {
              properties.push_back({item->key, of(item->value)});
            } else {
              open = true, key = of(item->key), value = of(item->value);
            }
          }
          return open ? object_type(std::move(properties), key, value) : object_type(std::move(properties));
        } else if constexpr (std::is_same_v<T, ast::ArrayComprehension> ||
                             std::is_same_v<T, ast::SetComprehension> ||
                             std::is_same_v<T, ast::ObjectComprehension>) {
          return comprehension_(*this, term);
        } else if constexpr (std::is_same_v<T, ast::Call>) {
          return nullptr;
        } else if constexpr (std::is_same_v<T, ast::TemplateString>) {
          return scalar_type(TypeKind::String);
        } else {
          return type_of(term);
        }
      },
      term.node);
}

TypePtr TypeEnv::of(const ast::Ref& ref) const {
  const TypeNode* node = tree_->child(ref.terms.front());
  return node == nullptr ? fall_back(ref) : follow(*node, ref, 1);
}

TypePtr TypeEnv::fall_back(const ast::Ref& ref) const {
  if (below_ != nullptr) return below_->of(ref);
  return is_root_document(ref.terms.front()) ? any_type() : nullptr;
}

TypePtr TypeEnv::follow(const TypeNode& node, const ast::Ref& ref, std::size_t at) const {
  if (at == ref.terms.size()) return extent(node);
  const std::span<const ast::Term> rest = std::span(ref.terms).subspan(at);
  const TypeNode* child = node.child(rest.front());
  if (node.type != nullptr)
    return child != nullptr ? follow(*child, ref, at + 1) : select_path(node.type, rest);
  if (!ast::is_constant(rest.front())) return select_path(extent(node), rest);
  return child == nullptr ? fall_back(ref) : follow(*child, ref, at + 1);
}

TypePtr TypeEnv::extent(const TypeNode& node) const {
  if (node.type != nullptr) return node.type;
  std::vector<Property> properties;
  for (const auto& [key, child] : node.children) {
    const TypePtr type = extent(*child);
    if (key.node.index() >= 1 && key.node.index() <= 3) properties.push_back({key, type});
  }
  return object_type(std::move(properties), scalar_type(TypeKind::String), any_type());
}

void TypeEnv::add(const ast::Ref& path, const TypePtr& type) {
  TypeNode* node = tree_.get();
  for (std::size_t i = 0; i < path.terms.size(); ++i) {
    const bool last = i + 1 == path.terms.size();
    TypeNode& child = node->make_child(path.terms[i]);
    if (!last && child.type != nullptr && child.type->kind == TypeKind::Object)
      child.type = with_path(child.type, std::span(path.terms).subspan(i + 1), type);
    node = &child;
  }
  node->type = merged(node->type, type);
  if (type->kind != TypeKind::Object || node->type->kind != TypeKind::Object) return;
  std::vector<ast::Term> way;
  std::vector<PathAndType> leaves;
  for (const auto& [key, child] : node->children) {
    way.push_back(key);
    if (child->type != nullptr) {
      leaves.emplace_back(way, child->type);
    } else {
      collect(*child, way, leaves);
    }
    way.pop_back();
  }
  for (const auto& [at, leaf] : leaves) node->type = with_path(node->type, at, leaf);
}

}  // namespace signalbox::policy::check
