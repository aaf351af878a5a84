// uuid.rfc4122 (random, one per key within an evaluation) and uuid.parse.
#include <array>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "policy/builtins/declare.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

using Uuid = std::array<char, 16>;

constexpr char kHex[] = "0123456789abcdef";

std::string hex_of(std::string_view bytes, std::string_view between = "") {
  std::string out;
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    if (!out.empty()) out += between;
    out.append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
  }
  return out;
}

struct MadeUuids {
  std::map<std::string, std::string, std::less<>> by_key;
};

BuiltinResult rfc4122(BuiltinContext& context, Value key) {
  std::string name = to_rego(key);
  if (!charge_bytes(context, name.size())) return limit_failure();
  auto& made = context.evaluation.of<MadeUuids>().by_key;
  auto found = made.find(name);
  if (found == made.end()) {
    Uuid bytes;
    store_be(bytes.data(), context.random());
    store_be(bytes.data() + 8, context.random());
    bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
    bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
    std::string text = hex_of({bytes.data(), bytes.size()});
    for (std::size_t at : {20u, 16u, 12u, 8u}) text.insert(at, "-");
    found = made.emplace(std::move(name), std::move(text)).first;
  }
  return copy_string(context.arena, found->second);
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if ((c | 32) >= 'a' && (c | 32) <= 'f') return (c | 32) - 'a' + 10;
  return -1;
}

/// The four spellings of github.com/google/uuid: plain, urn:uuid:, {...}, and 32 hex digits.
std::optional<Uuid> read_uuid(std::string_view text) {
  std::string digits;
  if (text.size() == 45) {
    if (!go::equal_fold_ascii(text.substr(0, 9), "urn:uuid:")) return std::nullopt;
    text.remove_prefix(9);
  } else if (text.size() == 38) {
    text = text.substr(1, 36);
  }
  if (text.size() == 36) {
    for (std::size_t at : {8u, 13u, 18u, 23u})
      if (text[at] != '-') return std::nullopt;
    for (std::size_t i = 0; i < text.size(); ++i)
      if (i != 8 && i != 13 && i != 18 && i != 23) digits += text[i];
  } else if (text.size() == 32) {
    digits = text;
  } else {
    return std::nullopt;
  }
  Uuid out;
  for (std::size_t i = 0; i < 16; ++i) {
    int high = nibble(digits[i * 2]), low = nibble(digits[i * 2 + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out[i] = static_cast<char>(high << 4 | low);
  }
  return out;
}

std::string_view variant_name(unsigned char byte) {
  if ((byte & 0xC0) == 0x80) return "RFC4122";
  if ((byte & 0xE0) == 0xC0) return "Microsoft";
  return (byte & 0xE0) == 0xE0 ? "Future" : "Reserved";
}

std::string_view mac_variables(unsigned char byte) {
  static constexpr std::string_view kNames[] = {"global:unicast", "global:multicast", "local:unicast",
                                                "local:multicast"};
  return kNames[byte & 3];
}

/// Nanoseconds since 1970 of a version 1 or 2 UUID, which counts 100 ns since 15 October 1582.
std::int64_t unix_ns(const Uuid& uuid) {
  std::int64_t ticks = load_be<std::uint32_t>(uuid.data());
  ticks |= static_cast<std::int64_t>(load_be<std::uint16_t>(uuid.data() + 4)) << 32;
  ticks |= static_cast<std::int64_t>(load_be<std::uint16_t>(uuid.data() + 6) & 0xFFF) << 48;
  constexpr std::int64_t kTicksTo1970 = 122'192'928'000'000'000;
  // Wraps beyond int64 nanoseconds as Go's arithmetic does.
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(ticks - kTicksTo1970) * 100);
}

BuiltinResult parse(BuiltinContext& context, std::string_view text) {
  auto uuid = read_uuid(text);
  if (!uuid) return Value::undefined();
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>((*uuid)[i]); };
  int version = byte(6) >> 4;
  ObjectBuilder out(context.arena);
  out.add("version", Value::integer(version));
  out.add("variant", Value::string(variant_name(byte(8))));
  if (version == 1 || version == 2) {
    out.add("time", Value::integer(unix_ns(*uuid)));
    out.add("nodeid", copy_string(context.arena, hex_of({uuid->data() + 10, 6}, "-")));
    out.add("macvariables", Value::string(mac_variables(byte(10))));
    out.add("clocksequence", Value::integer(load_be<std::uint16_t>(uuid->data() + 8) & 0x3FFF));
  }
  if (version == 2) {
    static constexpr std::string_view kDomains[] = {"Person", "Group", "Org"};
    out.add("id", Value::integer(load_be<std::uint32_t>(uuid->data())));
    out.add("domain", byte(9) < 3 ? Value::string(kDomains[byte(9)])
                                  : copy_string(context.arena, "Domain" + std::to_string(byte(9))));
  }
  return out.finish();
}

constexpr Builtin kTable[] = {
    declare("uuid", "uuid.parse", "(string) => object[string: any]", typed<parse>),
    declare("uuid", "uuid.rfc4122", "(string) => string", typed<rfc4122>, {.nondeterministic = true}),
};

}  // namespace

std::span<const Builtin> uuid() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
