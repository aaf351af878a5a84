// HttpClient: blocking HTTP for runners: one request, one answer, with deadline, size limit and connection
// reuse. Redirects are not followed. Certificates are verified. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace signalbox::actions {

struct HttpRequest {
  std::string method = "POST";
  std::string url;  ///< checked with is_http_url()
  std::vector<std::pair<std::string, std::string>> headers;
  std::string content_type = "application/json";
  std::string body;
  std::chrono::milliseconds timeout{10'000};
};

struct HttpResponse {
  int status = 0;
  std::string content_type;
  std::string retry_after;  ///< as sent; "" when absent
  std::string body;         ///< at most HttpClient's limit; the rest is cut off
};

struct HttpClientOptions {
  std::string ca_file;  ///< "" = the system's
  std::size_t max_body = 64 * 1024;
  std::size_t idle_connections = 32;
};

class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient();

  /// Timeout: no complete answer in time. Unavailable: no connection, or it broke. Cancelled: `stop` was
  /// requested.
  Result<HttpResponse> send(const HttpRequest& request, const std::stop_token& stop);

 private:
  struct Connection;
  class Watchdog;
  std::unique_ptr<Connection> take(const std::string& origin);
  void give_back(const std::string& origin, std::unique_ptr<Connection> connection);

  HttpClientOptions options_;
  std::mutex mutex_;
  std::multimap<std::string, std::unique_ptr<Connection>> idle_;  ///< by origin
  std::unique_ptr<Watchdog> watchdog_;
};

/// "https://host:8443" of an http or https URL: the sink of a request to it.
std::string origin_of(std::string_view url);

}  // namespace signalbox::actions
