// OpaServer over OPA's REST API. Modules are put one by one, in an order in which each sees what it needs.
#include "policy/support/opa_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <httplib.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "policy/value/json.h"

namespace signalbox::policy::test {
namespace {

constexpr int kSecondsForAnAnswer = 20;

int free_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  int port = 0;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    port = ntohs(address.sin_port);
  }
  ::close(listener);
  return port;
}

pid_t start(const std::string& program, const std::string& address) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves no server behind
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int fd : {0, 1, 2}) ::dup2(nowhere, fd);
  ::execl(program.c_str(), "opa", "run", "--server", "--disable-telemetry", "--addr", address.c_str(),
          "--log-level", "error", nullptr);
  ::_exit(127);
}

std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.as_string()) : std::string();
}

Answer read_error(const httplib::Result& response) {
  Answer out;
  if (!response) {
    out.error = "no answer";
    return out;
  }
  Arena arena;
  const auto body = parse_json(arena, response->body);
  const Value first = body ? body->at("errors").at(Value::integer(0)) : Value();
  out.error = first ? text_of(first.at("code")) : "http " + std::to_string(response->status);
  out.message = first ? text_of(first.at("message")) : response->body;
  return out;
}

std::string body_with_input(const std::string& input, const std::string& query) {
  Arena arena;
  std::string out = "{\"input\": " + input;
  if (!query.empty()) out += ", \"query\": " + to_json(copy_string(arena, query));
  return out + "}";
}

}  // namespace

std::string OpaServer::find_program() {
  if (const char* given = std::getenv("SIGNALBOX_OPA")) return given;
  std::string path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
  for (std::size_t from = 0; from < path.size();) {
    const std::size_t to = std::min(path.find(':', from), path.size());
    const std::string candidate = path.substr(from, to - from) + "/opa";
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    from = to + 1;
  }
  return {};
}

OpaServer::OpaServer(const std::string& program) {
  const int port = free_port();
  pid_ = start(program, "127.0.0.1:" + std::to_string(port));
  client_ = std::make_unique<httplib::Client>("127.0.0.1", port);
  client_->set_keep_alive(true);
  client_->set_tcp_nodelay(true);
  client_->set_read_timeout(kSecondsForAnAnswer);
  for (int attempt = 0; attempt < 200 && !ready_; ++attempt) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const auto response = client_->Get("/health");
    ready_ = response && response->status == 200;
  }
}

OpaServer::~OpaServer() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void OpaServer::forget_policies() {
  for (auto it = policies_.rbegin(); it != policies_.rend(); ++it) client_->Delete("/v1/policies/" + *it);
  policies_.clear();
}

std::vector<CompileError> OpaServer::load(const GeneratedProgram& program) {
  forget_policies();
  client_->Put("/v1/data", program.data, "application/json");
  std::vector<CompileError> out;
  for (const GeneratedModule& module : program.modules) {
    const auto response = client_->Put("/v1/policies/" + module.path, module.text(), "text/plain");
    if (response && response->status == 200) {
      policies_.push_back(module.path);
      continue;
    }
    Arena arena;
    const auto body = response ? parse_json(arena, response->body) : std::unexpected(JsonError{});
    const Value errors = body ? body->at("errors") : Value();
    if (!errors.is_array()) {
      out.push_back({module.path, 0, "http", response ? response->body : "no answer"});
      return out;
    }
    for (const Value& error : errors.as_array()) {
      const Value at = error.at("location");
      out.push_back({text_of(at.at("file")), static_cast<std::uint32_t>(at.at("row").as_integer()),
                     text_of(error.at("code")), text_of(error.at("message"))});
    }
    return out;
  }
  return out;
}

Answer OpaServer::query(const std::string& query, const std::string& input) {
  const auto response = client_->Post("/v1/query", body_with_input(input, query), "application/json");
  if (!response || response->status != 200) return read_error(response);
  Answer out;
  Arena arena;
  const auto body = parse_json(arena, response->body);
  const Value results = body ? body->at("result") : Value();
  if (results.is_array()) {
    for (const Value& bindings : results.as_array()) out.results.push_back(to_json(bindings));
  }
  std::ranges::sort(out.results);
  out.results.erase(std::ranges::unique(out.results).begin(), out.results.end());
  return out;
}

Answer OpaServer::strict_document(const std::string& path, const std::string& input) {
  const auto response = client_->Post("/v1/data/" + path + "?strict-builtin-errors=true",
                                      body_with_input(input, ""), "application/json");
  if (!response || response->status != 200) return read_error(response);
  Answer out;
  Arena arena;
  const auto body = parse_json(arena, response->body);
  if (const Value result = body ? body->at("result") : Value()) out.results.push_back(to_json(result));
  return out;
}

}  // namespace signalbox::policy::test
