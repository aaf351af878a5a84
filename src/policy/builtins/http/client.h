// A blocking HTTP client for http.send: one request, one response. The only file that includes httplib here.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/builtins/go/url.h"

namespace signalbox::policy::http {

struct TlsOptions {
  std::string roots;  ///< PEM certificates to trust; empty: the system's
  bool system_roots = false;
  std::string certificate, key;  ///< PEM, the client's own
  std::string server_name;
  bool skip_verify = false;
};

struct Request {
  std::string method;
  go::Url url;
  std::string socket;  ///< path of a UNIX socket to connect to instead of the URL's host
  std::map<std::string, std::string> headers;
  std::string body;
  std::chrono::nanoseconds timeout{0};  ///< 0: none
  std::size_t max_body = 0;             ///< bytes of the response
  TlsOptions tls;
};

struct Response {
  int status = 0;
  std::string reason;
  std::multimap<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  /// The first value of a header; empty when there is none.
  std::string_view header(std::string_view name) const;
};

struct Failure {
  std::string message;  ///< "dial tcp 127.0.0.1:1: connect: connection refused"
  bool timed_out = false;
};

/// Sends the request and reads the response; redirects are not followed.
std::expected<Response, Failure> send(const Request& request);

}  // namespace signalbox::policy::http
