// A BIO over Channel::receive and Channel::send. Why not the socket BIO: it would ask the kernel where the
// channel knows that nothing is there, would raise SIGPIPE, and cannot be given bytes that were read before.
#include "proxy/net/tls_bio.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proxy/net/channel.h"

namespace signalbox::proxy {
namespace {

struct Bridge {
  Channel& channel;
  std::string early;
};

Bridge& bridge(BIO* bio) {
  return *static_cast<Bridge*>(BIO_get_data(bio));
}

bool try_again() {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

int read_bytes(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  Bridge& self = bridge(bio);
  if (!self.early.empty()) {
    const std::size_t n = std::min(self.early.size(), static_cast<std::size_t>(size));
    std::memcpy(into, self.early.data(), n);
    self.early.erase(0, n);
    return static_cast<int>(n);
  }
  const ssize_t got = self.channel.receive(into, static_cast<std::size_t>(size));
  if (got < 0 && try_again()) BIO_set_retry_read(bio);
  if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(got);
}

int write_bytes(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = bridge(bio).channel.send(from, static_cast<std::size_t>(size));
  if (sent < 0 && try_again()) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    default: return 0;
  }
}

int destroy(BIO* bio) {
  delete static_cast<Bridge*>(BIO_get_data(bio));
  BIO_set_data(bio, nullptr);
  return 1;
}

BIO_METHOD* method() {
  static BIO_METHOD* const made = [] {
    BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "signalbox channel");
    BIO_meth_set_read(m, read_bytes);
    BIO_meth_set_write(m, write_bytes);
    BIO_meth_set_ctrl(m, control);
    BIO_meth_set_destroy(m, destroy);
    return m;
  }();
  return made;
}

}  // namespace

void attach_tls(SSL* ssl, Channel& channel, std::string already_read) {
  BIO* bio = BIO_new(method());
  BIO_set_data(bio, new Bridge{channel, std::move(already_read)});
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
}

}  // namespace signalbox::proxy
