// A small HTTP server on a free loopback port, for the tests of what sends HTTP.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace signalbox::actions::testing {

struct HeardRequest {
  std::string method, path, body;
  std::map<std::string, std::string> headers;  ///< names in lower case
};

struct Reply {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain";
  std::map<std::string, std::string> headers = {};
};

class HttpListener {
 public:
  explicit HttpListener(std::function<Reply(const HeardRequest&)> answer);
  ~HttpListener();
  std::string url(const std::string& path = "/") const;

 private:
  struct Server;
  std::unique_ptr<Server> server_;
};

/// Accepts connections and sends one byte every 50 ms for ever.
class DrippingListener {
 public:
  DrippingListener();
  ~DrippingListener();
  std::string url() const;

 private:
  struct Server;
  std::unique_ptr<Server> server_;
};

}  // namespace signalbox::actions::testing
