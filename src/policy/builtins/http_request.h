// The request object that http.send and providers.aws.sign_req take.
#pragma once

#include "policy/builtins/builtin.h"

namespace signalbox::policy::builtins {

/// Refuses unknown members and missing ones ("method", "url"), with OPA's messages.
std::expected<void, BuiltinError> check_http_request(BuiltinContext& context, const Value& request,
                                                     int position);

}  // namespace signalbox::policy::builtins
