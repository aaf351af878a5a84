// Listener: accepts connections on one loop and hands them over. Survives exhaustion of file descriptors: it
// pauses and tries again instead of spinning or dying.
#pragma once

#include <functional>

#include "base/metrics.h"
#include "proxy/net/address.h"
#include "proxy/net/fd.h"
#include "proxy/net/loop.h"

namespace signalbox::proxy {

class Listener final : public Pollable {
 public:
  using OnAccept = std::function<void(Fd, const Endpoint& peer)>;

  Listener(Loop& loop, Fd fd, MetricsShard& metrics, OnAccept on_accept);
  ~Listener() override;
  void on_events(std::uint32_t epoll_events) override;

 private:
  void pause();

  Loop& loop_;
  Fd fd_;
  MetricsShard& metrics_;
  OnAccept on_accept_;
  Timer resume_;
};

}  // namespace signalbox::proxy
