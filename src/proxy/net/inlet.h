// Inlet: the bytes that came from one peer and have not been dealt with yet.
//
//   while (co_await inlet.more() == Io::Ok) { ... inlet.bytes() ... inlet.consume(n); }
//
// The bytes lie in the loop's scratch buffer: no copy, no memory per session. Whoever fills that buffer next
// has the inlet take out what is unconsumed, so bytes() is right at any time; but it moves then, and views of
// it made before a suspension are void, unless keep() came first. more() keeps what is left over, so an
// incomplete message is simply left unconsumed.
#pragma once

#include <string>
#include <string_view>

#include "proxy/net/channel.h"

namespace signalbox::proxy {

class Inlet {
 public:
  explicit Inlet(Channel& channel) : channel_(&channel), loop_(&channel.loop()) {}
  ~Inlet() { leave_scratch(); }
  Inlet(const Inlet&) = delete;
  Inlet& operator=(const Inlet&) = delete;

  std::string_view bytes() const { return view_; }
  void consume(std::size_t n) {
    view_.remove_prefix(n);
    if (view_.empty()) release();
  }
  /// Copies what is unconsumed out of the scratch buffer. bytes() stays where it is over suspensions from now
  /// on.
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
  void leave_scratch();

  Channel* channel_;
  Loop* loop_;             ///< outlives the channel
  std::string kept_;       ///< owned bytes; view_ is its tail when it is not empty
  std::string_view view_;  ///< into kept_ or the scratch buffer
};

}  // namespace signalbox::proxy
