// crypto.md5, sha1, sha256 and crypto.hmac.*.
#include "policy/builtins/crypto/digest.h"
#include "policy/builtins/declare.h"
#include "policy/builtins/go/codec.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

using crypto::Digest;

template <Digest Kind>
BuiltinResult hash(BuiltinContext& context, std::string_view text) {
  if (!context.meter.charge(1 + text.size() / kBytesPerStep)) return limit_failure();
  return owned_string(context, go::hex_encode(crypto::digest(Kind, text)));
}

template <Digest Kind>
BuiltinResult hmac(BuiltinContext& context, std::string_view text, std::string_view key) {
  if (!context.meter.charge(1 + (text.size() + key.size()) / kBytesPerStep)) return limit_failure();
  return owned_string(context, go::hex_encode(crypto::hmac(Kind, key, text)));
}

BuiltinResult equal(BuiltinContext&, std::string_view a, std::string_view b) {
  return Value::boolean(crypto::equal_constant_time(a, b));
}

constexpr Builtin row(std::string_view name, std::string_view signature, BuiltinFn fn) {
  return declare("crypto", name, signature, fn);
}

constexpr std::string_view kHash = "(string) => string";
constexpr std::string_view kHmac = "(string, string) => string";

constexpr Builtin kTable[] = {
    row("crypto.hmac.equal", "(string, string) => boolean", typed<equal>),
    row("crypto.hmac.md5", kHmac, typed<hmac<Digest::Md5>>),
    row("crypto.hmac.sha1", kHmac, typed<hmac<Digest::Sha1>>),
    row("crypto.hmac.sha256", kHmac, typed<hmac<Digest::Sha256>>),
    row("crypto.hmac.sha512", kHmac, typed<hmac<Digest::Sha512>>),
    row("crypto.md5", kHash, typed<hash<Digest::Md5>>),
    row("crypto.sha1", kHash, typed<hash<Digest::Sha1>>),
    row("crypto.sha256", kHash, typed<hash<Digest::Sha256>>),
};

}  // namespace

std::span<const Builtin> hashes() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
