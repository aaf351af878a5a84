// Requests are written by hand, answers are read by Beast's parser, and the bytes go through the same
// channels as everything else on the loop.
//
// Surprise: Beast asserts that the last chunk of an answer does not come byte by byte. A peer may send it so,
// and without the assertion it is read well (tests/fuzz/opa_answer.cpp).
#define BOOST_DISABLE_ASSERTS
#include "proxy/net/http_client.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>

#include "proxy/net/socket.h"

namespace signalbox::proxy {
namespace {

namespace http = boost::beast::http;

std::unexpected<Error> failure(Io status, std::string_view what) {
  const ErrorCode code = status == Io::Timeout ? ErrorCode::Timeout : ErrorCode::Unavailable;
  return fail(code, std::string(what) + (status == Io::Timeout ? ": deadline passed" : ": connection lost"));
}

}  // namespace

Result<HttpAddress> HttpAddress::parse(std::string_view url) {
  HttpAddress address;
  if (url.starts_with("unix:")) {
    address.host = url.substr(url.starts_with("unix://") ? 7 : 5);
    if (!address.host.starts_with('/'))
      return fail(ErrorCode::InvalidArgument, "unix: needs an absolute path");
    return address;
  }
  address.tls = url.starts_with("https://");
  if (!address.tls && !url.starts_with("http://")) {
    return fail(ErrorCode::InvalidArgument, "not an http, https or unix URL: " + std::string(url));
  }
  url.remove_prefix(address.tls ? 8 : 7);
  address.port = address.tls ? 443 : 80;
  const auto slash = url.find('/');
  std::string_view authority = url.substr(0, slash);
  if (slash != std::string_view::npos) address.prefix = url.substr(slash);
  while (address.prefix.ends_with('/')) address.prefix.pop_back();
  const auto colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    const std::string_view digits = authority.substr(colon + 1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
    if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) {
      return fail(ErrorCode::InvalidArgument, "not a port: " + std::string(digits));
    }
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']'))
    authority = authority.substr(1, authority.size() - 2);
  if (authority.empty()) return fail(ErrorCode::InvalidArgument, "the URL names no host");
  address.host = authority;
  return address;
}

struct HttpClient::Connection {
  explicit Connection(std::unique_ptr<Channel> opened) : channel(std::move(opened)), inlet(*channel) {}
  std::unique_ptr<Channel> channel;
  Inlet inlet;
  bool used = false;     ///< has answered before, so its peer may have closed it meanwhile
  bool reusable = true;  ///< the last answer allows another request
};

/// co_await Free{*this}: until fewer than the allowed connections are busy, first come first served.
class HttpClient::Free {
 public:
  explicit Free(HttpClient& client) : client_(client) {}
  bool await_ready() const {
    if (client_.busy_ >= client_.options_.connections) return false;
    ++client_.busy_;
    return true;
  }
  void await_suspend(std::coroutine_handle<> self) { client_.waiting_.push_back(self); }
  void await_resume() const {}

 private:
  HttpClient& client_;
};

HttpClient::HttpClient(Loop& loop, Resolver& resolver, Options options)
    : loop_(loop), resolver_(resolver), options_(std::move(options)) {}
HttpClient::~HttpClient() = default;

std::string HttpClient::render(const std::string& path, const std::string& body) const {
  const HttpAddress& to = options_.address;
  std::string request = "POST " + to.prefix + path + " HTTP/1.1\r\nHost: ";
  request += to.host.starts_with('/') ? "localhost" : to.host + ":" + std::to_string(to.port);
  request += "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size());
  if (!options_.bearer_token.empty()) request += "\r\nAuthorization: Bearer " + options_.bearer_token;
  return request + "\r\n\r\n" + body;
}

Task<Result<std::unique_ptr<HttpClient::Connection>>> HttpClient::open(std::chrono::nanoseconds deadline) {
  const HttpAddress& to = options_.address;
  Endpoint endpoint;
  if (to.host.starts_with('/')) {
    auto file = socket_file(to.host);
    if (!file) co_return std::unexpected(file.error());
    endpoint = *file;
  } else {
    auto found = co_await resolver_.resolve(loop_, to.host, to.port);
    if (!found) co_return std::unexpected(found.error());
    endpoint = found->front();
  }
  auto socket = start_connect(endpoint);
  if (!socket) co_return std::unexpected(socket.error());
  tune(socket->get(), {});
  auto channel = std::make_unique<Channel>(loop_, std::move(*socket));
  Timer timer([raw = channel.get()] { raw->cancel(Io::Timeout); });
  timer.arm(loop_.timers(), deadline);
  const Io up = co_await channel->connected();
  if (up != Io::Ok) co_return failure(up, "cannot connect to " + endpoint.to_text());
  if (to.tls) {
    SSL* ssl = new_direct_ssl(options_.tls.get(), to.host);
    const Io shaken = co_await channel->handshake(ssl);
    if (shaken != Io::Ok)
      co_return failure(shaken, "TLS handshake with " + endpoint.to_text() + ": " + tls_error(ssl));
  }
  co_return std::make_unique<Connection>(std::move(channel));
}

Task<Result<HttpAnswer>> HttpClient::exchange(Connection& connection, const std::string& request) {
  const Io sent = co_await connection.channel->write(request);
  if (sent != Io::Ok) co_return failure(sent, "sending the request");
  http::response_parser<http::string_body> parser;
  parser.body_limit(options_.max_answer);
  parser.eager(true);
  while (!parser.is_done()) {
    const std::string_view bytes = connection.inlet.bytes();
    boost::system::error_code error;
    if (!bytes.empty())
      connection.inlet.consume(parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error));
    if (error == http::error::body_limit) co_return fail(ErrorCode::LimitExceeded, "the answer is too large");
    if (error && error != http::error::need_more)
      co_return fail(ErrorCode::Corrupt, "bad answer: " + error.message());
    if (parser.is_done()) break;
    const Io got = co_await connection.inlet.more();
    if (got == Io::Eof && parser.got_some()) {
      parser.put_eof(error);
      if (!error) break;
    }
    if (got != Io::Ok) co_return failure(got, "waiting for the answer");
  }
  connection.used = true;
  connection.reusable = parser.keep_alive() && connection.inlet.bytes().empty();
  co_return HttpAnswer{.status = static_cast<int>(parser.get().result_int()),
                       .body = std::move(parser.get().body())};
}

Task<Result<HttpAnswer>> HttpClient::post(std::string path, std::string body,
                                          std::chrono::nanoseconds deadline) {
  const std::int64_t until = loop_.now_ns() + deadline.count();
  const std::string request = render(path, body);
  co_await Free(*this);
  Result<HttpAnswer> answer = fail(ErrorCode::Timeout, "deadline passed while waiting for a connection");
  for (bool again = true; again;) {
    again = false;
    const std::chrono::nanoseconds left(until - loop_.now_ns());
    if (left.count() <= 0) break;
    std::unique_ptr<Connection> connection = kept();
    if (!connection) {
      auto opened = co_await open(left);
      if (!opened) {
        answer = std::unexpected(opened.error());
        break;
      }
      connection = std::move(*opened);
    }
    Timer timer([raw = connection->channel.get()] { raw->cancel(Io::Timeout); });
    timer.arm(loop_.timers(), left);
    answer = co_await exchange(*connection, request);
    timer.disarm();
    again = !answer && answer.error().code == ErrorCode::Unavailable && connection->used;
    if (answer && connection->reusable) give_back(std::move(connection));
  }
  leave();
  co_return answer;
}

/// The place passes on to who has waited longest, without ever being free.
void HttpClient::leave() {
  if (waiting_.empty()) {
    --busy_;
    return;
  }
  loop_.defer(waiting_.front());
  waiting_.pop_front();
}

/// A connection on which something has happened since its last answer is closed, or says something that
/// nobody asked for (a 408, a second answer): it must not be taken for the answer to the next question.
std::unique_ptr<HttpClient::Connection> HttpClient::kept() {
  while (!idle_.empty()) {
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    if (!connection->channel->more_to_read()) return connection;
  }
  return nullptr;
}

void HttpClient::give_back(std::unique_ptr<Connection> connection) {
  if (idle_.size() < options_.connections) idle_.push_back(std::move(connection));
}

}  // namespace signalbox::proxy
