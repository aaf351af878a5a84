// Go's time.Time as far as Rego shows it: civil fields, time.Date, Format, ParseDuration.
#include "policy/builtins/go/time.h"

#include <array>
#include <cmath>
#include <cstdlib>

#include "policy/builtins/go/layout.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/go/time_names.h"

namespace signalbox::policy::go {
namespace {

std::int64_t local_seconds(const Time& time) {
  return time.seconds + time.zone->at(time.seconds).offset;
}

// Dates that no int64 of seconds holds wrap around as Go's do.
std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// Unix seconds at the beginning of a day, by the steps of Go's dateToAbsDays.
std::int64_t unix_of_date(std::int64_t year, std::int64_t month, std::int64_t day) {
  constexpr std::uint64_t kFirstYear = 292'277'022'400, kUnixDays = kFirstYear / 400 * 146097 + 306 + 719162;
  const bool early = month < 3;
  const std::uint64_t years = static_cast<std::uint64_t>(year) - (early ? 1 : 0) + kFirstYear;
  const auto month_days = static_cast<std::uint64_t>(((month + (early ? 12 : 0)) * 979 - 2919) >> 5);
  const std::uint64_t days = 146097 * (years / 100) / 4 + 1461 * (years % 100) / 4 + month_days +
                             static_cast<std::uint64_t>(day) - 1;
  return static_cast<std::int64_t>((days - kUnixDays) * 86400);
}

void carry(std::int64_t& high, std::int64_t& low, std::int64_t base) {
  high = wrapping_add(high, floor_div(low, base));
  low = floor_mod(low, base);
}

void append_int(std::string& out, std::int64_t value, std::size_t width) {
  std::string digits = std::to_string(std::llabs(value));
  if (value < 0) out += '-';
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

void append_fraction(std::string& out, int nanoseconds, std::string_view spelling, bool trim) {
  std::size_t digits = spelling.size() - 1;
  if (trim && nanoseconds == 0) return;
  std::string text;
  append_int(text, nanoseconds, 9);
  if (digits < 9) text.resize(digits);
  if (digits > 9 && !trim) digits = 9;
  if (trim)
    while (!text.empty() && text.back() == '0') text.pop_back();
  if (!text.empty()) out.append(1, spelling[0]).append(text);
}

struct ZoneStyle {
  bool z_for_utc, colons, minutes, seconds;
};

ZoneStyle zone_style(Element element) {
  bool iso = element >= Element::IsoZone && element <= Element::IsoColonSecondsZone;
  bool colons = element == Element::IsoColonZone || element == Element::NumColonZone ||
                element == Element::IsoColonSecondsZone || element == Element::NumColonSecondsZone;
  bool seconds = element == Element::IsoSecondsZone || element == Element::NumSecondsZone ||
                 element == Element::IsoColonSecondsZone || element == Element::NumColonSecondsZone;
  bool hours_only = element == Element::IsoShortZone || element == Element::NumShortZone;
  return {iso, colons, !hours_only, seconds};
}

void append_offset(std::string& out, int offset, Element element) {
  ZoneStyle style = zone_style(element);
  if (style.z_for_utc && offset == 0) {
    out += 'Z';
    return;
  }
  int minutes = offset / 60;
  out += minutes < 0 ? '-' : '+';
  append_int(out, std::abs(minutes) / 60, 2);
  if (style.colons) out += ':';
  if (style.minutes) append_int(out, std::abs(minutes) % 60, 2);
  if (!style.seconds) return;
  if (style.colons) out += ':';
  append_int(out, std::abs(offset) % 60, 2);
}

void append_zone_name(std::string& out, const ZonePeriod& period) {
  if (!period.abbreviation.empty()) {
    out += period.abbreviation;
    return;
  }
  int minutes = period.offset / 60;
  out += minutes < 0 ? '-' : '+';
  append_int(out, std::abs(minutes) / 60, 2);
  append_int(out, std::abs(minutes) % 60, 2);
}

/// Everything a layout element may ask for, taken once.
struct Fields {
  CivilDate date;
  Clock clock;
  int weekday, year_day, nanoseconds;
  ZonePeriod period;
};

int hour12(int hour) {
  return hour % 12 == 0 ? 12 : hour % 12;
}

void append_padded(std::string& out, int value, std::size_t width) {
  std::string digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), ' ');
  out += digits;
}

void append_element(std::string& out, const LayoutChunk& chunk, const Fields& f) {
  switch (chunk.element) {
    case Element::None: return;
    case Element::Year: return append_int(out, std::llabs(f.date.year) % 100, 2);
    case Element::LongYear: return append_int(out, f.date.year, 4);
    case Element::Month: out += kMonthNames[static_cast<std::size_t>(f.date.month - 1)].substr(0, 3); return;
    case Element::LongMonth: out += kMonthNames[static_cast<std::size_t>(f.date.month - 1)]; return;
    case Element::NumMonth: return append_int(out, f.date.month, 0);
    case Element::ZeroMonth: return append_int(out, f.date.month, 2);
    case Element::WeekDay: out += kDayNames[static_cast<std::size_t>(f.weekday)].substr(0, 3); return;
    case Element::LongWeekDay: out += kDayNames[static_cast<std::size_t>(f.weekday)]; return;
    case Element::Day: return append_int(out, f.date.day, 0);
    case Element::UnderDay: return append_padded(out, f.date.day, 2);
    case Element::ZeroDay: return append_int(out, f.date.day, 2);
    case Element::UnderYearDay: return append_padded(out, f.year_day, 3);
    case Element::ZeroYearDay: return append_int(out, f.year_day, 3);
    case Element::Hour: return append_int(out, f.clock.hour, 2);
    case Element::Hour12: return append_int(out, hour12(f.clock.hour), 0);
    case Element::ZeroHour12: return append_int(out, hour12(f.clock.hour), 2);
    case Element::Minute: return append_int(out, f.clock.minute, 0);
    case Element::ZeroMinute: return append_int(out, f.clock.minute, 2);
    case Element::Second: return append_int(out, f.clock.second, 0);
    case Element::ZeroSecond: return append_int(out, f.clock.second, 2);
    case Element::UpperPm: out += f.clock.hour >= 12 ? "PM" : "AM"; return;
    case Element::LowerPm: out += f.clock.hour >= 12 ? "pm" : "am"; return;
    case Element::ZoneName: return append_zone_name(out, f.period);
    case Element::FracZeros: return append_fraction(out, f.nanoseconds, chunk.spelling, false);
    case Element::FracNines: return append_fraction(out, f.nanoseconds, chunk.spelling, true);
    default: return append_offset(out, f.period.offset, chunk.element);
  }
}

Fields fields_of(const Time& time) {
  ZonePeriod period = time.zone->at(time.seconds);
  std::int64_t days = floor_div(time.seconds + period.offset, 86400);
  CivilDate date = civil_from_days(days);
  int year_day = static_cast<int>(days - days_from_civil(date.year, 1, 1)) + 1;
  return {date, clock_of(time), weekday_of(days), year_day, time.nanoseconds, std::move(period)};
}

}  // namespace

Time Time::from_unix_ns(std::int64_t ns, const Zone& zone) {
  return {floor_div(ns, 1'000'000'000), static_cast<std::int32_t>(floor_mod(ns, 1'000'000'000)), &zone};
}

CivilDate date_of(const Time& time) {
  return civil_from_days(floor_div(local_seconds(time), 86400));
}

Clock clock_of(const Time& time) {
  auto second = static_cast<int>(floor_mod(local_seconds(time), 86400));
  return {second / 3600, second / 60 % 60, second % 60};
}

std::string_view weekday_name(const Time& time) {
  return kDayNames[static_cast<std::size_t>(weekday_of(floor_div(local_seconds(time), 86400)))];
}

Time make_time(std::int64_t year, std::int64_t month, std::int64_t day, std::int64_t hour,
               std::int64_t minute, std::int64_t second, std::int64_t nanosecond, const Zone& zone) {
  month = wrapping_add(month, -1);
  carry(year, month, 12);
  carry(second, nanosecond, 1'000'000'000);
  carry(minute, second, 60);
  carry(hour, minute, 60);
  carry(day, hour, 24);
  const std::int64_t local =
      wrapping_add(unix_of_date(year, month + 1, day), hour * 3600 + minute * 60 + second);
  // The zone is asked at the local reading first; near a change of clocks, again at the instant that gives.
  ZonePeriod period = zone.at(local);
  if (period.offset != 0) {
    const std::int64_t instant = wrapping_add(local, -period.offset);
    if (instant < period.start || instant >= period.end) period = zone.at(instant);
  }
  return {wrapping_add(local, -period.offset), static_cast<std::int32_t>(nanosecond), &zone};
}

Time add_date(const Time& time, std::int64_t years, std::int64_t months, std::int64_t days) {
  CivilDate date = date_of(time);
  Clock clock = clock_of(time);
  return make_time(wrapping_add(date.year, years), wrapping_add(date.month, months),
                   wrapping_add(date.day, days), clock.hour, clock.minute, clock.second, time.nanoseconds,
                   *time.zone);
}

std::string format_time(const Time& time, std::string_view layout) {
  Fields fields = fields_of(time);
  std::string out;
  while (!layout.empty()) {
    LayoutChunk chunk = next_chunk(layout);
    out += chunk.literal;
    append_element(out, chunk, fields);
    layout = chunk.rest;
  }
  return out;
}

std::string quote_for_time(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || byte < ' ') {
      out.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out += '"';
}

namespace {

constexpr std::uint64_t kDurationLimit = 1ULL << 63;

struct DurationUnit {
  std::string_view name;
  std::uint64_t nanoseconds;
};
constexpr std::array kDurationUnits = {
    DurationUnit{"ns", 1},
    DurationUnit{"us", 1'000},
    DurationUnit{"µs", 1'000},
    DurationUnit{"μs", 1'000},
    DurationUnit{"ms", 1'000'000},
    DurationUnit{"s", 1'000'000'000},
    DurationUnit{"m", 60'000'000'000},
    DurationUnit{"h", 3'600'000'000'000},
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Leading digits as an integer of at most 2^63; false when they exceed it.
bool take_integer(std::string_view& text, std::uint64_t& value) {
  for (value = 0; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
    if (value > kDurationLimit / 10) return false;
    value = value * 10 + static_cast<std::uint64_t>(text[0] - '0');
    if (value > kDurationLimit) return false;
  }
  return true;
}

/// Leading digits as value/scale; digits beyond the precision of 63 bits are dropped.
void take_fraction(std::string_view& text, std::uint64_t& value, double& scale) {
  bool overflow = false;
  for (value = 0, scale = 1; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
    if (overflow) continue;
    if (value > (kDurationLimit - 1) / 10) {
      overflow = true;
      continue;
    }
    std::uint64_t next = value * 10 + static_cast<std::uint64_t>(text[0] - '0');
    if (next > kDurationLimit) {
      overflow = true;
      continue;
    }
    value = next;
    scale *= 10;
  }
}

/// One "12.5h" of a duration, in nanoseconds. The error is Go's phrase without the quoted input.
std::expected<std::uint64_t, std::string> take_segment(std::string_view& text) {
  const std::string kInvalid = "invalid duration";
  if (text[0] != '.' && !is_digit(text[0])) return std::unexpected(kInvalid);
  std::uint64_t whole = 0, fraction = 0;
  double scale = 1;
  std::size_t before = text.size();
  if (!take_integer(text, whole)) return std::unexpected(kInvalid);
  bool digits = text.size() != before;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    before = text.size();
    take_fraction(text, fraction, scale);
    digits |= text.size() != before;
  }
  if (!digits) return std::unexpected(kInvalid);
  std::size_t unit_length = text.find_first_of(".0123456789");
  std::string_view name = text.substr(0, unit_length);
  if (name.empty()) return std::unexpected("missing unit in duration");
  text.remove_prefix(name.size());
  for (const DurationUnit& unit : kDurationUnits) {
    if (unit.name != name) continue;
    if (whole > kDurationLimit / unit.nanoseconds) return std::unexpected(kInvalid);
    whole *= unit.nanoseconds;
    if (fraction > 0)
      whole += static_cast<std::uint64_t>(static_cast<double>(fraction) *
                                          (static_cast<double>(unit.nanoseconds) / scale));
    if (whole > kDurationLimit) return std::unexpected(kInvalid);
    return whole;
  }
  return std::unexpected("unknown unit " + quote_for_time(name) + " in duration");
}

}  // namespace

Result<std::int64_t> parse_duration(std::string_view text) {
  std::string_view rest = text;
  auto failed = [&](const std::string& what) {
    return fail(ErrorCode::InvalidArgument, "time: " + what + " " + quote_for_time(text));
  };
  bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return 0;
  if (rest.empty()) return failed("invalid duration");
  std::uint64_t total = 0;
  while (!rest.empty()) {
    auto segment = take_segment(rest);
    if (!segment) return failed(segment.error());
    total += *segment;
    if (total > kDurationLimit) return failed("invalid duration");
  }
  if (negative) return static_cast<std::int64_t>(~total + 1);
  if (total == kDurationLimit) return failed("invalid duration");
  return static_cast<std::int64_t>(total);
}

}  // namespace signalbox::policy::go
