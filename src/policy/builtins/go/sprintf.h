// fmt.Sprintf over Rego values, as OPA's sprintf hands them to Go: integers within 64 bits as int64, larger
// ones as *big.Int, numbers with a point as float64, strings as they are, everything else as its Rego text.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/value/value.h"

namespace signalbox::policy::go {

/// One argument as Go's fmt sees it.
struct FormatArgument {
  enum class Kind : std::uint8_t { Integer, Float, Big, Text, Boolean, Nil } kind = Kind::Text;
  std::int64_t integer = 0;  ///< or 0 and 1 for a Boolean
  double real = 0;
  std::string text;       ///< digits of a Big, or the text
  std::string_view type;  ///< Go's name of the type where it is not the kind's own: "json.Number"

  std::string_view type_name() const;
};

/// The same with arguments that are no Rego values.
bool sprintf(std::string& out, std::string_view format, std::vector<FormatArgument> args,
             const std::function<bool(std::size_t)>& room);

/// Appends to `out`. `room` is asked with the bytes about to be written and ends the work by returning false;
/// then the result is false.
bool sprintf(std::string& out, std::string_view format, std::span<const Value> args,
             const std::function<bool(std::size_t)>& room);

}  // namespace signalbox::policy::go
