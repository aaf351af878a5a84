// The categories of built-ins. Adding one = a file with a table, a line here and a line in list.cpp.
#pragma once

#include <span>

#include "policy/builtins/builtin.h"

namespace signalbox::policy::builtins {

std::span<const Builtin> aggregates();
std::span<const Builtin> arrays();
std::span<const Builtin> aws();
std::span<const Builtin> bits();
std::span<const Builtin> casts();
std::span<const Builtin> cidr();
std::span<const Builtin> comparison();
std::span<const Builtin> encoding();
std::span<const Builtin> glob();
std::span<const Builtin> graph();
std::span<const Builtin> graphql_calls();
std::span<const Builtin> hashes();
std::span<const Builtin> http_send();
std::span<const Builtin> internal_calls();
std::span<const Builtin> jwt_constraints();
std::span<const Builtin> jwt_readers();
std::span<const Builtin> jwt_signers();
std::span<const Builtin> json_paths();
std::span<const Builtin> json_schema();
std::span<const Builtin> lookups();
std::span<const Builtin> numbers();
std::span<const Builtin> objects();
std::span<const Builtin> regex();
std::span<const Builtin> rego();
std::span<const Builtin> render_template();
std::span<const Builtin> semver();
std::span<const Builtin> sets();
std::span<const Builtin> strings();
std::span<const Builtin> time();
std::span<const Builtin> types();
std::span<const Builtin> units();
std::span<const Builtin> uri();
std::span<const Builtin> uuid();
std::span<const Builtin> x509();
std::span<const Builtin> yaml();

}  // namespace signalbox::policy::builtins
