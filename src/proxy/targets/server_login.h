// The gateway logs in to a server by itself: for a session that moves there, and for health checks.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "proxy/net/channel.h"
#include "proxy/net/task.h"

namespace signalbox::proxy {

struct ServerLogin {
  std::int32_t process = 0;
  std::string key;
  std::vector<std::pair<std::string, std::string>> parameters;  ///< ParameterStatus
};

/// Sends the startup packet and answers what the server asks, up to ReadyForQuery. `password` may be empty:
/// then a server that wants one is an error. The caller's deadline cancels the channel. Errors never hold the
/// password.
Task<Result<ServerLogin>> log_in(Channel& channel, std::string startup_packet, std::string user,
                                 std::string password);

/// One simple query; its rows as text, NULL as "".
Task<Result<std::vector<std::vector<std::string>>>> ask_server(Channel& channel, std::string sql);

}  // namespace signalbox::proxy
