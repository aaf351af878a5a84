// accept4 in small batches, so that a storm of connections does not starve the sessions of this loop.
#include "proxy/net/listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace signalbox::proxy {
namespace {

constexpr int kBatch = 16;
constexpr std::chrono::milliseconds kPause{100};

}  // namespace

Listener::Listener(Loop& loop, Fd fd, MetricsShard& metrics, OnAccept on_accept)
    : loop_(loop), fd_(std::move(fd)), metrics_(metrics), on_accept_(std::move(on_accept)), resume_([this] {
        loop_.change(fd_.get(), EPOLLIN, *this);
      }) {
  loop_.watch(fd_.get(), EPOLLIN, *this);
}

Listener::~Listener() {
  loop_.forget(fd_.get(), *this);
}

void Listener::pause() {
  loop_.change(fd_.get(), 0, *this);
  resume_.arm(loop_.timers(), kPause);
}

void Listener::on_events(std::uint32_t) {
  for (int i = 0; i < kBatch; ++i) {
    Endpoint peer;
    peer.size = sizeof peer.address;
    Fd client(::accept4(fd_.get(), reinterpret_cast<sockaddr*>(&peer.address), &peer.size,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client.valid()) {
      metrics_.add(Counter::ConnectionsAccepted);
      on_accept_(std::move(client), peer);
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (errno == ECONNABORTED || errno == EINTR) continue;
    metrics_.add(Counter::AcceptErrors);
    log::error("cannot accept a connection", {{"error", std::strerror(errno)}});
    pause();
    return;
  }
}

}  // namespace signalbox::proxy
