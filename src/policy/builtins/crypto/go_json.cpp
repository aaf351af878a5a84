// Go's JSON of keys and numbers.
#include "policy/builtins/crypto/go_json.h"

#include <openssl/core_names.h>
#include <openssl/objects.h>

#include "policy/builtins/go/codec.h"
#include "policy/builtins/go/text.h"
#include "policy/value/number.h"

namespace signalbox::policy::crypto {

Value GoJson::bytes(std::string_view bytes, bool absent) {
  return absent ? Value::null() : text(go::base64_encode(bytes));
}

Value GoJson::number(const BIGNUM* number) {
  if (number == nullptr) return Value::null();
  char* digits = BN_bn2dec(number);
  const Value out = parse_number(arena_, digits);
  OPENSSL_free(digits);
  return out;
}

Value GoJson::list(const std::vector<Value>& items) {
  return items.empty() ? Value::null() : make_array(arena_, items);
}

std::string GoJson::object_id_text(const ASN1_OBJECT* id) {
  constexpr int kNumeric = 1;
  const int size = OBJ_obj2txt(nullptr, 0, id, kNumeric);
  std::string out(static_cast<std::size_t>(std::max(size, 0)) + 1, '\0');
  OBJ_obj2txt(out.data(), static_cast<int>(out.size()), id, kNumeric);
  out.pop_back();
  return out;
}

Value GoJson::object_id(const ASN1_OBJECT* id) {
  std::vector<Value> parts;
  const std::string dotted = object_id_text(id);
  for (std::string_view part : go::split(dotted, ".")) parts.push_back(parse_number(arena_, part));
  return list(parts);
}

Value GoJson::public_key(EVP_PKEY* key) {
  ObjectBuilder out(arena_);
  switch (key == nullptr ? 0 : EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      out.add("E", number(key_number(key, OSSL_PKEY_PARAM_RSA_E).get()));
      out.add("N", number(key_number(key, OSSL_PKEY_PARAM_RSA_N).get()));
      return out.finish();
    case EVP_PKEY_EC:
      out.add("Curve", kEmptyObject);
      out.add("X", number(key_number(key, OSSL_PKEY_PARAM_EC_PUB_X).get()));
      out.add("Y", number(key_number(key, OSSL_PKEY_PARAM_EC_PUB_Y).get()));
      return out.finish();
    case EVP_PKEY_ED25519: return bytes(raw_public_key(key));
    default: return Value::null();
  }
}

BigNumber key_number(EVP_PKEY* key, const char* name) {
  BIGNUM* out = nullptr;
  EVP_PKEY_get_bn_param(key, name, &out);
  return BigNumber(out);
}

std::string raw_public_key(EVP_PKEY* key) {
  std::size_t size = 0;
  EVP_PKEY_get_raw_public_key(key, nullptr, &size);
  std::string out(size, '\0');
  EVP_PKEY_get_raw_public_key(key, bytes_of(out), &size);
  return out;
}

std::string raw_private_key(EVP_PKEY* key) {
  std::size_t size = 0;
  EVP_PKEY_get_raw_private_key(key, nullptr, &size);
  std::string out(size, '\0');
  EVP_PKEY_get_raw_private_key(key, bytes_of(out), &size);
  return out;
}

}  // namespace signalbox::policy::crypto
