#include "actions/support/http_listener.h"

#include <httplib.h>

#include <atomic>
#include <thread>

namespace signalbox::actions::testing {

struct HttpListener::Server {
  httplib::Server http;
  int port = 0;
  std::thread thread;
};

HttpListener::HttpListener(std::function<Reply(const HeardRequest&)> answer)
    : server_(std::make_unique<Server>()) {
  const auto handle = [answer = std::move(answer)](const httplib::Request& in, httplib::Response& out) {
    HeardRequest heard{in.method, in.path, in.body, {}};
    for (const auto& [name, value] : in.headers) {
      std::string lower = name;
      for (char& c : lower) c = static_cast<char>(std::tolower(c));
      heard.headers[lower] = value;
    }
    const Reply reply = answer(heard);
    out.status = reply.status;
    out.set_content(reply.body, reply.content_type);
    for (const auto& [name, value] : reply.headers) out.set_header(name, value);
  };
  server_->http.Post(".*", handle);
  server_->http.Put(".*", handle);
  server_->port = server_->http.bind_to_any_port("127.0.0.1");
  server_->thread = std::thread([this] { server_->http.listen_after_bind(); });
  while (!server_->http.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

HttpListener::~HttpListener() {
  server_->http.stop();
  server_->thread.join();
}

std::string HttpListener::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(server_->port) + path;
}

struct DrippingListener::Server {
  int fd = -1;
  int port = 0;
  std::atomic<bool> stop = false;
  std::thread thread;
};

DrippingListener::DrippingListener() : server_(std::make_unique<Server>()) {
  Server& s = *server_;
  s.fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(s.fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(s.fd, 8) != 0) std::abort();
  ::getsockname(s.fd, reinterpret_cast<sockaddr*>(&address), &size);
  s.port = ntohs(address.sin_port);
  s.thread = std::thread([&s] {
    const int client = ::accept(s.fd, nullptr, nullptr);
    for (const char* at = "HTTP/1.1 200 OK\r\nX: "; !s.stop; at += at[1] == '\0' ? 0 : 1) {
      if (::send(client, at, 1, MSG_NOSIGNAL) < 0) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ::close(client);
  });
}

DrippingListener::~DrippingListener() {
  server_->stop = true;
  ::shutdown(server_->fd, SHUT_RDWR);
  server_->thread.join();
  ::close(server_->fd);
}

std::string DrippingListener::url() const {
  return "http://127.0.0.1:" + std::to_string(server_->port) + "/";
}

}  // namespace signalbox::actions::testing
