// The room's only user of cpp-httplib. Its time-outs are per read, so a peer that sends a byte a second would
// hold a runner for ever: a watchdog thread shuts connections down whose request is past its deadline.
#include "actions/lanes/http_client.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <condition_variable>
#include <thread>

namespace signalbox::actions {

using SteadyTime = std::chrono::steady_clock::time_point;

namespace {

std::string_view said_of(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection: return "cannot connect";
    case httplib::Error::ConnectionTimeout: return "cannot connect in time";
    case httplib::Error::Read:
    case httplib::Error::Write: return "the connection was lost";
    case httplib::Error::SSLConnection: return "the TLS handshake failed";
    case httplib::Error::SSLServerVerification: return "its certificate cannot be verified";
    default: return "no answer that HTTP knows";
  }
}

}  // namespace

struct HttpClient::Connection {
  explicit Connection(const std::string& origin) : client(origin) {}
  httplib::Client client;
};

/// Calls stop() on clients whose time is over.
class HttpClient::Watchdog {
 public:
  Watchdog() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

  class Guard {
   public:
    Guard(Watchdog& dog, httplib::Client& client, SteadyTime deadline) : dog_(dog) {
      const std::lock_guard lock(dog_.mutex_);
      entry_ = dog_.watched_.emplace(deadline, &client);
      if (entry_ == dog_.watched_.begin()) dog_.changed_.notify_one();
    }
    ~Guard() {
      const std::lock_guard lock(dog_.mutex_);
      dog_.watched_.erase(entry_);
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Watchdog& dog_;
    std::multimap<SteadyTime, httplib::Client*>::iterator entry_;
  };

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      if (watched_.empty()) {
        changed_.wait(lock, stop, [this] { return !watched_.empty(); });
        continue;
      }
      const SteadyTime first = watched_.begin()->first;
      const auto earlier = [&] { return watched_.empty() || watched_.begin()->first != first; };
      if (changed_.wait_until(lock, stop, first, earlier) || stop.stop_requested()) continue;
      for (auto& [deadline, client] : watched_) {
        if (deadline <= std::chrono::steady_clock::now()) client->stop();
      }
      // Their owners take them off the list; look again shortly.
      changed_.wait_for(lock, stop, std::chrono::milliseconds(50), [] { return false; });
    }
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::multimap<SteadyTime, httplib::Client*> watched_;
  std::jthread thread_;
};

namespace {

void set_timeouts(httplib::Client& client, std::chrono::milliseconds timeout) {
  client.set_connection_timeout(timeout);
  client.set_read_timeout(timeout);
  client.set_write_timeout(timeout);
}

httplib::Request make_request(const HttpRequest& request) {
  httplib::Request out;
  out.method = request.method;
  const std::string origin = origin_of(request.url);
  out.path = request.url.substr(origin.size());
  out.path.erase(std::min(out.path.find('#'), out.path.size()));
  if (!out.path.starts_with('/')) out.path.insert(0, "/");
  for (const auto& [name, value] : request.headers) out.headers.emplace(name, value);
  out.headers.emplace("Content-Type", request.content_type);
  out.body = request.body;
  return out;
}

}  // namespace

std::string origin_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == url.npos ? 0 : scheme + 3;
  return std::string(url.substr(0, url.find_first_of("/?#", host)));
}

HttpClient::HttpClient(HttpClientOptions options)
    : options_(std::move(options)), watchdog_(std::make_unique<Watchdog>()) {}
HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Connection> HttpClient::take(const std::string& origin) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = idle_.find(origin); found != idle_.end()) {
      auto connection = std::move(found->second);
      idle_.erase(found);
      return connection;
    }
  }
  auto connection = std::make_unique<Connection>(origin);
  connection->client.set_keep_alive(true);
  connection->client.set_follow_location(false);
  connection->client.enable_server_certificate_verification(true);
  if (!options_.ca_file.empty()) connection->client.set_ca_cert_path(options_.ca_file);
  return connection;
}

void HttpClient::give_back(const std::string& origin, std::unique_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() >= options_.idle_connections) idle_.erase(idle_.begin());
  idle_.emplace(origin, std::move(connection));
}

Result<HttpResponse> HttpClient::send(const HttpRequest& request, const std::stop_token& stop) {
  const std::string origin = origin_of(request.url);
  auto connection = take(origin);
  httplib::Client& client = connection->client;
  if (!client.is_valid()) return fail(ErrorCode::InvalidArgument, "cannot connect to " + origin);
  set_timeouts(client, request.timeout);

  HttpResponse answer;
  httplib::Request out = make_request(request);
  out.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    answer.body.append(data,
                       std::min(size, options_.max_body - std::min(options_.max_body, answer.body.size())));
    return answer.body.size() < options_.max_body;
  };
  const SteadyTime deadline = std::chrono::steady_clock::now() + request.timeout;
  {
    const Watchdog::Guard guard(*watchdog_, client, deadline);
    const std::stop_callback on_stop(stop, [&] { client.stop(); });
    httplib::Response response;
    httplib::Error error = httplib::Error::Success;
    const bool sent = client.send(out, response, error);
    answer.status = response.status;
    answer.content_type = response.get_header_value("Content-Type");
    answer.retry_after = response.get_header_value("Retry-After");
    const bool cut_off = error == httplib::Error::Canceled && answer.body.size() >= options_.max_body;
    if (sent) {
      give_back(origin, std::move(connection));
      return answer;
    }
    if (cut_off) return answer;  // a long answer is an answer
    if (stop.stop_requested()) return fail(ErrorCode::Cancelled, "stopped");
    if (std::chrono::steady_clock::now() >= deadline)
      return fail(ErrorCode::Timeout, "no answer from " + origin + " in time");
    return fail(ErrorCode::Unavailable, fmt::format("{}: {}", origin, said_of(error)));
  }
}

}  // namespace signalbox::actions
