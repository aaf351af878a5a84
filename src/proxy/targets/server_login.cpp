// The client's side of a login (PostgreSQL documentation, "Start-up"; RFC 5802). No channel binding: the
// account is the gateway's own, and its TLS is verified by the target's `tls.mode`.
#include "proxy/targets/server_login.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <charconv>

#include "proxy/net/inlet.h"
#include "proxy/targets/scram.h"
#include "proxy/wire/error_response.h"
#include "proxy/wire/frame.h"
#include "proxy/wire/replies.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {
namespace {

constexpr std::size_t kLongest = 1u << 20;
constexpr int kMostIterations = 1'000'000;

/// One whole message; empty when the server is gone or says too much.
Task<std::string> next_message(Inlet& inlet) {
  for (;;) {
    wire::FrameHeader header;
    const auto status = wire::read_header(wire::Sender::Server, inlet.bytes(), header);
    if (status == wire::HeaderStatus::Complete && header.size() <= kLongest &&
        inlet.bytes().size() >= header.size()) {
      std::string message(inlet.bytes().substr(0, header.size()));
      inlet.consume(header.size());
      co_return message;
    }
    const bool waits = status == wire::HeaderStatus::Incomplete ||
                       (status == wire::HeaderStatus::Complete && header.size() <= kLongest);
    if (!waits || co_await inlet.more() != Io::Ok) co_return std::string();
  }
}

std::string password_message(std::string_view data, bool terminated) {
  std::string out;
  wire::FrameBuilder frame(out, 'p');
  frame.bytes(data);
  if (terminated) frame.byte('\0');
  return out;
}

std::string hex_md5(std::string_view data) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), digest, &size, EVP_md5(), nullptr) != 1) return {};
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += "0123456789abcdef"[digest[i] >> 4];
    out += "0123456789abcdef"[digest[i] & 15];
  }
  return out;
}

/// "md5" md5(md5(password user) salt)
std::string md5_answer(const std::string& user, const std::string& password, std::string_view salt) {
  return "md5" + hex_md5(hex_md5(password + user) + std::string(salt));
}

ScramKey keyed(const ScramKey& key, std::string_view text) {
  ScramKey out{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return out;
}

std::string_view attribute(std::string_view message, char name) {
  while (!message.empty()) {
    const auto end = message.find(',');
    const std::string_view one = message.substr(0, end);
    if (one.size() > 2 && one[0] == name && one[1] == '=') return one.substr(2);
    if (end == std::string_view::npos) break;
    message.remove_prefix(end + 1);
  }
  return {};
}

/// The keys that the password gives with the server's salt. False: the message is none of a server's.
bool derive(const std::string& password, std::string_view server_first, ScramVerifier& verifier,
            ScramKey& client_key) {
  const std::string_view salt = attribute(server_first, 's');
  const std::string_view count = attribute(server_first, 'i');
  const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), verifier.iterations);
  if (error != std::errc{} || verifier.iterations < 1 || verifier.iterations > kMostIterations ||
      salt.empty() || salt.size() % 4 != 0)
    return false;
  verifier.salt = salt;
  std::string raw(salt.size(), '\0');
  const int decoded =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(raw.data()),
                      reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()));
  if (decoded < 0) return false;
  const auto padding = salt.ends_with("==") ? 2u : salt.ends_with("=") ? 1u : 0u;
  raw.resize(static_cast<std::size_t>(decoded) - padding);
  ScramKey salted{};
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                        reinterpret_cast<const unsigned char*>(raw.data()), static_cast<int>(raw.size()),
                        verifier.iterations, EVP_sha256(), static_cast<int>(salted.size()),
                        salted.data()) != 1)
    return false;
  client_key = keyed(salted, "Client Key");
  SHA256(client_key.data(), client_key.size(), verifier.stored_key.data());
  verifier.server_key = keyed(salted, "Server Key");
  return true;
}

std::unexpected<Error> failed(std::string why) {
  return fail(ErrorCode::Unavailable, "log-in failed: " + std::move(why));
}

std::string words_of(std::string_view message) {
  return std::string(wire::error_field(message.substr(wire::kHeaderBytes), 'M'));
}

Task<Result<void>> scram(Channel& channel, Inlet& inlet, const std::string& password) {
  ScramVerifier verifier;
  ScramKey client_key{};
  ScramClient client(verifier, client_key, "");
  std::string first(client.mechanism());
  first += '\0';
  const std::string client_first = client.first();
  append_be(first, static_cast<std::uint32_t>(client_first.size()));
  first += client_first;
  if (co_await channel.write(password_message(first, false)) != Io::Ok) co_return failed("connection lost");
  const std::string challenge = co_await next_message(inlet);
  constexpr std::size_t kData = wire::kHeaderBytes + 4;
  if (challenge.size() <= kData || challenge.front() != 'R')
    co_return failed(challenge.empty() ? "connection lost" : words_of(challenge));
  const std::string_view server_first = std::string_view(challenge).substr(kData);
  if (!derive(password, server_first, verifier, client_key)) co_return failed("malformed SCRAM message");
  const auto final = client.final(server_first);
  if (!final) co_return failed("malformed SCRAM message");
  if (co_await channel.write(password_message(*final, false)) != Io::Ok) co_return failed("connection lost");
  const std::string proof = co_await next_message(inlet);
  if (proof.size() <= kData || proof.front() != 'R')
    co_return failed(proof.empty() ? "connection lost" : words_of(proof));
  if (!client.verify(std::string_view(proof).substr(kData)))
    co_return failed("the server could not prove itself");
  co_return Result<void>{};
}

Task<Result<void>> answer(Channel& channel, Inlet& inlet, std::string_view body, const std::string& user,
                          const std::string& password) {
  const auto kind = wire::decode_authentication(body);
  if (kind == wire::Authentication::Ok) co_return Result<void>{};
  if (password.empty()) co_return failed("the server asks for a password, and the target has none");
  std::string reply;
  if (kind == wire::Authentication::CleartextPassword) {
    reply = password_message(password, true);
  } else if (kind == wire::Authentication::Md5Password && body.size() == 8) {
    reply = password_message(md5_answer(user, password, body.substr(4)), true);
  } else if (kind == wire::Authentication::Sasl) {
    co_return co_await scram(channel, inlet, password);
  } else {
    co_return failed("the server asks for an authentication method that is not supported");
  }
  if (co_await channel.write(reply) != Io::Ok) co_return failed("connection lost");
  co_return Result<void>{};
}

}  // namespace

Task<Result<ServerLogin>> log_in(Channel& channel, std::string startup_packet, std::string user,
                                 std::string password) {
  Inlet inlet(channel);
  ServerLogin login;
  if (co_await channel.write(startup_packet) != Io::Ok) co_return failed("connection lost");
  for (;;) {
    const std::string message = co_await next_message(inlet);
    if (message.empty()) co_return failed("connection lost");
    const std::string_view body = std::string_view(message).substr(wire::kHeaderBytes);
    switch (message.front()) {
      case 'R': {
        auto answered = co_await answer(channel, inlet, body, user, password);
        if (!answered) co_return std::unexpected(answered.error());
        break;
      }
      case 'S':
        if (const auto status = wire::decode_parameter_status(body))
          login.parameters.emplace_back(status->name, status->value);
        break;
      case 'K':
        if (const auto key = wire::decode_backend_key(body))
          login.process = key->process, login.key = key->key;
        break;
      case 'Z': co_return login;
      case 'E': co_return failed(words_of(message));
      case 'N':
      case 'v': break;
      default: co_return failed("unexpected message");
    }
  }
}

Task<Result<std::vector<std::vector<std::string>>>> ask_server(Channel& channel, std::string sql) {
  Inlet inlet(channel);
  std::string query;
  wire::append_query(query, sql);
  if (co_await channel.write(query) != Io::Ok) co_return failed("connection lost");
  std::vector<std::vector<std::string>> rows;
  std::string error;
  for (;;) {
    const std::string message = co_await next_message(inlet);
    if (message.empty()) co_return failed("connection lost");
    if (message.front() == 'E') error = words_of(message);
    if (message.front() == 'Z') break;
    if (message.front() != 'D') continue;
    wire::BodyReader reader(std::string_view(message).substr(wire::kHeaderBytes));
    auto& row = rows.emplace_back();
    for (auto left = reader.integer<std::uint16_t>(); left > 0 && reader.ok(); --left) {
      const auto size = reader.integer<std::int32_t>();
      row.emplace_back(size < 0 ? std::string_view() : reader.bytes(static_cast<std::size_t>(size)));
    }
  }
  if (!error.empty()) co_return fail(ErrorCode::Unavailable, error);
  co_return rows;
}

}  // namespace signalbox::proxy
