// The admin API's own view of HTTP: values in, values out. Only server.cpp knows the library behind it, so
// every route is tested without a socket.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signalbox::admin {

enum class Method : std::uint8_t { Get, Post, Put, Patch, Delete };
std::string_view name_of(Method method);
std::optional<Method> method_named(std::string_view name);

/// What a caller may do. Each role includes the ones before it.
enum class Role : std::uint8_t {
  Anyone,   ///< needs no token: health
  Read,     ///< sees sessions, decisions, policies; may ask for decisions, which changes nothing
  Operate,  ///< ends sessions, loads policies, handles dead letters
  Debug,
};
std::string_view name_of(Role role);

struct Request {
  Method method = Method::Get;
  std::string target;  ///< as sent: path and query, percent-encoded
  std::string body;
  std::string content_type;   ///< without parameters, lower case
  std::string authorization;  ///< the header; never logged
  std::string host;           ///< the header
  std::string origin;         ///< the header: set by browsers only
  std::string remote;         ///< the caller's address

  // Filled by the router.
  Role role = Role::Anyone;
  std::vector<std::string> segments;  ///< what {name} and {name...} matched, decoded, in order
  std::multimap<std::string, std::string> query = {};

  /// The first value of a query parameter.
  std::optional<std::string> parameter(std::string_view name) const;
  /// Given as ?name or ?name=true (or 1).
  bool flag(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// "a%20b" -> "a b"; "+" stays unless `plus_is_space`. Empty when an escape is malformed.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space = false);

}  // namespace signalbox::admin
