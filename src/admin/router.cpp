// The router. The table is small, so a request is matched against every pattern in turn; patterns do not
// overlap but for a tail ("{path...}"), which stands last among its siblings.
#include "admin/router.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <exception>
#include <optional>

#include "admin/reply.h"
#include "admin/route.h"
#include "base/log.h"

namespace signalbox::admin {
namespace {

using Segments = std::vector<std::string_view>;

Segments split(std::string_view path) {
  Segments out;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto end = path.find('/');
    if (end != 0 && !path.empty()) out.push_back(path.substr(0, end));
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
  }
  return out;
}

// What the pattern's variables matched, still encoded; empty when the path does not match.
std::optional<Segments> match(std::string_view pattern, const Segments& path) {
  Segments captured;
  const Segments wanted = split(pattern);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].ends_with("...}")) {
      captured.insert(captured.end(), path.begin() + static_cast<std::ptrdiff_t>(std::min(i, path.size())),
                      path.end());
      return captured;
    }
    if (i >= path.size()) return std::nullopt;
    if (wanted[i].starts_with('{')) {
      captured.push_back(path[i]);
    } else if (wanted[i] != path[i]) {
      return std::nullopt;
    }
  }
  if (path.size() != wanted.size()) return std::nullopt;
  return captured;
}

bool decode_query(std::string_view text, std::multimap<std::string, std::string>& out) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const auto name = percent_decoded(pair.substr(0, equals), true);
    const auto value = percent_decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
    if (!name || !value) return false;
    out.emplace(*name, *value);
  }
  return true;
}

// Compares in time that depends on the given text's length only.
bool same_secret(std::string_view given, std::string_view wanted) {
  if (wanted.empty()) return false;
  unsigned difference = given.size() == wanted.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |=
        static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(wanted[i % wanted.size()]);
  }
  return difference == 0;
}

// Without tokens the only protection is that we listen on loopback. A web page in a local browser is on
// loopback too: it sends an Origin, or reaches us under a name of its own (DNS rebinding).
bool from_a_browser(const Request& request) {
  std::string_view host = request.host;
  if (const auto colon = host.rfind(':'); colon != std::string_view::npos && !host.ends_with(']')) {
    host = host.substr(0, colon);
  }
  in_addr address{};
  const bool loopback = ::inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 &&
                        ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
  const bool local = host.empty() || host == "localhost" || host == "[::1]" || loopback;
  return !request.origin.empty() || !local;
}

Response forbid(const Tokens& tokens, const Route& route, Role role) {
  if (role == Role::Anyone) {
    Response response = refuse(401, kUnauthorized, "a bearer token is needed");
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }
  return refuse(403, kUnauthorized,
                tokens.none()
                    ? "changes need a token: set admin.operate_token"
                    : fmt::format("this token may not: the role {} is needed", name_of(route.role)));
}

void audit(const Request& request, const Response& response) {
  log::info("admin change", {{"method", name_of(request.method)},
                             {"target", request.target},
                             {"role", name_of(request.role)},
                             {"remote", request.remote},
                             {"status", response.status}});
}

Response run(const Context& context, const Route& route, const Request& request) {
  try {
    return route.handler(context, request);
  } catch (const std::exception& e) {
    log::error("admin request failed", {{"target", request.target}, {"error", e.what()}});
    return refuse(500, kInternalError, "the request failed; the gateway's log says why");
  }
}

}  // namespace

Role role_of(const Tokens& tokens, const Request& request) {
  if (tokens.none()) return from_a_browser(request) ? Role::Anyone : Role::Read;
  constexpr std::string_view kScheme = "Bearer ";
  std::string_view given = request.authorization;
  if (given.size() < kScheme.size() ||
      !std::ranges::equal(given.substr(0, 6), kScheme.substr(0, 6),
                          [](char a, char b) { return (a | 0x20) == (b | 0x20); })) {
    return Role::Anyone;
  }
  given.remove_prefix(kScheme.size());
  Role role = Role::Anyone;
  if (same_secret(given, tokens.read.reveal())) role = Role::Read;
  if (same_secret(given, tokens.operate.reveal())) role = Role::Operate;
  if (same_secret(given, tokens.debug.reveal())) role = Role::Debug;
  return role;
}

Response answer(const Context& context, const Tokens& tokens, Request request) {
  const std::string_view target = request.target;
  const auto mark = target.find('?');
  const Segments path = split(target.substr(0, mark));
  std::string allowed;
  for (const Route& route : routes()) {
    const auto captured = match(route.pattern, path);
    if (!captured) continue;
    if (route.method != request.method) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(name_of(route.method));
      continue;
    }
    request.role = role_of(tokens, request);
    if (request.role < route.role) return forbid(tokens, route, request.role);
    for (const std::string_view segment : *captured) {
      const auto decoded = percent_decoded(segment);
      if (!decoded) return refuse(400, kInvalidParameter, "malformed percent-encoding in the path");
      request.segments.push_back(*decoded);
    }
    if (mark != std::string_view::npos && !decode_query(target.substr(mark + 1), request.query)) {
      return refuse(400, kInvalidParameter, "malformed percent-encoding in the query");
    }
    Response response = run(context, route, request);
    if (route.mutates()) audit(request, response);
    return response;
  }
  if (allowed.empty())
    return refuse(404, kNotFound, "there is no such resource; GET /openapi.json lists all");
  Response response = refuse(405, kInvalidOperation, fmt::format("the resource answers {} only", allowed));
  response.headers.emplace_back("Allow", allowed);
  return response;
}

}  // namespace signalbox::admin
