// Type oids are those of pg_type.dat; binary forms are those of the types' send functions
// (src/backend/utils/adt). Dates and times count from 2000-01-01 in binary, so their zero is that day,
// midnight.
#include "actions/mask/types.h"

#include <algorithm>
#include <iterator>

#include "base/bytes.h"

namespace signalbox::actions {

namespace {

struct Entry {
  std::uint32_t oid;
  TypeClass type;
};

// Sorted by oid.
constexpr Entry kTypes[] = {
    {16, TypeClass::Bool},           // bool
    {17, TypeClass::Bytea},          // bytea
    {18, TypeClass::Text},           // "char"
    {19, TypeClass::Text},           // name
    {20, TypeClass::Int8},           // int8
    {21, TypeClass::Int2},           // int2
    {23, TypeClass::Int4},           // int4
    {25, TypeClass::Text},           // text
    {26, TypeClass::Oid},            // oid
    {114, TypeClass::Json},          // json
    {142, TypeClass::Text},          // xml
    {650, TypeClass::Cidr},          // cidr
    {700, TypeClass::Float4},        // float4
    {701, TypeClass::Float8},        // float8
    {705, TypeClass::Text},          // unknown
    {790, TypeClass::Money},         // money
    {829, TypeClass::MacAddr},       // macaddr
    {869, TypeClass::Inet},          // inet
    {1042, TypeClass::Text},         // bpchar
    {1043, TypeClass::Text},         // varchar
    {1082, TypeClass::Date},         // date
    {1083, TypeClass::Time},         // time
    {1114, TypeClass::Timestamp},    // timestamp
    {1184, TypeClass::TimestampTz},  // timestamptz
    {1186, TypeClass::Interval},     // interval
    {1266, TypeClass::TimeTz},       // timetz
    {1700, TypeClass::Numeric},      // numeric
    {2950, TypeClass::Uuid},         // uuid
    {3802, TypeClass::Jsonb},        // jsonb
};

std::string zeros(std::size_t count) {
  return std::string(count, '\0');
}

std::optional<std::string> harmless_text(TypeClass type) {
  switch (type) {
    case TypeClass::Text: return "********";
    case TypeClass::Bool: return "f";
    case TypeClass::Int2:
    case TypeClass::Int4:
    case TypeClass::Int8:
    case TypeClass::Oid:
    case TypeClass::Float4:
    case TypeClass::Float8:
    case TypeClass::Numeric: return "0";
    case TypeClass::Money: return "$0.00";
    case TypeClass::Date: return "2000-01-01";
    case TypeClass::Time: return "00:00:00";
    case TypeClass::TimeTz: return "00:00:00+00";
    case TypeClass::Timestamp: return "2000-01-01 00:00:00";
    case TypeClass::TimestampTz: return "2000-01-01 00:00:00+00";
    case TypeClass::Interval: return "00:00:00";
    case TypeClass::Uuid: return "00000000-0000-0000-0000-000000000000";
    case TypeClass::Bytea: return "\\x";
    case TypeClass::Inet: return "0.0.0.0";
    case TypeClass::Cidr: return "0.0.0.0/0";
    case TypeClass::MacAddr: return "00:00:00:00:00:00";
    case TypeClass::Json:
    case TypeClass::Jsonb: return "null";
    case TypeClass::Other: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::string> harmless_binary(TypeClass type) {
  switch (type) {
    case TypeClass::Text: return "********";
    case TypeClass::Json: return "null";
    case TypeClass::Jsonb: return "\x01null";  // version, then the text
    case TypeClass::Bytea: return "";
    case TypeClass::Bool: return zeros(1);
    case TypeClass::Int2: return zeros(2);
    case TypeClass::Int4:
    case TypeClass::Oid:
    case TypeClass::Float4:
    case TypeClass::Date: return zeros(4);
    case TypeClass::MacAddr: return zeros(6);
    case TypeClass::Int8:
    case TypeClass::Float8:
    case TypeClass::Money:
    case TypeClass::Time:
    case TypeClass::Timestamp:
    case TypeClass::TimestampTz:
    case TypeClass::Numeric: return zeros(8);  // of numeric: no digits, weight 0, positive, scale 0
    case TypeClass::TimeTz: return zeros(12);
    case TypeClass::Interval:
    case TypeClass::Uuid: return zeros(16);
    // family (2 = IPv4), bits, is_cidr, length, address
    case TypeClass::Inet: return std::string("\x02\x20\x00\x04\x00\x00\x00\x00", 8);
    case TypeClass::Cidr: return std::string("\x02\x00\x01\x04\x00\x00\x00\x00", 8);
    case TypeClass::Other: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

TypeClass type_class(std::uint32_t oid) {
  const auto found = std::ranges::lower_bound(kTypes, oid, {}, &Entry::oid);
  return found != std::end(kTypes) && found->oid == oid ? found->type : TypeClass::Other;
}

std::optional<std::string> harmless(TypeClass type, ValueFormat format) {
  return format == ValueFormat::Text ? harmless_text(type) : harmless_binary(type);
}

std::optional<std::string> integer_value(TypeClass type, ValueFormat format, std::uint64_t bits) {
  std::string binary;
  std::uint64_t value = 0;
  switch (type) {
    case TypeClass::Int2:
      value = bits & 0x7fff;
      append_be(binary, static_cast<std::uint16_t>(value));
      break;
    case TypeClass::Int4:
    case TypeClass::Oid:
      value = bits & 0x7fff'ffff;
      append_be(binary, static_cast<std::uint32_t>(value));
      break;
    case TypeClass::Int8:
      value = bits & 0x7fff'ffff'ffff'ffff;
      append_be(binary, value);
      break;
    default: return std::nullopt;
  }
  return format == ValueFormat::Text ? std::to_string(value) : binary;
}

std::string uuid_value(ValueFormat format, std::string_view bytes) {
  if (format == ValueFormat::Binary) return std::string(bytes.substr(0, 16));
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace signalbox::actions
