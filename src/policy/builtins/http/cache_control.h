// How long a response may be kept (RFC 7234), as OPA decides it.
#pragma once

#include <cstdint>
#include <optional>

#include "policy/builtins/http/client.h"

namespace signalbox::policy::http {

/// Status codes that may be kept at all.
bool is_cacheable(int status);
/// No `Cache-Control: no-store`.
bool may_store(const Response& response);
/// Unix nanoseconds up to which the response is fresh, by max-age and Date, or Expires. Nothing when the
/// headers are malformed; long ago when they do not say.
std::optional<std::int64_t> expiry(const Response& response);

}  // namespace signalbox::policy::http
