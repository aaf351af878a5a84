// The request object of http.send, read.
#pragma once

#include <expected>
#include <string>

#include "policy/builtins/builtin.h"
#include "policy/builtins/http/client.h"

namespace signalbox::policy::http {

/// The request that the object asks for; http.send's complaint about it otherwise (without the name).
std::expected<Request, BuiltinError> read_request(const BuiltinHost& host, const Value& object);

/// Empty when the host may be asked; "disallowed host: x" otherwise.
std::string host_problem(const BuiltinHost& host, const go::Url& url);

}  // namespace signalbox::policy::http
