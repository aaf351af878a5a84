// The bridge between OpenSSL and a Channel's socket.
#pragma once

#include <openssl/types.h>

#include <string>

namespace signalbox::proxy {

class Channel;

/// Makes `ssl` read from and write to the channel's socket. `already_read` is given to OpenSSL before
/// anything that comes from the socket. The channel must outlive the SSL's use.
void attach_tls(SSL* ssl, Channel& channel, std::string already_read);

}  // namespace signalbox::proxy
