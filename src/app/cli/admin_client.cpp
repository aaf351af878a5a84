// One HTTP exchange with a running gateway.
#include "app/cli/admin_client.h"

#include <fmt/format.h>
#include <httplib.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "app/cli/terminal.h"
#include "app/config/address.h"
#include "app/config/expand.h"

namespace signalbox::app::cli {
namespace {

std::expected<std::string, std::string> token(const std::string& file) {
  if (!file.empty()) return expand_secret("file:" + file, {});
  const char* value = std::getenv("SIGNALBOX_TOKEN");
  return std::string(value ? value : "");
}

Exit refused(const httplib::Response& response) {
  const auto body = nlohmann::json::parse(response.body, nullptr, false);
  const bool said = body.is_object() && body.contains("message") && body["message"].is_string();
  complain(
      said ? body["message"].get<std::string>() : fmt::format("the gateway answered {}", response.status),
      response.status == 401 ? "set SIGNALBOX_TOKEN, or pass --token-file" : "");
  for (const auto& error : said&& body.contains("errors") ? body["errors"] : nlohmann::json::array()) {
    fmt::print(stderr, "  {}\n", error.dump());
  }
  const bool forbidden = response.status == 401 || response.status == 403;
  return forbidden ? Exit::Refused : response.status >= 500 ? Exit::Unreachable : Exit::Finding;
}

}  // namespace

void AdminClient::add_options(CLI::App& verb) {
  verb.add_option("--admin", address, "The admin API's address (default 127.0.0.1:8090)")
      ->envname("SIGNALBOX_ADMIN");
  verb.add_option("--token-file", token_file, "File with the bearer token (or SIGNALBOX_TOKEN)");
}

std::expected<std::string, Exit> AdminClient::get(const std::string& target) const {
  return send("GET", target, "");
}

std::expected<std::string, Exit> AdminClient::post(const std::string& target, const std::string& json) const {
  return send("POST", target, json);
}

std::expected<std::string, Exit> AdminClient::send(const std::string& method, const std::string& target,
                                                   const std::string& body) const {
  const auto at = parse_address(address);
  const auto secret = token(token_file);
  if (!at || !secret) {
    complain(at ? secret.error() : fmt::format("\"{}\" is not an address", address),
             at ? "" : "write host:port");
    return std::unexpected(Exit::Usage);
  }
  httplib::Client http(at->host, at->port);
  http.set_connection_timeout(5);
  http.set_read_timeout(30);
  httplib::Request request;
  request.method = method;
  request.path = target;
  request.body = body;
  if (!body.empty()) request.set_header("Content-Type", "application/json");
  if (!secret->empty()) request.set_header("Authorization", "Bearer " + *secret);
  const auto result = http.send(request);
  if (!result) {
    const bool connected = result.error() != httplib::Error::Connection;
    complain(fmt::format("cannot reach the gateway's admin API at {}{}", address,
                         connected ? ": it gave no answer" : ""),
             "is it running? Pass --admin, or set SIGNALBOX_ADMIN");
    return std::unexpected(Exit::Unreachable);
  }
  if (result->status < 200 || result->status > 299) return std::unexpected(refused(*result));
  return result->body;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace signalbox::app::cli
