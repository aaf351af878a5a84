// strconv.ParseFloat and FormatFloat, as far as Rego shows them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace signalbox::policy::go {

/// The text without the underscores that stand between its digits; unchanged where one stands elsewhere.
std::string without_underscores(std::string_view text);

/// What strconv.ParseFloat(text, 64) complains about ("invalid syntax", "value out of range"), or nothing.
/// Infinities and NaN are not accepted here.
std::optional<std::string_view> parse_float_problem(std::string_view text);

/// A number that ParseFloat accepts, respelled as JSON has it: "+1" -> "1", ".5" -> "0.5", "0x1p-2" ->
/// "0.25".
std::string json_spelling(std::string_view text);

/// strconv.FormatFloat(value, verb, precision, 64). Verbs e E f g G b x X; precision -1 is the shortest that
/// reads back the same.
std::string format_float(double value, char verb, int precision);

}  // namespace signalbox::policy::go
