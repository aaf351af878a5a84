// net/url: parsing, query escaping, query strings.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace signalbox::policy::go {

struct Url {
  std::string scheme, opaque, host, path;
  std::string raw_path;  ///< empty when escaping `path` gives the original spelling
  std::string raw_query, fragment;
  std::string user;          ///< "user" or "user:password" as written; empty when there is none
  std::string raw_fragment;  ///< the fragment as written
  bool force_query = false;
  bool omit_host = false;  ///< "scheme:/path": no "//" was written

  std::string text() const;  ///< URL.String
  /// The URL that `reference` means where this one is the base (RFC 3986, section 5.2).
  Url resolve(const Url& reference) const;
  std::string_view hostname() const;  ///< host without port and brackets
  std::string_view port() const;
  std::string escaped_path() const;
};

/// url.Parse. Errors read as Go's: `parse "x": invalid port ":a" after host`.
Result<Url> parse_url(std::string_view text);

enum class UrlPart : std::uint8_t { Path, PathSegment, Host, Zone, UserPassword, QueryComponent, Fragment };
std::string url_escape(std::string_view text, UrlPart part);
Result<std::string> url_unescape(std::string_view text, UrlPart part);

/// url.ParseQuery.
Result<std::map<std::string, std::vector<std::string>>> parse_query(std::string_view query);
/// Values.Encode: sorted by key.
std::string encode_query(const std::map<std::string, std::vector<std::string>>& values);

}  // namespace signalbox::policy::go
