// net.lookup_ip_addr: name resolution, where the host allows it; once per name and evaluation.
#include <netdb.h>
#include <sys/socket.h>

#include <cstring>
#include <map>
#include <memory>

#include "policy/builtins/declare.h"
#include "policy/builtins/go/ip.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

using Addresses = std::vector<std::string>;

struct Resolved {
  std::map<std::string, Addresses, std::less<>> by_name;
};

std::string text_of(const addrinfo& entry) {
  go::Ip ip;
  if (entry.ai_family == AF_INET6) {
    std::memcpy(ip.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(entry.ai_addr)->sin6_addr, 16);
  } else {
    ip.bytes[10] = ip.bytes[11] = 0xFF;
    std::memcpy(ip.bytes.data() + 12, &reinterpret_cast<const sockaddr_in*>(entry.ai_addr)->sin_addr, 4);
  }
  return go::to_text(ip);
}

std::expected<Addresses, std::string> resolve(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  int status = getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (status != 0)
    return std::unexpected("lookup " + name + ": " +
                           (status == EAI_NONAME ? "no such host" : gai_strerror(status)));
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  Addresses out;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next)
    if (entry->ai_family == AF_INET || entry->ai_family == AF_INET6) out.push_back(text_of(*entry));
  return out;
}

BuiltinResult lookup(BuiltinContext& context, std::string_view name) {
  if (!context.host.dns) return builtin_failure("unallowed host: " + std::string(name));
  if (!context.meter.charge(1000)) return limit_failure();
  auto& known = context.evaluation.of<Resolved>().by_name;
  auto at = known.find(name);
  if (at == known.end()) {
    auto addresses = resolve(std::string(name));
    if (!addresses) return builtin_failure(addresses.error());
    at = known.emplace(name, std::move(*addresses)).first;
  }
  SetBuilder out(context.arena);
  for (const std::string& address : at->second) out.add(copy_string(context.arena, address));
  return out.finish();
}

constexpr Builtin kTable[] = {
    declare("net", "net.lookup_ip_addr", "(string) => set[string]", typed<lookup>,
            {.nondeterministic = true}),
};

}  // namespace

std::span<const Builtin> lookups() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
