// Bound parameters: the values of Bind, by type and format, put in the place of $n in the facts.
// Formats: src/backend/utils/adt/*send and *recv of PostgreSQL; integers are big-endian.
// Surprise: an unspecified type in text format stays a String: the server decides its type, and "1" could be
// either.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "sql/analyze.h"
#include "sql/casts.h"

namespace signalbox::sql {
namespace {

/// Object identifiers of pg_type, fixed since they exist.
enum Type : std::uint32_t {
  kBool = 16,
  kBytea = 17,
  kChar = 18,
  kName = 19,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kOid = 26,
  kJson = 114,
  kXml = 142,
  kCidr = 650,
  kFloat4 = 700,
  kFloat8 = 701,
  kUnknown = 705,
  kInet = 869,
  kBpchar = 1042,
  kVarchar = 1043,
  kDate = 1082,
  kTime = 1083,
  kTimestamp = 1114,
  kTimestamptz = 1184,
  kNumeric = 1700,
  kUuid = 2950,
  kJsonb = 3802,
};

constexpr std::uint32_t kFirstByInitdb = 10'000;  ///< from here on types that are not fixed

bool is_text_like(std::uint32_t type) {
  static constexpr auto kTypes =
      std::to_array<std::uint32_t>({kChar, kName, kText, kJson, kXml, kUnknown, kBpchar, kVarchar});
  return std::ranges::find(kTypes, type) != kTypes.end();
}

template <class T>
Literal integer(std::string_view bytes) {
  return bytes.size() == sizeof(T) ? Literal::of(std::int64_t{load_be<T>(bytes.data())}) : Literal::unknown();
}

/// numeric_send: ndigits, weight, sign, dscale, then base-10000 digits.
Literal numeric(std::string_view bytes) {
  if (bytes.size() < 8 || bytes.size() > 4096) return Literal::unknown();
  const auto count = load_be<std::uint16_t>(bytes.data());
  const auto weight = load_be<std::int16_t>(bytes.data() + 2);
  const auto sign = load_be<std::uint16_t>(bytes.data() + 4);
  const auto scale = load_be<std::uint16_t>(bytes.data() + 6);
  if (bytes.size() != 8 + std::size_t{count} * 2 || weight > 250 || weight < -250 || scale > 1000)
    return Literal::unknown();
  if (sign != 0 && sign != 0x4000)
    return Literal::string(sign == 0xD000 ? "Infinity" : sign == 0xF000 ? "-Infinity" : "NaN");
  const auto group = [&](int i) {
    const int at = weight - i;
    return at >= 0 && at < count ? load_be<std::uint16_t>(bytes.data() + 8 + at * 2) : std::uint16_t{0};
  };
  const auto padded = [](unsigned value) { return std::to_string(10000 + value % 10000).substr(1); };
  std::string text;
  for (int i = std::max<int>(weight, 0); i >= 0; --i) text += padded(group(i));
  text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
  if (scale > 0) {
    std::string fraction;
    for (int i = -1; fraction.size() < scale; --i) fraction += padded(group(i));
    text += "." + fraction.substr(0, scale);
  }
  return Literal::number((sign == 0x4000 ? "-" : "") + text);
}

std::string two(std::int64_t value) {
  return {static_cast<char>('0' + value / 10 % 10), static_cast<char>('0' + value % 10)};
}

/// A day counted from 2000-01-01 as YYYY-MM-DD (proleptic Gregorian).
std::string day_text(std::int64_t days) {
  const std::int64_t z = days + 10957 + 719468;  // from 0000-03-01, by way of 1970
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t doe = z - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const std::int64_t month = mp < 10 ? mp + 3 : mp - 9;
  const std::int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  std::string digits = std::to_string(year);
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return digits + "-" + two(month) + "-" + two(doy - (153 * mp + 2) / 5 + 1);
}

std::string clock_text(std::int64_t micros) {
  const std::int64_t seconds = micros / 1'000'000;
  std::string text = two(seconds / 3600) + ":" + two(seconds / 60 % 60) + ":" + two(seconds % 60);
  if (micros % 1'000'000 == 0) return text;
  std::string fraction = std::to_string(1'000'000 + micros % 1'000'000).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return text + "." + fraction;
}

constexpr std::int64_t kMicrosPerDay = 86'400'000'000;
constexpr std::int64_t kMaxDay = 1'000'000;  ///< beyond about year 4700 the text form is not ours to guess

Literal date(std::string_view bytes) {
  if (bytes.size() != 4) return Literal::unknown();
  const std::int64_t days = load_be<std::int32_t>(bytes.data());
  return days < -kMaxDay / 2 || days > kMaxDay ? Literal::unknown() : Literal::string(day_text(days));
}

Literal timestamp(std::string_view bytes, std::string_view zone) {
  if (bytes.size() != 8) return Literal::unknown();
  const auto micros = load_be<std::int64_t>(bytes.data());
  const std::int64_t days = micros / kMicrosPerDay - (micros % kMicrosPerDay < 0 ? 1 : 0);
  if (days < -kMaxDay / 2 || days > kMaxDay) return Literal::unknown();
  return Literal::string(day_text(days) + " " + clock_text(micros - days * kMicrosPerDay) +
                         std::string(zone));
}

Literal time_of_day(std::string_view bytes) {
  if (bytes.size() != 8) return Literal::unknown();
  const auto micros = load_be<std::int64_t>(bytes.data());
  return micros < 0 || micros > kMicrosPerDay ? Literal::unknown() : Literal::string(clock_text(micros));
}

Literal uuid(std::string_view bytes) {
  if (bytes.size() != 16) return Literal::unknown();
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[static_cast<unsigned char>(bytes[i]) >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return Literal::string(std::move(text));
}

/// "char" keeps one byte, name 63, and the types that initdb makes (information_schema) may be of these.
Literal decode_string(std::uint32_t type, std::string_view text) {
  constexpr std::uint32_t kFirstOfUsers = 16'384;
  constexpr std::size_t kNameBytes = 63;
  const bool kept = type == kChar     ? text.size() <= 1
                    : type == kName   ? text.size() <= kNameBytes
                    : type == kBpchar ? !text.ends_with(' ')
                                      : type < kFirstByInitdb || type >= kFirstOfUsers;
  return kept ? Literal::string(std::string(text)) : Literal::unknown();
}

Literal decode_binary(std::uint32_t type, std::string_view bytes) {
  if (is_text_like(type)) return decode_string(type, bytes);
  switch (type) {
    case kBool: return bytes.size() == 1 ? Literal::of(bytes[0] != 0) : Literal::unknown();
    case kInt2: return integer<std::int16_t>(bytes);
    case kInt4: return integer<std::int32_t>(bytes);
    case kInt8: return integer<std::int64_t>(bytes);
    case kOid: return integer<std::uint32_t>(bytes);
    case kFloat4:
      return bytes.size() == 4 ? Literal::real(std::bit_cast<float>(load_be<std::uint32_t>(bytes.data())))
                               : Literal::unknown();
    case kFloat8:
      return bytes.size() == 8 ? Literal::real(std::bit_cast<double>(load_be<std::uint64_t>(bytes.data())))
                               : Literal::unknown();
    case kNumeric: return numeric(bytes);
    case kUuid: return uuid(bytes);
    case kDate: return date(bytes);
    case kTime: return time_of_day(bytes);
    case kTimestamp: return timestamp(bytes, "");
    case kTimestamptz: return timestamp(bytes, "+00");
    case kJsonb:
      return bytes.starts_with('\1') ? Literal::string(std::string(bytes.substr(1))) : Literal::unknown();
    default: return Literal::unknown();
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || (text.front() >= '\t' && text.front() <= '\r')))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || (text.back() >= '\t' && text.back() <= '\r')))
    text.remove_suffix(1);
  return text;
}

/// boolin: any prefix of true, false, yes, no; on, off (of); 1, 0.
Literal boolean(std::string_view text) {
  std::string word(trimmed(text));
  for (char& c : word) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  const auto is_prefix = [&](std::string_view full, std::size_t at_least) {
    return word.size() >= at_least && full.starts_with(word);
  };
  if (is_prefix("true", 1) || is_prefix("yes", 1) || word == "on" || word == "1") return Literal::of(true);
  if (is_prefix("false", 1) || is_prefix("no", 1) || is_prefix("off", 2) || word == "0")
    return Literal::of(false);
  return Literal::unknown();
}

/// The type that a text becomes before anything is done with it, where that is one whose casts are followed.
std::string_view cast_name(std::uint32_t type) {
  switch (type) {
    case kBool: return "bool";
    case kBytea: return "bytea";
    case kOid: return "oid";
    case kInet: return "inet";
    case kCidr: return "cidr";
    case kInt2: return "int2";
    case kInt4: return "int4";
    case kInt8: return "int8";
    case kNumeric: return "numeric";
    case kFloat4: return "float4";
    case kFloat8: return "float8";
    case kText: return "text";
    case kVarchar: return "varchar";
    case kName: return "name";
    case kBpchar: return "bpchar";
    case kUuid: return "uuid";
    case kDate: return "date";
    case kTime: return "time";
    case kTimestamp: return "timestamp";
    case kTimestamptz: return "timestamptz";
    case kJson: return "json";
    case kJsonb: return "jsonb";
    default: return {};
  }
}

Literal decode_real(std::uint32_t type, std::string_view text) {
  const Literal value = Literal::number(trimmed(text));
  if (value.kind == Literal::Kind::Unknown) return Literal::string(std::string(text));
  return cast(value, cast_name(type)).value_or(Literal::unknown());
}

Literal decode_text(std::uint32_t type, std::string_view text) {
  switch (type) {
    case kBool: return boolean(text);
    case kInt2:
    case kInt4:
    case kInt8:
    case kOid: {
      const Literal value = Literal::number(trimmed(text));
      return value.kind == Literal::Kind::Integer ? value : Literal::unknown();
    }
    case kFloat4:
    case kFloat8:
    case kNumeric: return decode_real(type, text);
    default: return decode_string(type, text);
  }
}

/// What is bound to $n.
struct Given {
  Literal value;
  std::string_view type = {};  ///< its name; "" when nobody has told, "?" of one whose casts are not followed
  std::uint32_t described = 0;  ///< OID of the type that PostgreSQL gave it; 0 when that is not known
  bool needs_type = false;      ///< it cannot be read without
};

/// $n without a type takes that of the place where PostgreSQL meets it first. This is whether the value reads
/// the same in all of them, if columns of one name are of one type. `with` is what it is compared with in
/// this one, or null.
bool reads_the_same(const StatementFacts& statement, std::int64_t n, const Literal& value,
                    const Equality* with) {
  const auto is_it = [&](const ParameterUse& use) { return use.number == n; };
  if (std::ranges::find(statement.opaque, "bounded") != statement.opaque.end()) return false;
  if (std::ranges::count_if(statement.parameters, is_it) == 1) return true;
  return std::ranges::all_of(statement.parameters, [&](const ParameterUse& use) {
    if (!is_it(use)) return true;
    if (!use.type.empty()) return reads_the_same_as(value, use.type);
    if (use.compared_with == kAnyColumn) return true;
    return with != nullptr && use.compared_with == with->column && use.compared_type == with->type;
  });
}

/// No column can give $n its type but the one of this place, or a catalogue tells that all are of one.
bool has_one_type(const StatementFacts& statement, const Literal& parameter, const Equality* with) {
  if (with != nullptr && with->type != 0) return true;
  std::size_t places = 0, without_cast = 0;
  for (const ParameterUse& use : statement.parameters) {
    if (use.number != parameter.integer) continue;
    ++places;
    if (use.type.empty() && use.compared_with != kAnyColumn) ++without_cast;
  }
  return places == 1 || without_cast == 0 || (without_cast == 1 && parameter.text.empty());
}

/// $n stands in this one place, without a cast: PostgreSQL gives it the type of the column that it is
/// compared to.
bool takes_columns_type(const StatementFacts& statement, const Literal& value) {
  if (value.kind != Literal::Kind::Parameter) return false;
  const auto is_it = [&](const ParameterUse& use) { return use.number == value.integer; };
  const auto at = std::ranges::find_if(statement.parameters, is_it);
  return at != statement.parameters.end() && at->type.empty() &&
         std::ranges::count_if(statement.parameters, is_it) == 1;
}

/// Puts values in the place of $n. `GivenTo` is asked with n, from 1, and the type of a column where
/// PostgreSQL takes that for $n, or 0.
template <class GivenTo>
class Binder {
 public:
  /// `statement` has all places where $n stands.
  Binder(const StatementFacts& statement, GivenTo given) : statement_(statement), given_(given) {}

  Binding bind(StatementFacts& facts) {
    for (Equality& equality : facts.where) bind(equality);
    for (TableUse& use : facts.tables)
      for (Equality& equality : use.where) bind(equality);
    if (facts.has_limit) bind(facts.limit);
    if (facts.has_limit && facts.limit.kind == Literal::Kind::Null) facts.has_limit = false;  // LIMIT NULL
    for (Setting& setting : facts.sets) bind(setting);
    return bound_;
  }

 private:
  void bind(Literal& value, const Equality* with = nullptr, std::uint32_t type = 0) {
    if (value.kind != Literal::Kind::Parameter) return;
    Given given = given_(value.integer, type);
    value = is_told(value, given, with) ? cast_as_written(std::move(given.value), value) : Literal::unknown();
  }

  bool is_told(const Literal& parameter, const Given& given, const Equality* with) {
    const Literal& value = given.value;
    if (value.kind == Literal::Kind::Null) return true;  // of any type
    if (!given.type.empty()) return are_followed(parameter, given.type);
    if (value.kind == Literal::Kind::Unknown && !given.needs_type) return false;
    const bool same = !given.needs_type && reads_the_same(statement_, parameter.integer, value, with);
    const bool rounds = value.kind == Literal::Kind::Decimal;  // as an integer; only EXECUTE is given such
    if (same && !rounds && has_one_type(statement_, parameter, with)) return true;
    if (given.described == 0) bound_ = Binding::Untold;
    if (given.described == 0 || given.described >= kFirstByInitdb) return same && given.described != 0;
    const std::string_view type = cast_name(given.described);
    return !type.empty() && reads_the_same_as(value, type) && are_followed(parameter, type);
  }

  void bind(Equality& equality) {
    const std::uint32_t type = takes_columns_type(statement_, equality.value) ? equality.type : 0;
    bind(equality.value, &equality, type);
  }

  void bind(Setting& setting) {
    bind(setting.value);
    if (setting.name_parameter == 0) return;
    Literal name = Literal::parameter(setting.name_parameter);
    bind(name);
    if (name.kind != Literal::Kind::String) return;
    setting.name = name.text;
    for (char& c : setting.name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    setting.name_parameter = 0;
  }

  const StatementFacts& statement_;
  GivenTo given_;
  Binding bound_ = Binding::Told;
};

/// What PREPARE makes of a value for $n.
Given as_declared(Literal value, const StatementFacts& prepare, std::int64_t n) {
  const auto i = static_cast<std::size_t>(n) - 1;
  if (i >= prepare.declared.size() || prepare.declared[i].empty()) return {.value = std::move(value)};
  return {.value = cast(std::move(value), prepare.declared[i]).value_or(Literal::unknown()),
          .type = prepare.declared[i]};
}

bool within(std::int64_t n, std::size_t count) {
  return n >= 1 && static_cast<std::uint64_t>(n) <= count;
}

}  // namespace

Literal decode(const BoundParameter& parameter) {
  if (parameter.null) return Literal::null();
  return parameter.binary ? decode_binary(parameter.type, parameter.bytes)
                          : decode_text(parameter.type, parameter.bytes);
}

Binding bind_parameters(QueryFacts& facts, std::span<const BoundParameter> parameters) {
  const auto given = [&](std::int64_t n, std::uint32_t type) -> Given {
    if (!within(n, parameters.size())) return {.value = Literal::unknown(), .type = "?"};
    BoundParameter parameter = parameters[static_cast<std::size_t>(n) - 1];
    if (parameter.type == kUnknown) parameter.type = 0;
    if (parameter.type == 0) parameter.type = type;
    if (parameter.type == 0 && parameter.binary && !parameter.null) {
      if (parameter.described == 0) return {.value = Literal::unknown(), .needs_type = true};
      parameter.type = parameter.described;
    }
    // Somebody's own type may keep less than it was given: a domain over "char" or numeric(3, -1).
    if (parameter.type >= kFirstByInitdb && !parameter.null)
      return {.value = Literal::unknown(), .type = "?"};
    if (parameter.type == 0) {
      Given declared = as_declared(decode(parameter), facts.whole, n);
      declared.described = parameter.described;
      return declared;
    }
    const std::string_view name = cast_name(parameter.type);
    return {.value = decode(parameter), .type = name.empty() ? "?" : name};
  };
  Binder binder(facts.whole, given);
  Binding bound = binder.bind(facts.whole);
  for (StatementFacts& one : facts.parts) bound = binder.bind(one);
  for (StatementFacts& one : facts.inner) bound = binder.bind(one);
  return bound;
}

Binding bind_parameters(StatementFacts& facts, std::span<const Literal> arguments,
                        const StatementFacts& prepare, std::span<const std::uint32_t> described) {
  const auto given = [&](std::int64_t n, std::uint32_t) -> Given {
    if (!within(n, arguments.size())) return {.value = Literal::unknown(), .type = "?"};
    const auto i = static_cast<std::size_t>(n) - 1;
    Given declared = as_declared(arguments[i], prepare, n);
    if (i < described.size()) declared.described = described[i];
    return declared;
  };
  return Binder(prepare, given).bind(facts);
}

}  // namespace signalbox::sql
