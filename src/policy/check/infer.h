// Inference: terms meet types. A variable that nothing is known of takes the type it is used as.
#pragma once

#include "policy/check/type_env.h"

namespace signalbox::policy::check {

/// Whether several types are tried for one variable, whose types then add up.
enum class Trying : std::uint8_t { One, Several };

/// `term` is used as `type`: can it be? Its variables learn from it.
bool infer(TypeEnv& env, const ast::Term& term, const TypePtr& type, Trying trying = Trying::One);

/// `a = b`: can they be equal? `type_a` and `type_b` are what is known of them so far.
bool infer_equal(TypeEnv& env, const ast::Term& a, const TypePtr& type_a, const ast::Term& b,
                 const TypePtr& type_b);

}  // namespace signalbox::policy::check
