// What Go's encoding/asn1 says of bytes that are not the structure they should be.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::policy::crypto {

/// `structure` is the Go type that was to be read: "pkcs8".
std::string der_problem(std::string_view der, std::string_view structure);

}  // namespace signalbox::policy::crypto
