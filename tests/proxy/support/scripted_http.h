// A server that answers each request on a connection with the next of the given texts; then it closes.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace signalbox::proxy::test {

class ScriptedHttp {
 public:
  /// `connections`: the answers of the first connection, the second, ...; the last one's serve all further.
  explicit ScriptedHttp(std::vector<std::vector<std::string>> connections)
      : script_(std::move(connections)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at);
    ::listen(listener_, 16);
    socklen_t size = sizeof at;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~ScriptedHttp() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<std::string> requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  int connections() const { return connections_; }

 private:
  void serve() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      const auto number = static_cast<std::size_t>(connections_++);
      for (const std::string& answer : script_[std::min(number, script_.size() - 1)]) {
        if (!read_request(fd)) break;
        ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
      }
      ::close(fd);
    }
  }
  /// Headers and as much body as Content-Length says.
  bool read_request(int fd) {
    std::string request;
    char room[4096];
    for (;;) {
      const auto head = request.find("\r\n\r\n");
      if (head != std::string::npos) {
        const auto field = request.find("Content-Length: ");
        if (request.size() >= head + 4 + std::stoul(request.substr(field + 16))) break;
      }
      const ssize_t got = ::recv(fd, room, sizeof room, 0);
      if (got <= 0) return false;
      request.append(room, static_cast<std::size_t>(got));
    }
    std::lock_guard lock(mutex_);
    requests_.push_back(request);
    return true;
  }

  std::vector<std::vector<std::string>> script_;
  int listener_;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::jthread thread_;
};

inline std::string ok(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" +
         body;
}

}  // namespace signalbox::proxy::test
