// Go's time.Parse: walks layout and text together, then builds the instant from what was read.
// The surprise: a zone abbreviation that is not UTC is kept as a name without offset ("CET" reads as UTC+0),
// and a fraction of a second is accepted after the seconds even where the layout has none.
#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "policy/builtins/go/layout.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/go/time.h"
#include "policy/builtins/go/time_names.h"

namespace signalbox::policy::go {
namespace {

using Text = std::string_view;

bool is_digit(Text text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

/// Reads the value for one element after another. Every read returns false when the text does not fit; a
/// value of the right form but out of range sets out_of_range instead.
class Reader {
 public:
  explicit Reader(Text value) : rest_(value) {}

  Text rest() const { return rest_; }
  bool skip(Text literal);
  bool read(const LayoutChunk& chunk);
  std::string out_of_range;

  // What was read.
  std::int64_t year = 0;
  int month = -1, day = -1, year_day = -1, hour = 0, minute = 0, second = 0, nanosecond = 0;
  bool am = false, pm = false, utc = false;
  std::optional<int> zone_offset;

 private:
  bool number(int& out, bool two_digits);
  bool number3(int& out, bool three_digits);
  bool ranged(int& out, bool two_digits, int low, int high, const char* what);
  bool name(int& out, std::span<const Text> names, bool short_form);
  bool half_day(Text am_text, Text pm_text);
  bool seconds(bool two_digits, Text layout_after);
  bool fraction(std::size_t length);
  bool optional_fraction();
  bool two_digit_year();
  bool long_year();
  bool offset(Element element);
  bool abbreviation();
  std::optional<std::size_t> abbreviation_length() const;

  Text rest_;
};

bool Reader::skip(Text literal) {
  while (!literal.empty()) {
    if (literal[0] == ' ') {
      if (!rest_.empty() && rest_[0] != ' ') return false;
      literal.remove_prefix(std::min(literal.find_first_not_of(' '), literal.size()));
      rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
      continue;
    }
    if (rest_.empty() || rest_[0] != literal[0]) return false;
    literal.remove_prefix(1);
    rest_.remove_prefix(1);
  }
  return true;
}

bool Reader::number(int& out, bool two_digits) {
  if (!is_digit(rest_, 0) || (two_digits && !is_digit(rest_, 1))) return false;
  std::size_t n = is_digit(rest_, 1) ? 2 : 1;
  out = n == 1 ? rest_[0] - '0' : (rest_[0] - '0') * 10 + (rest_[1] - '0');
  rest_.remove_prefix(n);
  return true;
}

bool Reader::number3(int& out, bool three_digits) {
  std::size_t n = 0;
  for (out = 0; n < 3 && is_digit(rest_, n); ++n) out = out * 10 + (rest_[n] - '0');
  if (n == 0 || (three_digits && n != 3)) return false;
  rest_.remove_prefix(n);
  return true;
}

bool Reader::ranged(int& out, bool two_digits, int low, int high, const char* what) {
  if (!number(out, two_digits)) return false;
  if (out < low || out > high) out_of_range = what;
  return true;
}

bool Reader::name(int& out, std::span<const Text> names, bool short_form) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    Text wanted = short_form ? names[i].substr(0, 3) : names[i];
    if (!equal_fold_ascii(rest_.substr(0, wanted.size()), wanted)) continue;
    rest_.remove_prefix(wanted.size());
    out = static_cast<int>(i);
    return true;
  }
  return false;
}

bool Reader::half_day(Text am_text, Text pm_text) {
  if (rest_.starts_with(pm_text))
    pm = true;
  else if (rest_.starts_with(am_text))
    am = true;
  else
    return false;
  rest_.remove_prefix(2);
  return true;
}

/// ".123" of `length` bytes, of which nine digits count.
bool Reader::fraction(std::size_t length) {
  if (rest_.size() < length || (rest_[0] != '.' && rest_[0] != ',')) return false;
  nanosecond = 0;
  for (std::size_t i = 1; i < 10; ++i) {
    if (i < length && !is_digit(rest_, i)) return false;
    nanosecond = nanosecond * 10 + (i < length ? rest_[i] - '0' : 0);
  }
  rest_.remove_prefix(length);
  return true;
}

bool Reader::optional_fraction() {
  if (rest_.size() < 2 || (rest_[0] != '.' && rest_[0] != ',') || !is_digit(rest_, 1)) return true;
  std::size_t n = 2;
  while (is_digit(rest_, n)) ++n;
  return fraction(n);
}

bool Reader::seconds(bool two_digits, Text layout_after) {
  if (!number(second, two_digits)) return false;
  if (second >= 60) {
    out_of_range = "second";
    return true;
  }
  Element following = next_chunk(layout_after).element;
  if (following == Element::FracZeros || following == Element::FracNines) return true;
  return optional_fraction();
}

bool Reader::two_digit_year() {
  // Go reads a sign here too ("+5", "-5"), as its Atoi does.
  if (rest_.size() < 2) return false;
  bool sign = rest_[0] == '+' || rest_[0] == '-';
  if ((!sign && !is_digit(rest_, 0)) || !is_digit(rest_, 1)) return false;
  int value = sign ? rest_[1] - '0' : (rest_[0] - '0') * 10 + (rest_[1] - '0');
  if (rest_[0] == '-') value = -value;
  year = value + (value >= 69 ? 1900 : 2000);
  rest_.remove_prefix(2);
  return true;
}

bool Reader::long_year() {
  year = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    if (!is_digit(rest_, i)) return false;
    year = year * 10 + (rest_[i] - '0');
  }
  rest_.remove_prefix(4);
  return true;
}

bool Reader::offset(Element element) {
  bool iso = element >= Element::IsoZone && element <= Element::IsoColonSecondsZone;
  if (iso && rest_.starts_with('Z')) {
    utc = true;
    rest_.remove_prefix(1);
    return true;
  }
  bool colon = element == Element::IsoColonZone || element == Element::NumColonZone;
  bool colons = element == Element::IsoColonSecondsZone || element == Element::NumColonSecondsZone;
  bool with_seconds = element == Element::IsoSecondsZone || element == Element::NumSecondsZone;
  bool hours_only = element == Element::IsoShortZone || element == Element::NumShortZone;
  std::size_t length = colons ? 9 : with_seconds ? 7 : colon ? 6 : hours_only ? 3 : 5;
  if (rest_.size() < length) return false;
  Text text = rest_.substr(0, length);
  if (((colon || colons) && text[3] != ':') || (colons && text[6] != ':')) return false;
  rest_.remove_prefix(length);
  int parts[3] = {0, 0, 0};
  std::size_t at = 1;
  for (int i = 0; at < length; ++i, at += colon || colons ? 3 : 2) {
    if (!is_digit(text, at) || !is_digit(text, at + 1)) return false;
    parts[i] = (text[at] - '0') * 10 + (text[at + 1] - '0');
  }
  if (parts[0] > 24) out_of_range = "time zone offset hour";
  if (parts[1] > 60) out_of_range = "time zone offset minute";
  if (parts[2] > 60) out_of_range = "time zone offset second";
  int value = (parts[0] * 60 + parts[1]) * 60 + parts[2];
  if (text[0] != '+' && text[0] != '-') return !out_of_range.empty();
  zone_offset = text[0] == '-' ? -value : value;
  return true;
}

/// Length of "+5" or "-11", 0 when it is none.
std::size_t signed_offset_length(Text text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return 0;
  std::size_t n = 1;
  int value = 0;
  for (; is_digit(text, n); ++n) value = std::min(value * 10 + (text[n] - '0'), 1000);
  return n > 1 && value <= 23 ? n : 0;
}

std::optional<std::size_t> Reader::abbreviation_length() const {
  if (rest_.size() < 3) return std::nullopt;
  if (rest_.starts_with("ChST") || rest_.starts_with("MeST")) return 4;
  if (rest_.starts_with("GMT")) return 3 + signed_offset_length(rest_.substr(3));
  if (rest_[0] == '+' || rest_[0] == '-') {
    std::size_t n = signed_offset_length(rest_);
    return n > 0 ? std::optional(n) : std::nullopt;
  }
  std::size_t upper = 0;
  while (upper < 6 && upper < rest_.size() && rest_[upper] >= 'A' && rest_[upper] <= 'Z') ++upper;
  if (upper == 3) return 3;
  if (upper == 4 && (rest_[3] == 'T' || rest_.starts_with("WITA"))) return 4;
  if (upper == 5 && rest_[4] == 'T') return 5;
  return std::nullopt;
}

bool Reader::abbreviation() {
  if (rest_.starts_with("UTC")) {
    utc = true;
    rest_.remove_prefix(3);
    return true;
  }
  auto length = abbreviation_length();
  if (!length) return false;
  rest_.remove_prefix(*length);
  return true;
}

bool Reader::read(const LayoutChunk& chunk) {
  int ignored = 0;
  Element element = chunk.element;
  switch (element) {
    case Element::None: return true;
    case Element::Year: return two_digit_year();
    case Element::LongYear: return long_year();
    case Element::Month:
    case Element::LongMonth:
      if (!name(month, kMonthNames, element == Element::Month)) return false;
      ++month;
      return true;
    case Element::NumMonth:
    case Element::ZeroMonth: return ranged(month, element == Element::ZeroMonth, 1, 12, "month");
    case Element::WeekDay:
    case Element::LongWeekDay: return name(ignored, kDayNames, element == Element::WeekDay);
    case Element::UnderDay:
      if (rest_.starts_with(' ')) rest_.remove_prefix(1);
      return number(day, false);
    case Element::Day:
    case Element::ZeroDay: return number(day, element == Element::ZeroDay);
    case Element::UnderYearDay:
      for (int i = 0; i < 2 && rest_.starts_with(' '); ++i) rest_.remove_prefix(1);
      return number3(year_day, false);
    case Element::ZeroYearDay: return number3(year_day, true);
    case Element::Hour: return ranged(hour, false, 0, 23, "hour");
    case Element::Hour12:
    case Element::ZeroHour12: return ranged(hour, element == Element::ZeroHour12, 0, 12, "hour");
    case Element::Minute:
    case Element::ZeroMinute: return ranged(minute, element == Element::ZeroMinute, 0, 59, "minute");
    case Element::Second:
    case Element::ZeroSecond: return seconds(element == Element::ZeroSecond, chunk.rest);
    case Element::UpperPm: return half_day("AM", "PM");
    case Element::LowerPm: return half_day("am", "pm");
    case Element::ZoneName: return abbreviation();
    case Element::FracZeros: return fraction(chunk.spelling.size());
    case Element::FracNines: return optional_fraction();
    default: return offset(element);
  }
}

/// Turns a day of the year into month and day. The message says what contradicts what.
std::string resolve_year_day(Reader& r) {
  int year_day = r.year_day, month = 0, day = 0;
  if (is_leap(r.year)) {
    if (year_day == 31 + 29)
      month = 2, day = 29;
    else if (year_day > 31 + 29)
      --year_day;
  }
  if (year_day < 1 || year_day > 365) return "day-of-year out of range";
  if (month == 0) {
    day = year_day;
    constexpr std::int64_t kCommonYear = 2001;
    for (month = 1; day > days_in_month(kCommonYear, month); ++month)
      day -= days_in_month(kCommonYear, month);
  }
  if (r.month >= 0 && r.month != month) return "day-of-year does not match month";
  if (r.day >= 0 && r.day != day) return "day-of-year does not match day";
  r.month = month, r.day = day;
  return {};
}

std::string resolve_date(Reader& r) {
  if (r.pm && r.hour < 12)
    r.hour += 12;
  else if (r.am && r.hour == 12)
    r.hour = 0;
  if (r.year_day >= 0) {
    if (auto problem = resolve_year_day(r); !problem.empty()) return problem;
  } else {
    r.month = r.month < 0 ? 1 : r.month;
    r.day = r.day < 0 ? 1 : r.day;
  }
  return r.day < 1 || r.day > days_in_month(r.year, r.month) ? "day out of range" : "";
}

}  // namespace

Result<Time> parse_time(std::string_view layout, std::string_view value) {
  Reader reader(value);
  auto failed = [&](std::string text) {
    return fail(ErrorCode::InvalidArgument, "parsing time " + quote_for_time(value) + text);
  };
  auto mismatch = [&](Text got, Text element) {
    return failed(" as " + quote_for_time(layout) + ": cannot parse " + quote_for_time(got) + " as " +
                  quote_for_time(element));
  };
  for (Text rest = layout;;) {
    LayoutChunk chunk = next_chunk(rest);
    if (!reader.skip(chunk.literal)) return mismatch(reader.rest(), chunk.literal);
    if (chunk.element == Element::None) break;
    Text before = reader.rest();
    if (!reader.read(chunk)) return mismatch(before, chunk.spelling);
    if (!reader.out_of_range.empty()) return failed(": " + reader.out_of_range + " out of range");
    rest = chunk.rest;
  }
  if (!reader.rest().empty()) return failed(": extra text: " + quote_for_time(reader.rest()));
  if (auto problem = resolve_date(reader); !problem.empty()) return failed(": " + problem);
  // An abbreviation, "GMT+5" among them, names a zone and moves nothing.
  const int offset = reader.utc ? 0 : reader.zone_offset.value_or(0);
  Time time = make_time(reader.year, reader.month, reader.day, reader.hour, reader.minute, reader.second,
                        reader.nanosecond, utc());
  time.seconds -= offset;
  return time;
}

}  // namespace signalbox::policy::go
