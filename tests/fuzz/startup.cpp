// The startup packet's parser, on bytes of a stranger. What parses must survive being written and parsed
// again.
#include "proxy/wire/startup.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace signalbox::proxy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size >= 4) (void)wire::startup_length(bytes.substr(0, 4));
  const auto packet = wire::parse_startup(bytes);
  if (!packet) return 0;
  if (const auto* startup = std::get_if<wire::Startup>(&*packet)) {
    const auto again = wire::parse_startup(wire::encode(*startup));
    if (!again || std::get<wire::Startup>(*again).parameters != startup->parameters) std::abort();
  }
  return 0;
}
