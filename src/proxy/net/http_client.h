// HttpClient: HTTP/1.1 POST from a loop, for an external engine's decisions. Keeps connections alive, a few
// at most; asking suspends only who asks. One per worker.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "proxy/net/channel.h"
#include "proxy/net/inlet.h"
#include "proxy/net/resolver.h"
#include "proxy/net/task.h"
#include "proxy/net/tls.h"

namespace signalbox::proxy {

struct HttpAddress {
  bool tls = false;
  std::string host;  ///< name, address, or the path of a UNIX socket (it begins with '/')
  std::uint16_t port = 80;
  std::string prefix;  ///< of every path, without the slash at its end

  /// "http://host:port/prefix", "https://...", "unix:/path/to/socket".
  static Result<HttpAddress> parse(std::string_view url);
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

class HttpClient {
 public:
  struct Options {
    HttpAddress address;
    TlsContext tls;  ///< for https
    std::string bearer_token;
    std::size_t connections = 4;
    std::size_t max_answer = 1u << 20;
  };
  HttpClient(Loop& loop, Resolver& resolver, Options options);
  ~HttpClient();

  /// The answer, or Timeout, Unavailable, LimitExceeded, Corrupt. A kept connection that turns out to be
  /// closed is replaced by another one: asking is idempotent.
  Task<Result<HttpAnswer>> post(std::string path, std::string body, std::chrono::nanoseconds deadline);

 private:
  struct Connection;
  class Free;
  Task<Result<std::unique_ptr<Connection>>> open(std::chrono::nanoseconds deadline);
  Task<Result<HttpAnswer>> exchange(Connection& connection, const std::string& request);
  std::string render(const std::string& path, const std::string& body) const;
  std::unique_ptr<Connection> kept();
  void give_back(std::unique_ptr<Connection> connection);
  void leave();

  Loop& loop_;
  Resolver& resolver_;
  Options options_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t busy_ = 0;
  std::deque<std::coroutine_handle<>> waiting_;  ///< for a connection to become free
};

}  // namespace signalbox::proxy
