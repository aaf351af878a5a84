// Edge-triggered sockets with readiness remembered: a read that came back short has drained the socket, so
// the next one waits for an event instead of asking the kernel. That saves one recv per half round trip. The
// surprise: resuming a waiter may destroy the channel (the session may end), hence `alive_`.
#include "proxy/net/channel.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>

#include "proxy/net/inlet.h"
#include "proxy/net/tls_bio.h"

namespace signalbox::proxy {
namespace {

constexpr std::uint32_t kReadEvents = EPOLLIN | EPOLLRDHUP | EPOLLET;
/// A buffer that grew for a slow reader is given back when it is empty again.
constexpr std::size_t kKeepBytes = 4096;

}  // namespace

Channel::Channel(Loop& loop, Fd fd) : loop_(loop), fd_(std::move(fd)) {
  loop_.watch(fd_.get(), kReadEvents, *this);
}

Channel::~Channel() {
  if (alive_ != nullptr) *alive_ = false;
  loop_.forget(fd_.get(), *this);
  if (ssl_ != nullptr) SSL_free(ssl_);
}

// ---- waiting

void Channel::Wait::await_suspend(std::coroutine_handle<> self) {
  self_ = self;
  before_suspend();
  (slot_ == Slot::Reader ? channel_.reader_ : channel_.writer_) = this;
}

bool Channel::Read::attempt() {
  if (Inlet* user = channel_.loop_.scratch_user()) user->keep();
  std::size_t got = 0;
  result_.status = channel_.read_some(into_, got);
  result_.bytes = {into_.data(), got};
  return result_.status != Io::Blocked;
}

bool Channel::Write::attempt() {
  while (!bytes_.empty()) {
    std::size_t taken = 0;
    status_ = channel_.write_some(bytes_, taken);
    bytes_.remove_prefix(taken);
    if (status_ == Io::Blocked) return false;
    if (status_ != Io::Ok) break;
  }
  if (channel_.unsent_.capacity() > kKeepBytes) channel_.unsent_ = {};
  return true;
}

void Channel::Write::before_suspend() {
  channel_.unsent_.assign(bytes_);
  bytes_ = channel_.unsent_;
  channel_.want_write(true);
}

bool Channel::Ready::attempt() {
  if (channel_.cancelled_ != Io::Ok) {
    status_ = channel_.cancelled_;
    return true;
  }
  if (what_ == What::Connected) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(channel_.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    sockaddr_storage peer;
    socklen_t peer_size = sizeof peer;
    if (error != 0) {
      status_ = Io::Broken;
      errno = error;
      return true;
    }
    const bool up = ::getpeername(channel_.fd(), reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0;
    if (!up) channel_.want_write(true);
    return up;
  }
  ERR_clear_error();
  const int result = SSL_do_handshake(channel_.ssl_);
  status_ = result == 1 ? Io::Ok : channel_.tls_status(result);
  return status_ != Io::Blocked;
}

void Channel::on_events(std::uint32_t epoll_events) {
  if ((epoll_events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  if ((epoll_events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) peer_closed_ = true;
  if ((epoll_events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writable_ = true;
  bool alive = true;
  alive_ = &alive;
  if (writer_ != nullptr && !retry(writer_, alive)) return;
  if (reader_ != nullptr && !retry(reader_, alive)) return;
  alive_ = nullptr;
}

/// Tries a waiting operation and resumes its coroutine when it is done. False = the channel is gone.
bool Channel::retry(Wait*& slot, bool& alive) {
  if (!slot->attempt()) return true;
  Wait* done = std::exchange(slot, nullptr);
  if (done == nullptr) return true;
  done->self_.resume();
  if (!alive) return false;
  if (watching_write_ && writer_ == nullptr) want_write(false);
  return true;
}

void Channel::want_write(bool wanted) {
  if (watching_write_ == wanted) return;
  watching_write_ = wanted;
  loop_.change(fd_.get(), wanted ? kReadEvents | EPOLLOUT : kReadEvents, *this);
}

void Channel::cancel(Io reason) {
  if (cancelled_ != Io::Ok) return;
  cancelled_ = reason;
  // The waits notice at their next attempt; deferred, because the caller may be one of the waiters' own
  // frames.
  for (Wait** slot : {&reader_, &writer_}) {
    if (*slot == nullptr) continue;
    Wait* wait = std::exchange(*slot, nullptr);
    wait->attempt();
    loop_.defer(wait->self_);
  }
}

// ---- bytes

ssize_t Channel::receive(char* into, std::size_t size) {
  if (!readable_) {
    errno = EAGAIN;
    return -1;
  }
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), into, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) readable_ = false;
    if (got > 0) {
      bytes_read_ += static_cast<std::uint64_t>(got);
      if (static_cast<std::size_t>(got) < size && !peer_closed_) readable_ = false;
    }
    return got;
  }
}

ssize_t Channel::send(const char* from, std::size_t size) {
  if (!writable_) {
    errno = EAGAIN;
    return -1;
  }
  for (;;) {
    const ssize_t sent = ::send(fd_.get(), from, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) writable_ = false;
    if (sent > 0) bytes_written_ += static_cast<std::uint64_t>(sent);
    return sent;
  }
}

Io Channel::tls_status(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_NONE: return Io::Ok;
    case SSL_ERROR_WANT_READ: return Io::Blocked;
    case SSL_ERROR_WANT_WRITE: want_write(true); return Io::Blocked;
    case SSL_ERROR_ZERO_RETURN: return Io::Eof;
    default: return Io::Broken;
  }
}

Io Channel::read_some(std::span<char> into, std::size_t& got) {
  got = 0;
  if (cancelled_ != Io::Ok) return cancelled_;
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int result = SSL_read(ssl_, into.data(), static_cast<int>(into.size()));
    if (result > 0) {
      got = static_cast<std::size_t>(result);
      return Io::Ok;
    }
    return tls_status(result);
  }
  const ssize_t result = receive(into.data(), into.size());
  if (result > 0) {
    got = static_cast<std::size_t>(result);
    return Io::Ok;
  }
  if (result == 0) return Io::Eof;
  return errno == EAGAIN || errno == EWOULDBLOCK ? Io::Blocked : Io::Broken;
}

Io Channel::write_some(std::string_view bytes, std::size_t& taken) {
  taken = 0;
  if (cancelled_ != Io::Ok) return cancelled_;
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int result = SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    if (result > 0) {
      taken = static_cast<std::size_t>(result);
      return Io::Ok;
    }
    const Io status = tls_status(result);
    return status == Io::Eof ? Io::Broken : status;
  }
  const ssize_t result = send(bytes.data(), bytes.size());
  if (result >= 0) {
    taken = static_cast<std::size_t>(result);
    return Io::Ok;
  }
  return errno == EAGAIN || errno == EWOULDBLOCK ? Io::Blocked : Io::Broken;
}

void Channel::try_write(std::string_view bytes) {
  std::size_t taken = 0;
  while (!bytes.empty() && write_some(bytes, taken) == Io::Ok) bytes.remove_prefix(taken);
}

// ---- TLS and the end

Channel::Ready Channel::handshake(SSL* ssl, std::string already_read) {
  ssl_ = ssl;
  SSL_set_mode(
      ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  attach_tls(ssl_, *this, std::move(already_read));
  return {*this, Ready::What::Handshake};
}

void Channel::shutdown_write() {
  if (cancelled_ == Io::Broken) return;
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_)) {
    ERR_clear_error();
    SSL_shutdown(ssl_);
  }
  ::shutdown(fd_.get(), SHUT_WR);
}

void Channel::reset_on_close() {
  const linger abort{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
}

}  // namespace signalbox::proxy
