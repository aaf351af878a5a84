// fmt.Sprintf over Rego values, as OPA's sprintf hands them to Go: integers within 64 bits as int64, larger
// ones as *big.Int, numbers with a point as float64, strings as they are, everything else as its Rego text.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "policy/value/value.h"

namespace signalbox::policy::go {

/// Appends to `out`. `room` is asked with the bytes about to be written and ends the work by returning false;
/// then the result is false.
bool sprintf(std::string& out, std::string_view format, std::span<const Value> args,
             const std::function<bool(std::size_t)>& room);

}  // namespace signalbox::policy::go
