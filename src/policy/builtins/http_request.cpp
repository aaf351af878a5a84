// Which members a request object may have.
#include "policy/builtins/http_request.h"

#include <algorithm>

#include "policy/value/builder.h"

namespace signalbox::policy::builtins {
namespace {

constexpr std::string_view kAllowed[] = {"method",
                                         "url",
                                         "body",
                                         "enable_redirect",
                                         "force_json_decode",
                                         "force_yaml_decode",
                                         "headers",
                                         "raw_body",
                                         "tls_use_system_certs",
                                         "tls_ca_cert",
                                         "tls_ca_cert_file",
                                         "tls_ca_cert_env_variable",
                                         "tls_client_cert",
                                         "tls_client_cert_file",
                                         "tls_client_cert_env_variable",
                                         "tls_client_key",
                                         "tls_client_key_file",
                                         "tls_client_key_env_variable",
                                         "tls_insecure_skip_verify",
                                         "tls_server_name",
                                         "timeout",
                                         "cache",
                                         "force_cache",
                                         "force_cache_duration_seconds",
                                         "raise_error",
                                         "caching_mode",
                                         "max_retry_attempts",
                                         "cache_ignored_headers"};
}  // namespace

std::expected<void, BuiltinError> check_http_request(BuiltinContext& context, const Value& request,
                                                     int position) {
  SetBuilder unknown(context.arena), missing(context.arena);
  for (const Pair& pair : request.as_object()) {
    bool known =
        pair.key.is_string() && std::ranges::find(kAllowed, pair.key.as_string()) != std::end(kAllowed);
    if (!known) unknown.add(pair.key);
  }
  if (Value names = unknown.finish(); names.size() > 0)
    return operand_complaint(position, "invalid request parameters(s): " + to_rego(names));
  for (std::string_view name : {std::string_view("method"), std::string_view("url")})
    if (!request.at(name)) missing.add(Value::string(name));
  if (Value names = missing.finish(); names.size() > 0)
    return operand_complaint(position, "missing required request parameters(s): " + to_rego(names));
  return {};
}

}  // namespace signalbox::policy::builtins
