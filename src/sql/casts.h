// What a cast of PostgreSQL's own makes of a value, where that is the same value: everything else is not
// known.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sql/value.h"

namespace signalbox::sql {

/// `type` is a name of pg_type ("int4"), without modifier. Nothing when the value may be another afterwards,
/// or it is not known. A Parameter keeps the name, for cast_as_written().
std::optional<Literal> cast(Literal value, std::string_view type);

/// The casts on a parameter may be followed when its value is one of `type`.
bool are_followed(const Literal& parameter, std::string_view type);

/// What `value`, bound to `parameter`, is after the casts that stand on that.
Literal cast_as_written(Literal value, const Literal& parameter);

/// The value reads the same as one of that type, so it does not matter whether PostgreSQL takes it for one.
bool reads_the_same_as(const Literal& value, std::string_view type);

}  // namespace signalbox::sql
