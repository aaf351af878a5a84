// A frame of a login: read whole, and bounded, because nobody has been believed yet.
#pragma once

#include <string_view>

#include "proxy/net/inlet.h"
#include "proxy/net/task.h"
#include "proxy/wire/frame.h"

namespace signalbox::proxy {

/// The next message of the server, or the next password message of the client; it stays at the front of
/// `from`. Empty when the peer is gone, says something else, or too much.
Task<std::string_view> login_frame(Inlet& from, wire::Sender sender);

}  // namespace signalbox::proxy
