// Channel: one connected socket of a session, plain or TLS, with awaitable reads and writes.
//
//   auto got = co_await channel.read(loop.scratch());     // got.bytes is valid until the next suspension
//   if (co_await channel.write(bytes) != Io::Ok) ...      // all of it, or the end of the channel
//
// Rules: one reader and one writer at a time. A read that has bytes waiting, and a write the kernel takes
// whole, do not suspend and cost one system call. What the kernel does not take is copied into the channel
// (at most what one write gave) and the writer waits: that is the back-pressure. cancel() ends every wait,
// now and later.
#pragma once

#include <openssl/types.h>
#include <sys/types.h>

#include <coroutine>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "proxy/net/fd.h"
#include "proxy/net/loop.h"

namespace signalbox::proxy {

enum class Io : std::uint8_t {
  Ok,
  Blocked,    ///< only inside: nothing can be done now
  Eof,        ///< the peer sends no more
  Broken,     ///< reset, or any other error of the socket or of TLS
  Timeout,    ///< cancelled by a deadline
  Cancelled,  ///< cancelled by the session
};

struct ReadResult {
  Io status = Io::Ok;
  std::string_view bytes;
};

class Channel final : public Pollable {
 public:
  Channel(Loop& loop, Fd fd);
  ~Channel() override;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// A wait on the channel. Lives in the awaiting coroutine's frame, so that waiting allocates nothing.
  class Wait {
   public:
    bool await_ready() { return attempt(); }
    void await_suspend(std::coroutine_handle<> self);

   protected:
    enum class Slot : std::uint8_t { Reader, Writer };
    Wait(Channel& channel, Slot slot) : channel_(channel), slot_(slot) {}
    ~Wait() = default;
    /// Tries once; false = wait for the next event.
    virtual bool attempt() = 0;
    virtual void before_suspend() {}
    Channel& channel_;

   private:
    friend class Channel;
    Slot slot_;
    std::coroutine_handle<> self_;
  };

  class Read final : public Wait {
   public:
    Read(Channel& channel, std::span<char> into) : Wait(channel, Slot::Reader), into_(into) {}
    ReadResult await_resume() const { return result_; }

   private:
    bool attempt() override;
    std::span<char> into_;
    ReadResult result_;
  };

  class Write final : public Wait {
   public:
    Write(Channel& channel, std::string_view bytes) : Wait(channel, Slot::Writer), bytes_(bytes) {}
    Io await_resume() const { return status_; }

   private:
    bool attempt() override;
    void before_suspend() override;
    std::string_view bytes_;
    Io status_ = Io::Ok;
  };

  /// Waits for the end of a TLS handshake, or of connect(2).
  class Ready final : public Wait {
   public:
    enum class What : std::uint8_t { Connected, Handshake };
    Ready(Channel& channel, What what) : Wait(channel, Slot::Reader), what_(what) {}
    Io await_resume() const { return status_; }

   private:
    bool attempt() override;
    What what_;
    Io status_ = Io::Ok;
  };

  Read read(std::span<char> into) { return {*this, into}; }
  Write write(std::string_view bytes) { return {*this, bytes}; }
  /// After a non-blocking connect(2).
  Ready connected() { return {*this, Ready::What::Connected}; }
  /// Starts TLS with a configured SSL (not yet bound to a socket) and waits for its handshake. `already_read`
  /// are bytes that came with the first read and belong to the handshake (direct TLS).
  Ready handshake(SSL* ssl, std::string already_read = {});

  /// Writes what the kernel takes at once; the rest is lost. For last words.
  void try_write(std::string_view bytes);

  /// True when a read will probably find more: the reader should let others go first.
  bool more_to_read() const { return readable_; }
  bool writing() const { return writer_ != nullptr; }

  /// No more writes: TLS close_notify, then FIN. The reading side goes on.
  void shutdown_write();
  /// Closes with RST instead of FIN when the channel is destroyed.
  void reset_on_close();
  /// Ends the present and all later waits with this status.
  void cancel(Io reason);
  /// Takes the cancellation back, when nobody waits any more: for the orderly end.
  void reopen() { cancelled_ = Io::Ok; }

  SSL* tls() const { return ssl_; }
  int fd() const { return fd_.get(); }
  Loop& loop() const { return loop_; }
  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t bytes_written() const { return bytes_written_; }

  void on_events(std::uint32_t epoll_events) override;

  // For the TLS engine: the socket itself, keeping the readiness flags.
  ssize_t receive(char* into, std::size_t size);
  ssize_t send(const char* from, std::size_t size);

 private:
  friend class Wait;
  Io read_some(std::span<char> into, std::size_t& got);
  Io write_some(std::string_view bytes, std::size_t& taken);
  Io tls_status(int result);
  void want_write(bool wanted);
  bool retry(Wait*& slot, bool& alive);

  Loop& loop_;
  Fd fd_;
  SSL* ssl_ = nullptr;
  Wait* reader_ = nullptr;
  Wait* writer_ = nullptr;
  std::string unsent_;  ///< what a waiting writer still has to send
  bool readable_ = true;
  bool writable_ = true;
  bool peer_closed_ = false;  ///< the peer's FIN is in the socket: a short read does not mean "drained"
  bool watching_write_ = false;
  bool* alive_ = nullptr;  ///< set to false when destroyed inside on_events()
  Io cancelled_ = Io::Ok;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_written_ = 0;
};

}  // namespace signalbox::proxy
