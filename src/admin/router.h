// The router: finds the route of a request, checks who asks, runs the handler, audits changes.
#pragma once

#include <string>

#include "admin/context.h"
#include "admin/http.h"
#include "base/secret.h"

namespace signalbox::admin {

struct Tokens {
  Secret read;
  Secret operate;
  Secret debug;
  bool none() const { return read.empty() && operate.empty() && debug.empty(); }
};

/// The role that the Authorization header earns. Without any token configured, callers on this machine may
/// read (server.cpp listens on loopback only then) and nobody may change anything. Takes the same time
/// whatever the token is.
Role role_of(const Tokens& tokens, const Request& request);

/// The answer to a request. Never throws.
Response answer(const Context& context, const Tokens& tokens, Request request);

}  // namespace signalbox::admin
