// What masking knows of PostgreSQL's types: which class a type is of, and a harmless value of each class in
// both formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "actions/mask/mask.h"

namespace signalbox::actions {

enum class TypeClass : std::uint8_t {
  Text,  ///< text, varchar, bpchar, name, "char", xml, unknown: the same bytes in both formats
  Bool,
  Int2,
  Int4,
  Int8,
  Oid,
  Float4,
  Float8,
  Numeric,
  Money,
  Date,
  Time,
  TimeTz,
  Timestamp,
  TimestampTz,
  Interval,
  Uuid,
  Bytea,
  Inet,
  Cidr,
  MacAddr,
  Json,
  Jsonb,
  Other,
};

/// By pg_type.oid of the built-in types.
TypeClass type_class(std::uint32_t oid);

/// The constant that `full` gives: nullopt = NULL.
std::optional<std::string> harmless(TypeClass type, ValueFormat format);
/// The same of a type of class Other: arrays, ranges, geometry and the like. Types that users make have none.
std::optional<std::string> harmless_other(std::uint32_t oid, ValueFormat format);

/// An integer type's value from any 64 bits: not negative, within the type. nullopt: not an integer type.
std::optional<std::string> integer_value(TypeClass type, ValueFormat format, std::uint64_t bits);

/// A uuid from sixteen bytes.
std::string uuid_value(ValueFormat format, std::string_view bytes);

}  // namespace signalbox::actions
