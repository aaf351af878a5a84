// X.509 certificates and certificate requests as Go's crypto/x509 types print in JSON.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/value/value.h"

namespace signalbox::policy::crypto {

/// The DER of each certificate in PEM, in base64 of PEM, or in base64 of DER one after the other. Errors read
/// as Go's.
std::expected<std::vector<std::string>, std::string> certificates(std::string_view text);
std::expected<std::string, std::string> certificate_request(std::string_view text);

enum class UriStrings : std::uint8_t { Leave, Add };  ///< OPA's extra member with the URIs as text
/// Undefined when the DER is no certificate.
Value certificate_json(Arena& arena, std::string_view der, UriStrings uris);
Value certificate_request_json(Arena& arena, std::string_view der);

struct VerifyOptions {
  std::string dns_name;
  std::optional<std::int64_t> time_ns;  ///< now, when absent
  std::vector<int> key_usages;          ///< Go's x509.ExtKeyUsage; empty: ServerAuth
};
/// Go's number of an extended key usage's name ("KeyUsageServerAuth"); nothing when it has none.
std::optional<int> key_usage_named(std::string_view name);

/// The chain from the last certificate, the leaf, to the first, the root; empty when it cannot be verified.
std::vector<std::string> verified_chain(const std::vector<std::string>& ders, const VerifyOptions& options,
                                        std::int64_t now_ns);

}  // namespace signalbox::policy::crypto
