// Answers in the forms that OPA's REST API has, which ours uses throughout.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "admin/http.h"
#include "base/diagnostic.h"
#include "base/result.h"

namespace signalbox::admin {

// OPA's error codes.
inline constexpr std::string_view kInternalError = "internal_error";
inline constexpr std::string_view kEvaluationError = "evaluation_error";
inline constexpr std::string_view kUnauthorized = "unauthorized";
inline constexpr std::string_view kInvalidParameter = "invalid_parameter";
inline constexpr std::string_view kInvalidOperation = "invalid_operation";
inline constexpr std::string_view kNotFound = "resource_not_found";

/// A document. Text that is not UTF-8 is repaired, not refused.
Response reply(const nlohmann::ordered_json& body, int status = 200);
/// A document that is JSON text already.
Response reply_text(std::string json, int status = 200);
/// {"code": ..., "message": ...}
Response refuse(int status, std::string_view code, std::string_view message);
/// The same with an `errors` list: {"code", "message", "location": {"file", "row", "col"}}.
Response refuse(int status, std::string_view code, std::string_view message, const Diagnostics& errors);
/// The status and code that fit an Error.
Response refuse(const Error& error);

/// {"file", "row", "col", "code", "message", "severity", "hint"}
nlohmann::ordered_json as_json(const Diagnostic& diagnostic);

/// Nanoseconds since the epoch as RFC 3339 with microseconds, UTC.
std::string time_text(std::int64_t wall_ns);

}  // namespace signalbox::admin
