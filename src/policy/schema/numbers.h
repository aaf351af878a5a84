// Numbers as the schema library has them: exact fractions that print as Go's big.Float.
#pragma once

#include <string>

#include "policy/value/value.h"

namespace signalbox::policy::schema {

/// An integer, however it is spelled: 1.0, 1e2.
bool is_whole(const Value& number);
/// Whether `number` is a whole multiple of `of`, exactly.
bool is_multiple(const Value& number, const Value& of);
/// The shortest spelling that reads back the same at 64 bits (or the number's own size if larger), "%g".
std::string bound_text(const Value& number);

}  // namespace signalbox::policy::schema
