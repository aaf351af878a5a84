// Two servers may give out the same process id, so the key decides.
#include "proxy/targets/cancel_registry.h"

#include <openssl/crypto.h>

namespace signalbox::proxy {

CancelRegistry::Entry CancelRegistry::add(std::int32_t process, std::string_view key, CancelTarget target) {
  std::lock_guard lock(mutex_);
  const std::uint64_t number = next_++;
  known_.emplace(process, Known{number, std::string(key), std::move(target)});
  return {*this, process, number};
}

void CancelRegistry::remove(std::int32_t process, std::uint64_t number) {
  std::lock_guard lock(mutex_);
  const auto [first, last] = known_.equal_range(process);
  for (auto at = first; at != last; ++at) {
    if (at->second.number != number) continue;
    known_.erase(at);
    return;
  }
}

std::optional<CancelTarget> CancelRegistry::find(std::int32_t process, std::string_view key) const {
  std::lock_guard lock(mutex_);
  const auto [first, last] = known_.equal_range(process);
  for (auto at = first; at != last; ++at) {
    const std::string& known = at->second.key;
    if (known.size() == key.size() && CRYPTO_memcmp(known.data(), key.data(), key.size()) == 0) {
      return at->second.target;
    }
  }
  return std::nullopt;
}

bool CancelRegistry::begin(std::size_t limit) {
  if (in_flight_.fetch_add(1, std::memory_order_relaxed) < limit) return true;
  end();
  return false;
}

}  // namespace signalbox::proxy
