// WireError: a peer broke the protocol. Not a refusal, not our environment's fault: the peer's.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::proxy::wire {

struct WireError {
  std::string message;                  ///< as PostgreSQL words it
  std::string_view sqlstate = "08P01";  ///< protocol_violation unless said otherwise
};

}  // namespace signalbox::proxy::wire
