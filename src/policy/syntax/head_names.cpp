// Which of the two a head has depends on how it was written, not on what it means.
#include "policy/syntax/head_names.h"

namespace signalbox::policy::ast {
namespace {

/// A part that only evaluation can tell: a variable somewhere in it, or a reference.
bool is_open(const Term& part) {
  return !is_constant(part);
}

}  // namespace

HeadNames names_of(const Rule& rule) {
  const RuleHead& head = rule.head;
  const auto& parts = head.ref.terms;
  const auto* first = as<Var>(parts.front());
  const std::string* name = first == nullptr ? nullptr : &first->name;
  HeadNames out;
  if (head.key) out.key = &*head.key;
  if (parts.size() == 1) {
    out.name = name;
  } else if (parts.size() == 2 && !rule.is_default && !head.keywords.contains) {
    if (head.keywords.if_) {
      if (!head.generated_value || head.is_function) out.name = name;
      if (!head.is_function && is_open(parts[1])) out.key = &parts[1];
    } else if (!head.is_function) {
      out.name = name;
      out.key = &parts[1];
    }
  }
  return out;
}

}  // namespace signalbox::policy::ast
