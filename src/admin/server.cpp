// The admin server: the one file of the room that includes cpp-httplib. One catch-all handler a method hands
// the request to the router. cpp-httplib inflates request bodies without a bound, so encoded ones are
// refused.
#include "admin/server.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <thread>

#include "admin/evaluations.h"
#include "admin/reply.h"

namespace signalbox::admin {
namespace {

std::string media_type(std::string header) {
  header = header.substr(0, header.find(';'));
  while (header.ends_with(' ')) header.pop_back();
  std::ranges::transform(header, header.begin(), [](unsigned char c) { return std::tolower(c); });
  return header;
}

/// HEAD is answered as GET is, and the library leaves the body out.
std::optional<Method> method_of(const httplib::Request& in) {
  return in.method == "HEAD" ? Method::Get : method_named(in.method);
}

Request translated(const httplib::Request& in, Method method) {
  Request request;
  request.method = method;
  request.target = in.target;
  request.body = in.body;
  request.content_type = media_type(in.get_header_value("Content-Type"));
  request.authorization = in.get_header_value("Authorization");
  request.host = in.get_header_value("Host");
  request.origin = in.get_header_value("Origin");
  request.remote = in.remote_addr;
  return request;
}

void translate(const Response& response, httplib::Response& out) {
  out.status = response.status;
  for (const auto& [name, value] : response.headers) out.set_header(name, value);
  out.set_header("Cache-Control", "no-store");
  out.set_header("X-Content-Type-Options", "nosniff");
  out.set_content(response.body, response.content_type);
}

class HttpServer final : public Server {
 public:
  HttpServer(ServerOptions options, Context context)
      : options_(std::move(options)), context_(std::move(context)) {
    context_.evaluations = std::make_shared<Evaluations>();
    http_.new_task_queue = [threads = options_.threads] { return new httplib::ThreadPool(threads); };
    http_.set_payload_max_length(options_.body_bytes);
    http_.set_read_timeout(5);
    http_.set_write_timeout(5);
    http_.set_keep_alive_timeout(5);
    http_.set_tcp_nodelay(true);
    http_.set_pre_routing_handler([this](const httplib::Request& in, httplib::Response& out) {
      using enum httplib::Server::HandlerResponse;
      if (in.has_header("Content-Encoding")) {
        translate(refuse(415, kInvalidParameter, "send the body without Content-Encoding"), out);
        return Handled;
      }
      const auto method = method_of(in);
      if (!method) {
        translate(refuse(405, kInvalidOperation, "there is no such method here"), out);
        return Handled;
      }
      // cpp-httplib would wait for the end of the connection to know that there is no body.
      if (in.has_header("Content-Length") || in.has_header("Transfer-Encoding")) return Unhandled;
      translate(answer(context_, options_.tokens, translated(in, *method)), out);
      return Handled;
    });
    http_.set_error_handler([](const httplib::Request&, httplib::Response& out) {
      if (out.body.empty())
        translate(refuse(out.status, kInvalidParameter, "the request could not be read"), out);
    });
    const auto serve = [this](const httplib::Request& in, httplib::Response& out) {
      translate(answer(context_, options_.tokens, translated(in, method_of(in).value_or(Method::Get))), out);
    };
    http_.Get(".*", serve).Post(".*", serve).Put(".*", serve).Patch(".*", serve).Delete(".*", serve);
  }

  ~HttpServer() override {
    http_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Result<void> bind() {
    if (options_.port == 0) {
      options_.port = http_.bind_to_any_port(options_.host);
      if (options_.port <= 0) return failed();
    } else if (!http_.bind_to_port(options_.host, options_.port)) {
      return failed();
    }
    thread_ = std::thread([this] { http_.listen_after_bind(); });
    while (!http_.is_running()) std::this_thread::yield();  // stop() before the loop runs would be lost
    return {};
  }

  int port() const override { return options_.port; }

 private:
  std::unexpected<Error> failed() const {
    return fail(
        ErrorCode::Unavailable,
        fmt::format("the admin API cannot listen on {}:{}", options_.host, std::max(options_.port, 0)),
        "is another process using the port? Set admin.address");
  }

  ServerOptions options_;
  Context context_;
  httplib::Server http_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::open(ServerOptions options, Context context) {
  auto server = std::make_unique<HttpServer>(std::move(options), std::move(context));
  if (auto bound = server->bind(); !bound) return std::unexpected(bound.error());
  return server;
}

}  // namespace signalbox::admin
