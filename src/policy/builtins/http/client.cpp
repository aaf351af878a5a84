// One HTTP exchange by httplib. Its errors say little, so a failed connection is asked once more for the
// reason, to be reported as Go's net package does.
#include "policy/builtins/http/client.h"

#include <httplib.h>
#include <netdb.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "policy/builtins/go/text.h"

namespace signalbox::policy::http {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

constexpr nanoseconds kForever = std::chrono::hours(24);

struct Endpoint {
  std::string host;
  std::string port;
  bool tls = false;
};

Endpoint endpoint_of(const go::Url& url) {
  Endpoint out{std::string(url.hostname()), std::string(url.port()), url.scheme == "https"};
  if (out.port.empty()) out.port = out.tls ? "443" : "80";
  return out;
}

std::string go_errno(int error) {
  if (error == ECONNREFUSED) return "connection refused";
  if (error == ENETUNREACH) return "network is unreachable";
  if (error == EHOSTUNREACH) return "no route to host";
  return go::to_lower(std::generic_category().message(error));
}

bool is_port(const std::string& text) {
  return text.size() <= 5 && std::atoi(text.c_str()) <= 65535;
}

/// Why a connection could not be made.
std::string connection_problem(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (!is_port(endpoint.port)) return "dial tcp: address " + endpoint.port + ": invalid port";
  if (getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(), &hints, &found) != 0)
    return "dial tcp: lookup " + endpoint.host + ": no such host";
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, freeaddrinfo);
  char text[NI_MAXHOST] = {};
  getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST);
  const std::string address = found->ai_family == AF_INET6 ? "[" + std::string(text) + "]" : text;
  int error = ECONNREFUSED;
  const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) {
    if (::connect(fd, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS) error = errno;
    ::close(fd);
  }
  return "dial tcp " + address + ":" + endpoint.port + ": connect: " + go_errno(error);
}

struct BioCloser {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
/// A reader of PEM text.
std::unique_ptr<BIO, BioCloser> reader_of(const std::string& pem) {
  return std::unique_ptr<BIO, BioCloser>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

/// A trust store of these PEM certificates, and the system's if wanted; ownership goes to the client.
X509_STORE* store_of(const TlsOptions& tls) {
  X509_STORE* store = X509_STORE_new();
  if (tls.system_roots) X509_STORE_set_default_paths(store);
  auto bio = reader_of(tls.roots);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
  }
  return store;
}

struct ClientIdentity {
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
  explicit ClientIdentity(const TlsOptions& tls) {
    if (tls.certificate.empty() || tls.key.empty()) return;
    auto bio = reader_of(tls.certificate);
    certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
    auto key_bio = reader_of(tls.key);
    key = PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr);
  }
  ClientIdentity(const ClientIdentity&) = delete;
  ClientIdentity& operator=(const ClientIdentity&) = delete;
  ~ClientIdentity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
};

std::string target_of(const go::Url& url) {
  std::string out = url.escaped_path();
  if (!out.starts_with('/')) out.insert(0, 1, '/');
  if (url.force_query || !url.raw_query.empty()) out += "?" + url.raw_query;
  return out;
}

std::unique_ptr<httplib::ClientImpl> client_of(const Request& request, const Endpoint& endpoint,
                                               const ClientIdentity& identity) {
  if (!request.socket.empty()) {
    auto client = std::make_unique<httplib::ClientImpl>(request.socket);
    client->set_address_family(AF_UNIX);
    return client;
  }
  const int port = std::atoi(endpoint.port.c_str());
  if (!endpoint.tls) return std::make_unique<httplib::ClientImpl>(endpoint.host, port);
  // The name to ask for and to verify is the client's host; where it differs from the URL's, the address is
  // mapped.
  const std::string name = request.tls.server_name.empty() ? endpoint.host : request.tls.server_name;
  std::unique_ptr<httplib::SSLClient> client;
  if (identity.certificate != nullptr && identity.key != nullptr) {
    client = std::make_unique<httplib::SSLClient>(name, port, identity.certificate, identity.key);
  } else {
    client = std::make_unique<httplib::SSLClient>(name, port);
  }
  if (name != endpoint.host) client->set_hostname_addr_map({{name, endpoint.host}});
  if (!request.tls.roots.empty()) client->set_ca_cert_store(store_of(request.tls));
  client->enable_server_certificate_verification(!request.tls.skip_verify);
  return client;
}

Failure failure_of(httplib::Error error, const Request& request, const Endpoint& endpoint, bool late,
                   bool too_long) {
  if (too_long) return {"response body is too large", false};
  if (late || error == httplib::Error::ConnectionTimeout)
    return {"context deadline exceeded (Client.Timeout exceeded while awaiting headers)", true};
  switch (error) {
    case httplib::Error::Connection:
      if (!request.socket.empty())
        return {"dial unix " + request.socket + ": connect: no such file or directory", false};
      return {connection_problem(endpoint), false};
    case httplib::Error::SSLServerVerification:
      return {"tls: failed to verify certificate: x509: certificate signed by unknown authority", false};
    case httplib::Error::SSLConnection: return {"tls: handshake failure", false};
    case httplib::Error::Read: return {"EOF", false};
    default: return {httplib::to_string(error), false};
  }
}

}  // namespace

std::string_view Response::header(std::string_view name) const {
  const auto found = headers.find(std::string(name));
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::expected<Response, Failure> send(const Request& request) {
  const Endpoint endpoint = endpoint_of(request.url);
  if (request.socket.empty() && !is_port(endpoint.port))
    return std::unexpected(Failure{connection_problem(endpoint), false});
  const ClientIdentity identity(request.tls);
  auto client = client_of(request, endpoint, identity);
  const nanoseconds limit = request.timeout.count() > 0 ? request.timeout : kForever;
  const auto whole = std::chrono::duration_cast<microseconds>(limit);
  client->set_connection_timeout(whole);
  client->set_read_timeout(whole);
  client->set_write_timeout(whole);
  client->set_keep_alive(false);
  client->set_decompress(false);

  httplib::Request out;
  out.method = request.method;
  out.path = target_of(request.url);
  out.body = request.body;
  for (const auto& [name, value] : request.headers) out.headers.emplace(name, value);
  if (!out.has_header("Host")) out.headers.emplace("Host", request.url.host);
  if (!out.has_header("Accept-Encoding")) out.headers.emplace("Accept-Encoding", "identity");
  std::string body;
  bool too_long = false;
  out.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    too_long = body.size() + size > request.max_body;
    if (!too_long) body.append(data, size);
    return !too_long;
  };
  httplib::Response in;
  httplib::Error error = httplib::Error::Success;
  const auto start = std::chrono::steady_clock::now();
  if (!client->send(out, in, error))
    return std::unexpected(
        failure_of(error, request, endpoint, std::chrono::steady_clock::now() - start >= limit, too_long));
  Response response{in.status, in.reason, {}, std::move(body)};
  if (response.body.empty()) response.body = std::move(in.body);
  for (const auto& [name, value] : in.headers) response.headers.emplace(go::to_lower(name), value);
  return response;
}

}  // namespace signalbox::policy::http
