// Reading http.send's request object. Members are read in the order of their names, and the first that is
// wrong is the one reported, as in OPA.
#include "policy/builtins/http/request.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>

#include "policy/builtins/crypto/certificate.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/go/time.h"
#include "policy/builtins/plain_integer.h"
#include "policy/value/json.h"

namespace signalbox::policy::http {
namespace {

using Text = std::string_view;
/// What is wrong; empty when nothing is.
using Complaint = std::string;

constexpr std::chrono::seconds kDefaultTimeout{5};

/// A certificate or key that may come as text, as a file or as an environment variable.
struct Material {
  std::string text, file, variable;
};

struct Reading {
  Request request;
  std::string url;
  bool raw_body = false, system_certs = false;
  Material roots, certificate, key;
};

Text unquoted(Text text) {
  return go::trim_right(go::trim_left(text, "\""), "\"");
}

bool is_token(Text text) {
  constexpr Text kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || kOthers.contains(c);
  });
}

/// http.CanonicalHeaderKey: "x-a" becomes "X-A".
std::string canonical(Text name) {
  std::string out(name);
  if (!is_token(name)) return out;
  bool upper = true;
  for (char& c : out) {
    if (upper && c >= 'a' && c <= 'z')
      c = static_cast<char>(c - 32);
    else if (!upper && c >= 'A' && c <= 'Z')
      c = static_cast<char>(c + 32);
    upper = c == '-';
  }
  return out;
}

/// strconv.ParseBool of the value's text.
Complaint read_flag(const Value& value, bool& out) {
  const std::string text = to_rego(value);
  if (text == "true" || text == "1") return out = true, "";
  if (text == "false" || text == "0") return out = false, "";
  return "strconv.ParseBool: parsing " + go::quote(text) + ": invalid syntax";
}

Complaint read_timeout(const Value& value, std::chrono::nanoseconds& out) {
  if (value.is_number()) {
    const auto integer = builtins::plain_integer(value);
    if (!integer) return "invalid timeout number value " + to_rego(value) + ", must be int64";
    out = std::chrono::nanoseconds(*integer);
    return {};
  }
  std::int64_t bare = 0;
  const Text text = value.as_string();
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), bare);
  if (problem == std::errc() && end == text.data() + text.size() && !text.empty()) {
    out = std::chrono::nanoseconds(bare);
    return {};
  }
  auto duration = go::parse_duration(text);
  if (!duration) return "invalid timeout value " + to_rego(value) + ": " + duration.error().message;
  out = std::chrono::nanoseconds(*duration);
  return {};
}

Complaint read_headers(const Value& value, std::map<std::string, std::string>& out) {
  if (!value.is_object()) return "invalid type for headers key";
  for (const Pair& header : value.as_object()) {
    const std::string name =
        canonical(header.key.is_string() ? std::string(header.key.as_string()) : to_json(header.key));
    if (!header.value.is_string())
      return "invalid type for headers value " +
             (header.value.is_number() ? go::quote(to_json(header.value)) : to_json(header.value));
    out[name] = std::string(header.value.as_string());
  }
  return {};
}

/// The text member that `name` stands for; null when it is not one.
std::string* text_member(Reading& in, Text name) {
  struct Member {
    Text name;
    std::string* text;
  };
  const Member members[] = {{"method", &in.request.method},
                            {"url", &in.url},
                            {"tls_ca_cert", &in.roots.text},
                            {"tls_ca_cert_file", &in.roots.file},
                            {"tls_ca_cert_env_variable", &in.roots.variable},
                            {"tls_client_cert", &in.certificate.text},
                            {"tls_client_cert_file", &in.certificate.file},
                            {"tls_client_cert_env_variable", &in.certificate.variable},
                            {"tls_client_key", &in.key.text},
                            {"tls_client_key_file", &in.key.file},
                            {"tls_client_key_env_variable", &in.key.variable},
                            {"tls_server_name", &in.request.tls.server_name}};
  for (const Member& member : members)
    if (member.name == name) return member.text;
  return nullptr;
}

Complaint read_member(const BuiltinHost& host, Reading& in, Text name, const Value& value) {
  if (std::string* text = text_member(in, name); text != nullptr || name == "raw_body") {
    if (!value.is_string()) return go::quote(name) + " must be a string";
    std::string unwrapped(unquoted(value.as_string()));
    if (name == "raw_body") {
      in.request.body = std::move(unwrapped);
      in.raw_body = true;
      return {};
    }
    *text = name == "method" ? go::to_upper(unwrapped) : std::move(unwrapped);
    auto url = name == "url" ? go::parse_url(*text) : Result<go::Url>();
    if (name == "url" && url) return host_problem(host, *url);
    return name == "url" ? url.error().message : "";
  }
  if (name == "body" && !in.raw_body) in.request.body = to_json(value, EscapeHtml::Yes);
  if (name == "headers") return read_headers(value, in.request.headers);
  if (name == "timeout") return read_timeout(value, in.request.timeout);
  bool ignored = false;
  if (name == "enable_redirect") return read_flag(value, ignored);
  if (name == "tls_use_system_certs") return read_flag(value, in.system_certs);
  if (name == "tls_insecure_skip_verify") return read_flag(value, in.request.tls.skip_verify);
  return {};
}

Complaint read_file(const std::string& path, std::string& out) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return "open " + path + ": no such file or directory";
  out.append(std::istreambuf_iterator<char>(file), {});
  return {};
}

std::string variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

bool has_certificate(Text pem) {
  return pem.contains("-----BEGIN CERTIFICATE-----") && crypto::certificates(pem).has_value();
}

constexpr Text kNoCertificate = "tls: failed to find any PEM data in certificate input";

Complaint read_tls(Reading& in) {
  TlsOptions& tls = in.request.tls;
  tls.certificate = in.certificate.text;
  tls.key = in.key.text;
  if (!in.certificate.file.empty() && !in.key.file.empty()) {
    tls.certificate.clear(), tls.key.clear();
    if (auto wrong = read_file(in.certificate.file, tls.certificate); !wrong.empty()) return wrong;
    if (auto wrong = read_file(in.key.file, tls.key); !wrong.empty()) return wrong;
  }
  if (!in.certificate.variable.empty() && !in.key.variable.empty()) {
    tls.certificate = variable(in.certificate.variable);
    tls.key = variable(in.key.variable);
    if (!has_certificate(tls.certificate))
      return "cannot extract public/private key pair from envvars " + go::quote(in.certificate.variable) +
             ", " + go::quote(in.key.variable) + ": " + std::string(kNoCertificate);
  }
  if (!tls.certificate.empty() && !tls.key.empty() && !has_certificate(tls.certificate))
    return std::string(kNoCertificate);
  tls.system_roots = in.system_certs;
  if (!in.roots.text.empty()) {
    tls.roots = go::replace_all(in.roots.text, "\\n", "\n");
    if (!has_certificate(tls.roots)) return "could not append certificates";
  }
  if (!in.roots.file.empty()) {
    std::string pem;
    if (auto wrong = read_file(in.roots.file, pem); !wrong.empty()) return wrong;
    if (!has_certificate(pem)) return "could not append CA certificates from " + go::quote(in.roots.file);
    tls.roots += "\n" + pem;
  }
  if (!in.roots.variable.empty()) {
    const std::string pem = variable(in.roots.variable);
    if (!has_certificate(pem))
      return "could not add CA certificates from envvar " + go::quote(in.roots.variable) +
             ": could not append certificates";
    tls.roots += "\n" + pem;
  }
  return {};
}

/// Method, URL and headers are written into the request as they are: what could break out of their line is
/// refused.
Complaint finish(Reading& in) {
  Request& out = in.request;
  if (out.method.empty()) out.method = "GET";
  if (!is_token(out.method)) return "net/http: invalid method " + go::quote(out.method);
  auto url = go::parse_url(in.url);
  if (!url) return url.error().message;
  out.url = std::move(*url);
  if (out.url.scheme == "unix" && !out.url.raw_query.empty()) {
    if (auto query = go::parse_query(out.url.raw_query)) {
      if (const auto socket = query->find("socket"); socket != query->end())
        out.socket = socket->second.front();
      query->erase("socket");
      out.url.raw_query = go::encode_query(*query);
      out.url.scheme = "http";
    }
  }
  for (const auto& [name, value] : out.headers) {
    if (!is_token(name)) return "net/http: invalid header field name " + go::quote(name);
    const bool plain =
        std::ranges::none_of(value, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7F; });
    if (!plain) return "net/http: invalid header field value for " + go::quote(name);
  }
  if (!out.headers.contains("User-Agent")) out.headers["User-Agent"] = "signalbox";
  const auto host = out.headers.find("Host");
  if (host != out.headers.end() && out.tls.server_name.empty()) out.tls.server_name = host->second;
  return {};
}

}  // namespace

std::string host_problem(const BuiltinHost& host, const go::Url& url) {
  const std::string name = url.host.substr(0, url.host.find(':'));
  const bool allowed =
      host.http &&
      (host.http_hosts.empty() || std::ranges::find(host.http_hosts, name) != host.http_hosts.end() ||
       std::ranges::find(host.http_hosts, url.hostname()) != host.http_hosts.end());
  return allowed ? "" : "disallowed host: " + name;
}

std::expected<Request, BuiltinError> read_request(const BuiltinHost& host, const Value& object) {
  Reading in;
  in.request.timeout = kDefaultTimeout;
  for (const Pair& member : object.as_object()) {
    const Text name = member.key.as_string();
    if (name == "timeout" && !member.value.is_number() && !member.value.is_string())
      return operand_complaint(1, "'timeout' must be one of {string, number} but got " +
                                      std::string(kind_name(member.value.kind())));
    if (auto wrong = read_member(host, in, name, member.value); !wrong.empty()) return builtin_failure(wrong);
  }
  if (auto wrong = read_tls(in); !wrong.empty()) return builtin_failure(wrong);
  if (auto wrong = finish(in); !wrong.empty()) return builtin_failure(wrong);
  return std::move(in.request);
}

}  // namespace signalbox::policy::http
