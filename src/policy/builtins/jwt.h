// JSON Web Tokens cut and decoded: what io.jwt's readers share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/builtins/builtin.h"
#include "policy/builtins/crypto/key.h"

namespace signalbox::policy::builtins::jwt {

/// The three parts of a compact token, still encoded. Borrows the token.
struct Token {
  std::string_view header, payload, signature;
  std::string_view signed_text;  ///< header and payload with the dot between
};

/// The header's registered members.
struct Header {
  Value object;
  std::string_view alg, kid, cty;
  bool understood = true;  ///< false when a critical parameter is unknown, or "alg" is missing
};

std::expected<Token, BuiltinError> split(const Value& token);
std::expected<Value, BuiltinError> header_object(BuiltinContext& context, const Token& token);
std::expected<Header, BuiltinError> read_header(BuiltinContext& context, const Token& token);
std::expected<std::string, BuiltinError> decode_payload(const Token& token);
std::expected<std::string, BuiltinError> decode_signature(const Token& token);
/// A JSON object in the arena.
std::expected<Value, BuiltinError> object_of(BuiltinContext& context, std::string_view json);

using Keys = std::shared_ptr<const std::vector<crypto::Key>>;
/// verification_keys(), remembered by their text: parsing a key costs more than a verification.
std::expected<Keys, BuiltinError> cached_keys(BuiltinContext& context, std::string_view text);

}  // namespace signalbox::policy::builtins::jwt
