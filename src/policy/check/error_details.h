// What OPA's type errors tell beyond their message, as its JSON. Of built-ins' parameters the types are told,
// not their names and descriptions.
#pragma once

#include <string>
#include <vector>

#include "policy/check/type.h"

namespace signalbox::policy::check {

/// Operands that do not fit: {"have": [...], "want": {"args": [...]}}.
std::string argument_details(const std::vector<TypePtr>& have, const std::vector<TypePtr>& want,
                             const TypePtr& variadic);
/// Two sides that cannot be equal.
std::string match_details(const TypePtr& left, const TypePtr& right);
/// The part of a reference at `position` is none of the keys `want`; `one_of`: those that are known are told.
std::string undefined_details(const ast::Ref& ref, std::size_t position, const TypePtr& have,
                              const TypePtr& want, const TypePtr& one_of);
/// The part of a reference at `position` has no members.
std::string unsupported_details(const ast::Ref& ref, std::size_t position, const TypePtr& have);

}  // namespace signalbox::policy::check
