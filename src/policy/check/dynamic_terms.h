// Bodies as the type checker reads them: operands hold no references and no comprehensions.
#pragma once

#include <map>
#include <string>

#include "policy/check/context.h"

namespace signalbox::policy::check {

/// What `==` is: by the time of this stage OPA has turned it into `=` in modules, in queries it has not.
enum class Equality : std::uint8_t { Unifies, Compares };

struct HoistedBody {
  ast::Body body;
  std::map<std::string, ast::Term> moved;  ///< what each new variable stands for, to be shown to authors
};

HoistedBody with_terms_hoisted(Context& context, ast::Body body, Equality equality);

}  // namespace signalbox::policy::check
