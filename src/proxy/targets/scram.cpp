// The arithmetic of SCRAM. Names are RFC 5802's. Comparisons of secrets take constant time.
#include "proxy/targets/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <charconv>
#include <fstream>

namespace signalbox::proxy {
namespace {

std::string encode64(std::string_view raw) {
  std::string out(4 * ((raw.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(raw.data()), static_cast<int>(raw.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::optional<std::string> decode64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string out(3 * text.size() / 4, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

std::optional<ScramKey> decode_key(std::string_view text) {
  const auto raw = decode64(text);
  ScramKey key;
  if (!raw || raw->size() != key.size()) return std::nullopt;
  std::copy(raw->begin(), raw->end(), key.begin());
  return key;
}

std::string_view bytes_of(const ScramKey& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

ScramKey hmac(const ScramKey& key, std::string_view text) {
  ScramKey out;
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return out;
}

ScramKey hash(const ScramKey& key) {
  ScramKey out;
  SHA256(key.data(), key.size(), out.data());
  return out;
}

ScramKey exclusive_or(const ScramKey& a, const ScramKey& b) {
  ScramKey out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<unsigned char>(a[i] ^ b[i]);
  return out;
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// Takes "x=value" from the front of a comma-separated list.
std::optional<std::string_view> take(std::string_view& rest, char name) {
  if (rest.size() < 2 || rest[0] != name || rest[1] != '=') return std::nullopt;
  const auto comma = rest.find(',');
  const std::string_view value = rest.substr(2, comma == std::string_view::npos ? comma : comma - 2);
  rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  return value;
}

constexpr std::string_view kBindingHeader = "p=tls-server-end-point,,";

}  // namespace

std::optional<ScramVerifier> ScramVerifier::parse(std::string_view text) {
  constexpr std::string_view kPrefix = "SCRAM-SHA-256$";
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const auto colon = text.find(':');
  const auto dollar = text.find('$');
  const auto last = text.rfind(':');
  if (dollar == std::string_view::npos || colon > dollar || last < dollar) return std::nullopt;
  ScramVerifier verifier;
  const auto read = std::from_chars(text.data(), text.data() + colon, verifier.iterations);
  if (read.ptr != text.data() + colon || verifier.iterations < 1) return std::nullopt;
  verifier.salt = text.substr(colon + 1, dollar - colon - 1);
  const auto stored = decode_key(text.substr(dollar + 1, last - dollar - 1));
  const auto server = decode_key(text.substr(last + 1));
  if (!decode64(verifier.salt) || !stored || !server) return std::nullopt;
  verifier.stored_key = *stored;
  verifier.server_key = *server;
  return verifier;
}

Result<ScramVerifiers> read_scram_file(const std::string& file) {
  std::ifstream in(file);
  if (!in) return fail(ErrorCode::NotFound, "cannot read the SCRAM verifiers in \"" + file + "\"");
  ScramVerifiers verifiers;
  std::string line;
  for (int row = 1; std::getline(in, line); ++row) {
    std::string_view rest = line;
    while (rest.ends_with('\r') || rest.ends_with(' ')) rest.remove_suffix(1);
    if (rest.empty() || rest.starts_with('#')) continue;
    const bool quoted = rest.starts_with('"');
    const auto end = quoted ? rest.find('"', 1) : rest.find(' ');
    const auto begin = rest.find("SCRAM-SHA-256$");
    const auto verifier =
        begin == std::string_view::npos ? std::nullopt : ScramVerifier::parse(rest.substr(begin));
    if (end == std::string_view::npos || end > begin || !verifier) {
      return fail(ErrorCode::InvalidArgument,
                  file + ":" + std::to_string(row) + ": not of the form: user SCRAM-SHA-256$...");
    }
    verifiers.insert_or_assign(std::string(quoted ? rest.substr(1, end - 1) : rest.substr(0, end)),
                               *verifier);
  }
  return verifiers;
}

std::string end_point_of(const X509* certificate) {
  if (certificate == nullptr) return {};
  int digest = NID_undef;
  if (OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, nullptr) != 1) return {};
  // RFC 5929: MD5 and SHA-1 are replaced by SHA-256; so is "none" of the Edwards curves, as PostgreSQL does
  // not know it.
  const EVP_MD* method = digest == NID_md5 || digest == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(digest);
  if (method == nullptr) return {};
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, method, bytes, &size) != 1) return {};
  return {reinterpret_cast<const char*>(bytes), size};
}

std::string scram_nonce() {
  unsigned char raw[18];
  if (RAND_bytes(raw, sizeof raw) != 1) std::abort();
  return encode64({reinterpret_cast<const char*>(raw), sizeof raw});
}

std::expected<std::string, std::string> ScramServer::first(std::string_view mechanism,
                                                           std::string_view client_first) {
  const bool plus = mechanism == "SCRAM-SHA-256-PLUS";
  if (!plus && mechanism != "SCRAM-SHA-256")
    return std::unexpected("client selected an invalid SASL authentication mechanism");
  const auto comma = client_first.find(',');
  const auto second = comma == std::string_view::npos ? comma : client_first.find(',', comma + 1);
  if (second == std::string_view::npos) return std::unexpected("malformed SCRAM message");
  gs2_header_ = client_first.substr(0, second + 1);
  bound_ = gs2_header_ == kBindingHeader;
  if (gs2_header_ == "y,,") {
    return std::unexpected("SCRAM channel binding negotiation error");
  }
  if (plus != bound_ || (!bound_ && gs2_header_ != "n,,")) return std::unexpected("malformed SCRAM message");
  client_first_bare_ = client_first.substr(second + 1);
  std::string_view rest = client_first_bare_;
  const auto user = take(rest, 'n');  // PostgreSQL ignores it: the user is the startup packet's
  const auto nonce = take(rest, 'r');
  if (!user || !nonce || nonce->empty() || nonce->size() > 1024)
    return std::unexpected("malformed SCRAM message");
  nonce_ = std::string(*nonce) + nonce_;
  server_first_ = "r=" + nonce_ + ",s=" + verifier_.salt + ",i=" + std::to_string(verifier_.iterations);
  return server_first_;
}

std::expected<std::string, std::string> ScramServer::final(std::string_view client_final) {
  const auto proof_at = client_final.rfind(",p=");
  if (proof_at == std::string_view::npos) return std::unexpected("malformed SCRAM message");
  std::string_view rest = client_final;
  const auto channel = take(rest, 'c');
  const auto nonce = take(rest, 'r');
  const auto proof = decode_key(client_final.substr(proof_at + 3));
  if (!channel || !nonce || !proof) return std::unexpected("malformed SCRAM message");
  if (*nonce != nonce_) return std::unexpected("invalid SCRAM response");
  if (!same(*channel, encode64(gs2_header_ + (bound_ ? binding_ : "")))) {
    return std::unexpected("SCRAM channel binding check failed");
  }
  const std::string message =
      client_first_bare_ + "," + server_first_ + "," + std::string(client_final.substr(0, proof_at));
  client_key_ = exclusive_or(*proof, hmac(verifier_.stored_key, message));
  if (!same(bytes_of(hash(client_key_)), bytes_of(verifier_.stored_key))) return std::unexpected("");
  return "v=" + encode64(bytes_of(hmac(verifier_.server_key, message)));
}

ScramClient::ScramClient(const ScramVerifier& verifier, const ScramKey& client_key, std::string binding,
                         std::string nonce)
    : verifier_(verifier),
      client_key_(client_key),
      binding_(std::move(binding)),
      gs2_header_(binding_.empty() ? "n,," : std::string(kBindingHeader)),
      client_first_bare_("n=,r=" + nonce) {}

std::optional<std::string> ScramClient::final(std::string_view server_first) {
  std::string_view rest = server_first;
  const auto nonce = take(rest, 'r');
  const auto salt = take(rest, 's');
  const auto iterations = take(rest, 'i');
  const std::string_view ours = std::string_view(client_first_bare_).substr(5);
  if (!nonce || !salt || !iterations || !nonce->starts_with(ours) || nonce->size() == ours.size())
    return std::nullopt;
  // Another salt or count means another verifier than the one that the key belongs to.
  if (*salt != verifier_.salt || *iterations != std::to_string(verifier_.iterations)) return std::nullopt;
  const std::string without_proof = "c=" + encode64(gs2_header_ + binding_) + ",r=" + std::string(*nonce);
  auth_message_ = client_first_bare_ + "," + std::string(server_first) + "," + without_proof;
  const ScramKey proof = exclusive_or(client_key_, hmac(verifier_.stored_key, auth_message_));
  return without_proof + ",p=" + encode64(bytes_of(proof));
}

bool ScramClient::verify(std::string_view server_final) const {
  std::string_view rest = server_final;
  const auto signature = take(rest, 'v');
  return signature && same(*signature, encode64(bytes_of(hmac(verifier_.server_key, auth_message_))));
}

}  // namespace signalbox::proxy
