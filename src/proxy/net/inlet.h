// Inlet: the bytes that came from one peer and have not been dealt with yet.
//
//   while (co_await inlet.more() == Io::Ok) { ... inlet.bytes() ... inlet.consume(n); }
//
// The bytes lie in the loop's scratch buffer (no copy, no memory per session) as long as everything read is
// consumed before the next suspension. What must survive a suspension is kept(): copied into the session.
// more() does so with what is left over, so an incomplete message is simply left unconsumed.
#pragma once

#include <string>
#include <string_view>

#include "proxy/net/channel.h"

namespace signalbox::proxy {

class Inlet {
 public:
  explicit Inlet(Channel& channel) : channel_(&channel) {}

  std::string_view bytes() const { return view_; }
  void consume(std::size_t n) {
    view_.remove_prefix(n);
    if (view_.empty()) release();
  }
  /// Copies what is unconsumed out of the scratch buffer. bytes() stays valid over suspensions from now on.
  void keep();

  /// Reads more; what is unconsumed stays in front of it. bytes() moves.
  class More {
   public:
    explicit More(Inlet& inlet);
    bool await_ready() { return read_.await_ready(); }
    void await_suspend(std::coroutine_handle<> self) { read_.await_suspend(self); }
    Io await_resume();

   private:
    Inlet& inlet_;
    Channel::Read read_;
  };
  More more() { return More(*this); }

  Channel& channel() { return *channel_; }

 private:
  void release();

  Channel* channel_;
  std::string kept_;       ///< owned bytes; view_ is its tail when it is not empty
  std::string_view view_;  ///< into kept_ or the scratch buffer
};

}  // namespace signalbox::proxy
