// The children of a parse-tree node, by the table of this grammar's nodes (nodes_NN.inc).
#pragma once

#include <type_traits>

#include "sql/grammar/tree.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {

/// Calls child(pointer) for each. False: a node that this version does not know.
template <class Child>
bool for_children(const Node* node, Child child) {
  switch (nodeTag(node)) {
#define CHILD(field) child(self->field);
#define NODE(type, children)                            \
  case T_##type: {                                      \
    [[maybe_unused]] const auto* self = as<type>(node); \
    children break;                                     \
  }
#include SIGNALBOX_GRAMMAR_NODES
#undef NODE
#undef CHILD
    default: return false;
  }
  return true;
}

/// Calls slot(place) for each place of a child where another node may be put, and with a copy of the pointer
/// where only a node of that type may stand.
template <class Slot>
bool for_slots(Node* node, Slot slot) {
  [[maybe_unused]] const auto child = [&](auto& field) {
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(field)>, Node*>) {
      slot(field);
    } else {
      Node* fixed = reinterpret_cast<Node*>(field);
      slot(fixed);
    }
  };
  if (IsA(node, List)) {
    auto* list = reinterpret_cast<List*>(node);
    for (int i = 0; i < list->length; ++i) {
      auto* element = static_cast<Node*>(list->elements[i].ptr_value);
      slot(element);
      list->elements[i].ptr_value = element;
    }
    return true;
  }
  switch (nodeTag(node)) {
#define CHILD(field) child(self->field);
#define NODE(type, children)                                     \
  case T_##type: {                                               \
    [[maybe_unused]] auto* self = reinterpret_cast<type*>(node); \
    children break;                                              \
  }
#include SIGNALBOX_GRAMMAR_NODES
#undef NODE
#undef CHILD
    default: return false;
  }
  return true;
}

/// No children, or none that concern anybody who walks expressions.
inline bool is_leaf(const Node* node) {
  switch (nodeTag(node)) {
    case T_A_Const:
    case T_Integer:
    case T_Float:
    case T_Boolean:
    case T_String:
    case T_BitString:
    case T_A_Star:
    case T_IntList:
    case T_OidList:
    case T_ParamRef:
    case T_TypeName:
    case T_SQLValueFunction:
    case T_SetToDefault: return true;
    default: return false;
  }
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
