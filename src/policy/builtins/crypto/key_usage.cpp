// The table of extended key usages.
#include "policy/builtins/crypto/key_usage.h"

#include <openssl/objects.h>

#include <array>
#include <string_view>

#include "policy/builtins/crypto/certificate.h"

namespace signalbox::policy::crypto {
namespace {

struct KeyUsage {
  std::string_view name, id;
};
/// In the order of Go's enumeration.
constexpr std::array<KeyUsage, 14> kUsages = {{
    {"KeyUsageAny", "2.5.29.37.0"},
    {"KeyUsageServerAuth", "1.3.6.1.5.5.7.3.1"},
    {"KeyUsageClientAuth", "1.3.6.1.5.5.7.3.2"},
    {"KeyUsageCodeSigning", "1.3.6.1.5.5.7.3.3"},
    {"KeyUsageEmailProtection", "1.3.6.1.5.5.7.3.4"},
    {"KeyUsageIPSECEndSystem", "1.3.6.1.5.5.7.3.5"},
    {"KeyUsageIPSECTunnel", "1.3.6.1.5.5.7.3.6"},
    {"KeyUsageIPSECUser", "1.3.6.1.5.5.7.3.7"},
    {"KeyUsageTimeStamping", "1.3.6.1.5.5.7.3.8"},
    {"KeyUsageOCSPSigning", "1.3.6.1.5.5.7.3.9"},
    {"KeyUsageMicrosoftServerGatedCrypto", "1.3.6.1.4.1.311.10.3.3"},
    {"KeyUsageNetscapeServerGatedCrypto", "2.16.840.1.113730.4.1"},
    {"KeyUsageMicrosoftCommercialCodeSigning", "1.3.6.1.4.1.311.2.1.22"},
    {"KeyUsageMicrosoftKernelCodeSigning", "1.3.6.1.4.1.311.61.1.1"},
}};

}  // namespace

std::optional<int> key_usage_named(std::string_view name) {
  for (std::size_t i = 0; i < kUsages.size(); ++i)
    if (kUsages[i].name == name) return static_cast<int>(i);
  return std::nullopt;
}

std::optional<int> key_usage_of(const ASN1_OBJECT* id) {
  std::array<char, 128> text{};
  OBJ_obj2txt(text.data(), static_cast<int>(text.size()), id, 1);
  for (std::size_t i = 0; i < kUsages.size(); ++i)
    if (kUsages[i].id == text.data()) return static_cast<int>(i);
  return std::nullopt;
}

}  // namespace signalbox::policy::crypto
