// Extended key usages: object identifier, Go's number and OPA's name of each.
#pragma once

#include <openssl/asn1.h>

#include <optional>

namespace signalbox::policy::crypto {

inline constexpr int kAnyUsage = 0, kServerAuthUsage = 1;

std::optional<int> key_usage_of(const ASN1_OBJECT* id);

}  // namespace signalbox::policy::crypto
