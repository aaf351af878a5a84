// JSON text as Go's encoding/json treats it, beyond what value/json.h reads and writes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/builtins/builtin.h"

namespace signalbox::policy::builtins {

/// json.Valid: one document, no bound on numbers.
bool is_valid_json(std::string_view text);
/// OPA's decoder looks whether a token follows the document, and takes `null` for the end.
std::optional<std::string_view> document_before_null(std::string_view text);
/// What OPA's decoder says about a text that is no JSON document: "unexpected EOF", "invalid character 'x'
/// looking for beginning of value", ...
std::string json_complaint(std::string_view text);
/// json.MarshalIndent's layout of compact JSON; the first line has no prefix.
std::string indent_json(std::string_view compact, std::string_view prefix, std::string_view indent);

/// Charges a walk over the whole value; false when a limit is hit.
bool charge_value(BuiltinContext& context, const Value& value);

}  // namespace signalbox::policy::builtins
