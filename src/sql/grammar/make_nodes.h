// Making parse-tree nodes, in the memory of the tree at hand.
#pragma once

#include <algorithm>
#include <string_view>

#include "sql/grammar/tree.h"

extern "C" {
void* palloc0(size_t size);
}

namespace signalbox::sql::SIGNALBOX_GRAMMAR {

template <class T>
T* make_node(NodeTag tag) {
  T* node = static_cast<T*>(palloc0(sizeof(T)));
  reinterpret_cast<Node*>(node)->type = tag;
  return node;
}

inline char* make_text(std::string_view text) {
  char* copy = static_cast<char*>(palloc0(text.size() + 1));
  std::ranges::copy(text, copy);
  return copy;
}

template <class T>
Node* as_node(T* node) {
  return reinterpret_cast<Node*>(node);
}
template <class T>
T* mutable_as(const Node* node) {
  return const_cast<T*>(as<T>(node));
}

inline List* one_of(void* element) {
  return lappend(nullptr, element);
}

inline Node* make_string(std::string_view text) {
  String* node = make_node<String>(T_String);
  node->sval = make_text(text);
  return as_node(node);
}

inline Node* make_column(std::string_view name) {
  ColumnRef* ref = make_node<ColumnRef>(T_ColumnRef);
  ref->fields = one_of(make_string(name));
  ref->location = -1;
  return as_node(ref);
}

inline Node* make_integer(int value) {
  A_Const* node = make_node<A_Const>(T_A_Const);
  node->val.ival.type = T_Integer;
  node->val.ival.ival = value;
  node->location = -1;
  return as_node(node);
}

/// A literal in quotes, or NULL.
inline Node* make_literal(const char* text) {
  A_Const* node = make_node<A_Const>(T_A_Const);
  node->location = -1;
  node->isnull = text == nullptr;
  if (text != nullptr) node->val.sval.type = T_String, node->val.sval.sval = make_text(text);
  return as_node(node);
}

inline Node* make_false() {
  A_Const* node = make_node<A_Const>(T_A_Const);
  node->val.boolval.type = T_Boolean;
  node->val.boolval.boolval = false;
  node->location = -1;
  return as_node(node);
}

/// `left AND right`; a null side stands for true. As PostgreSQL's grammar does, an AND on the left takes the
/// right side in.
inline Node* make_and(Node* left, Node* right) {
  if (left == nullptr) return right;
  if (IsA(left, BoolExpr) && as<BoolExpr>(left)->boolop == AND_EXPR) {
    auto* both = reinterpret_cast<BoolExpr*>(left);
    both->args = lappend(both->args, right);
    return left;
  }
  BoolExpr* both = make_node<BoolExpr>(T_BoolExpr);
  both->boolop = AND_EXPR;
  both->args = lappend(one_of(left), right);
  both->location = -1;
  return as_node(both);
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
