// Go's net/url. Strict where Go is: ports, user names, IP literals, control characters; lax where Go is:
// paths.
#include "policy/builtins/go/url.h"

#include <algorithm>

#include "policy/builtins/go/ip.h"
#include "policy/builtins/go/text.h"

namespace signalbox::policy::go {
namespace {

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}
bool in(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

bool should_escape(char c, UrlPart part) {
  if (is_alnum(c) || (in(c, "-_.~") && c != '\0')) return false;
  if (c == '\0') return true;
  if ((part == UrlPart::Host || part == UrlPart::Zone) && in(c, "!$&'()*+,;=:[]<>\"")) return false;
  if (part == UrlPart::Fragment && in(c, "!()*")) return false;
  if (!in(c, "$&+,/:;=?@")) return true;
  switch (part) {
    case UrlPart::Path: return c == '?';
    case UrlPart::PathSegment: return in(c, "/;,?");
    case UrlPart::UserPassword: return in(c, "@/?:");
    case UrlPart::QueryComponent: return true;
    case UrlPart::Fragment: return false;
    case UrlPart::Host:
    case UrlPart::Zone: break;
  }
  return true;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if ((c | 32) >= 'a' && (c | 32) <= 'f') return (c | 32) - 'a' + 10;
  return -1;
}

std::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::InvalidArgument, std::move(message));
}

std::unexpected<Error> bad_escape(std::string_view at) {
  return invalid("invalid URL escape " + quote(at.substr(0, 3)));
}

bool valid_optional_port(std::string_view port) {
  if (port.empty()) return true;
  return port[0] == ':' && port.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

bool valid_user(std::string_view user) {
  return std::ranges::all_of(
      user, [](char c) { return is_alnum(c) || (c != '\0' && in(c, "-._:~!$&'()*+,;=%@")); });
}

/// The inside of "[...]": an IPv6 address, perhaps with a zone ("%25eth0").
Result<std::string> parse_ip_literal(std::string_view literal) {
  std::size_t zone = literal.find("%25");
  auto name = url_unescape(literal.substr(0, zone), UrlPart::Host);
  if (!name) return name;
  std::string address = *name;
  if (zone != std::string_view::npos) {
    auto suffix = url_unescape(literal.substr(zone), UrlPart::Zone);
    if (!suffix) return suffix;
    *name += *suffix;
  } else if (auto percent = address.find('%'); percent != std::string::npos) {
    address.resize(percent);
  }
  if (!parse_ip(address) && address.find(':') == std::string::npos)
    return invalid("invalid host: ParseAddr(" + quote(*name) + "): unable to parse IP");
  if (!parse_ip(address))
    return invalid("invalid host: ParseAddr(" + quote(*name) + "): unexpected character");
  if (address.find(':') == std::string::npos) return invalid("invalid IP-literal");
  return name;
}

Result<std::string> parse_host(std::string_view scheme, std::string_view host) {
  auto bad_port = [](std::string_view port) {
    return invalid("invalid port " + quote(port) + " after host");
  };
  std::size_t open = host.rfind('[');
  if (open != std::string_view::npos && open > 0) return invalid("invalid IP-literal");
  if (open == 0) {
    std::size_t close = host.rfind(']');
    if (close == std::string_view::npos) return invalid("missing ']' in host");
    std::string_view port = host.substr(close + 1);
    if (!valid_optional_port(port)) return bad_port(port);
    auto name = parse_ip_literal(host.substr(1, close - 1));
    if (!name) return name;
    return "[" + *name + "]" + std::string(port);
  }
  if (std::size_t colon = host.find(':'); colon != std::string_view::npos) {
    if (scheme != "http" && scheme != "https") colon = host.rfind(':');
    if (!valid_optional_port(host.substr(colon))) return bad_port(host.substr(colon));
  }
  return url_unescape(host, UrlPart::Host);
}

Result<void> parse_authority(Url& url, std::string_view authority) {
  std::size_t at = authority.rfind('@');
  auto host = parse_host(url.scheme, at == std::string_view::npos ? authority : authority.substr(at + 1));
  if (!host) return std::unexpected(host.error());
  url.host = *host;
  if (at == std::string_view::npos) return {};
  std::string_view user = authority.substr(0, at);
  if (!valid_user(user)) return invalid("net/url: invalid userinfo");
  if (auto plain = url_unescape(user, UrlPart::UserPassword); !plain) return std::unexpected(plain.error());
  url.user = user;
  return {};
}

/// Cuts "scheme:" off; empty when there is none.
Result<std::string> take_scheme(std::string_view& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if ((c | 32) >= 'a' && (c | 32) <= 'z') continue;
    if ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.') {
      if (i == 0) return "";
      continue;
    }
    if (c != ':') return "";
    if (i == 0) return invalid("missing protocol scheme");
    std::string scheme = to_lower(text.substr(0, i));
    text.remove_prefix(i + 1);
    return scheme;
  }
  return "";
}

Result<Url> parse_without_fragment(std::string_view rest) {
  Url url;
  if (std::ranges::any_of(rest, [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; }))
    return invalid("net/url: invalid control character in URL");
  if (rest == "*") {
    url.path = "*";
    return url;
  }
  auto scheme = take_scheme(rest);
  if (!scheme) return std::unexpected(scheme.error());
  url.scheme = *scheme;
  std::size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    url.raw_query = rest.substr(question + 1);
    url.force_query = url.raw_query.empty();
    rest = rest.substr(0, question);
  }
  if (!rest.starts_with('/')) {
    if (!url.scheme.empty()) {
      url.opaque = rest;
      return url;
    }
    if (rest.substr(0, rest.find('/')).find(':') != std::string_view::npos)
      return invalid("first path segment in URL cannot contain colon");
  }
  if (rest.starts_with("//") && (!url.scheme.empty() || !rest.starts_with("///"))) {
    std::string_view authority = rest.substr(2);
    std::size_t slash = std::min(authority.find('/'), authority.size());
    rest = authority.substr(slash);
    if (auto done = parse_authority(url, authority.substr(0, slash)); !done)
      return std::unexpected(done.error());
  } else if (!url.scheme.empty()) {
    url.omit_host = true;
  }
  auto path = url_unescape(rest, UrlPart::Path);
  if (!path) return std::unexpected(path.error());
  url.path = *path;
  if (url_escape(url.path, UrlPart::Path) != rest) url.raw_path = rest;
  return url;
}

/// Host and ":port" of an authority.
std::pair<std::string_view, std::string_view> split_host(std::string_view host) {
  std::string_view port;
  std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && valid_optional_port(host.substr(colon))) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {host, port};
}

/// `reference` below `base`, "." and ".." worked off.
std::string resolve_path(std::string_view base, std::string_view reference) {
  std::string full(reference);
  if (reference.empty()) {
    full = base;
  } else if (reference[0] != '/') {
    full = std::string(base.substr(0, base.rfind('/') + 1)) + full;
  }
  if (full.empty()) return full;
  std::string out = "/";
  bool first = true;
  std::string_view last;
  for (std::string_view element : split(full, "/")) {
    last = element;
    if (element == ".") {
      first = false;
    } else if (element == "..") {
      const auto slash = out.rfind('/');
      out.resize(slash == 0 || slash == std::string::npos ? 1 : slash);
      first = out.size() == 1;
    } else {
      if (!first) out += '/';
      out += element;
      first = false;
    }
  }
  if (last == "." || last == "..") out += '/';
  return out.starts_with("//") ? out.substr(1) : out;
}

bool valid_encoded_path(std::string_view path) {
  return std::ranges::all_of(path, [](char c) {
    return (c != '\0' && in(c, "!$&'()*+,;=:@[]%")) || !should_escape(c, UrlPart::Path);
  });
}

}  // namespace

std::string Url::text() const {
  std::string out = scheme.empty() ? "" : scheme + ":";
  if (!opaque.empty()) {
    out += opaque;
  } else {
    const bool bare = omit_host && host.empty() && user.empty();
    if (!bare && (!scheme.empty() || !host.empty() || !user.empty())) {
      if (!host.empty() || !path.empty() || !user.empty()) out += "//";
      if (!user.empty()) out += user + "@";
      out += url_escape(host, UrlPart::Host);
    }
    const std::string escaped = escaped_path();
    if (!escaped.empty() && escaped[0] != '/' && !host.empty()) out += '/';
    if (out.empty() && escaped.substr(0, escaped.find('/')).find(':') != std::string::npos) out += "./";
    out += escaped;
  }
  if (force_query || !raw_query.empty()) out += "?" + raw_query;
  if (fragment.empty()) return out;
  auto plain = url_unescape(raw_fragment, UrlPart::Fragment);
  const bool as_written =
      plain && *plain == fragment && std::ranges::all_of(raw_fragment, [](char c) {
        return (c != '\0' && in(c, "!$&'()*+,;=:@[]%")) || !should_escape(c, UrlPart::Fragment);
      });
  return out + "#" + (as_written ? raw_fragment : url_escape(fragment, UrlPart::Fragment));
}

Url Url::resolve(const Url& reference) const {
  Url out = reference;
  const auto set_path = [&out](const std::string& escaped) {
    out.path = url_unescape(escaped, UrlPart::Path).value_or(escaped);
    out.raw_path = url_escape(out.path, UrlPart::Path) == escaped ? "" : escaped;
  };
  if (reference.scheme.empty()) out.scheme = scheme;
  if (!reference.scheme.empty() || !reference.host.empty() || !reference.user.empty()) {
    set_path(resolve_path(reference.escaped_path(), ""));
    return out;
  }
  if (!reference.opaque.empty()) {
    out.path.clear();
    return out;
  }
  if (reference.path.empty() && !reference.force_query && reference.raw_query.empty()) {
    out.raw_query = raw_query;
    if (reference.fragment.empty()) out.fragment = fragment, out.raw_fragment = raw_fragment;
  }
  if (reference.path.empty() && !opaque.empty()) {
    out.opaque = opaque;
    return out;
  }
  out.host = host;
  out.user = user;
  set_path(resolve_path(escaped_path(), reference.escaped_path()));
  return out;
}

std::string_view Url::hostname() const {
  return split_host(host).first;
}
std::string_view Url::port() const {
  return split_host(host).second;
}

std::string Url::escaped_path() const {
  if (!raw_path.empty() && valid_encoded_path(raw_path))
    if (auto plain = url_unescape(raw_path, UrlPart::Path); plain && *plain == path) return raw_path;
  return path == "*" ? path : url_escape(path, UrlPart::Path);
}

Result<Url> parse_url(std::string_view text) {
  std::size_t hash = text.find('#');
  std::string_view main = text.substr(0, hash);
  auto failed = [](std::string_view what, const Error& error) {
    return invalid("parse " + quote(what) + ": " + error.message);
  };
  auto url = parse_without_fragment(main);
  if (!url) return failed(main, url.error());
  if (hash == std::string_view::npos) return url;
  auto fragment = url_unescape(text.substr(hash + 1), UrlPart::Fragment);
  if (!fragment) return failed(text, fragment.error());
  url->fragment = *fragment;
  url->raw_fragment = text.substr(hash + 1);
  return url;
}

std::string url_escape(std::string_view text, UrlPart part) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (c == ' ' && part == UrlPart::QueryComponent) {
      out += '+';
    } else if (should_escape(c, part)) {
      auto byte = static_cast<unsigned char>(c);
      out.append(1, '%').append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    } else {
      out += c;
    }
  }
  return out;
}

Result<std::string> url_unescape(std::string_view text, UrlPart part) {
  bool host = part == UrlPart::Host || part == UrlPart::Zone;
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      std::string_view escape = text.substr(i, 3);
      if (escape.size() < 3 || hex_value(escape[1]) < 0 || hex_value(escape[2]) < 0)
        return bad_escape(escape);
      int value = hex_value(escape[1]) << 4 | hex_value(escape[2]);
      if (part == UrlPart::Host && value < 0x80 && escape != "%25") return bad_escape(escape);
      if (part == UrlPart::Zone && escape != "%25" && value != ' ' &&
          should_escape(static_cast<char>(value), UrlPart::Host))
        return bad_escape(escape);
      out += static_cast<char>(value);
      i += 2;
    } else if (c == '+' && part == UrlPart::QueryComponent) {
      out += ' ';
    } else {
      if (host && static_cast<unsigned char>(c) < 0x80 && should_escape(c, part))
        return invalid("invalid character " + quote(std::string_view(&c, 1)) + " in host name");
      out += c;
    }
  }
  return out;
}

Result<std::map<std::string, std::vector<std::string>>> parse_query(std::string_view query) {
  constexpr std::ptrdiff_t kMaxParameters = 10'000;
  if (std::ranges::count(query, '&') + 1 > kMaxParameters)
    return invalid("number of URL query parameters exceeded limit");
  std::map<std::string, std::vector<std::string>> values;
  std::string problem;
  for (std::string_view pair : split(query, "&")) {
    if (pair.find(';') != std::string_view::npos) {
      problem = "invalid semicolon separator in query";
      continue;
    }
    if (pair.empty()) continue;
    std::size_t equals = std::min(pair.find('='), pair.size());
    auto key = url_unescape(pair.substr(0, equals), UrlPart::QueryComponent);
    auto value = url_unescape(pair.substr(std::min(equals + 1, pair.size())), UrlPart::QueryComponent);
    if (!key || !value) {
      if (problem.empty()) problem = key ? value.error().message : key.error().message;
      continue;
    }
    values[*key].push_back(*value);
  }
  if (!problem.empty()) return invalid(problem);
  return values;
}

std::string encode_query(const std::map<std::string, std::vector<std::string>>& values) {
  std::string out;
  for (const auto& [key, list] : values)
    for (const std::string& value : list) {
      if (!out.empty()) out += '&';
      out += url_escape(key, UrlPart::QueryComponent) + "=" + url_escape(value, UrlPart::QueryComponent);
    }
  return out;
}

}  // namespace signalbox::policy::go
