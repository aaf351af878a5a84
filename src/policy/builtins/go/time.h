// Instants as Go's time package formats and parses them: reference layouts ("2006-01-02T15:04:05Z07:00"),
// dates, durations.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/builtins/go/civil.h"
#include "policy/builtins/go/zone.h"

namespace signalbox::policy::go {

inline constexpr std::string_view kRfc3339 = "2006-01-02T15:04:05Z07:00";
inline constexpr std::string_view kRfc3339Nano = "2006-01-02T15:04:05.999999999Z07:00";

/// An instant and the zone its clock is read in. Borrows the zone, which lives for the process.
struct Time {
  std::int64_t seconds = 0;      ///< Unix seconds; years far outside int64 nanoseconds are representable
  std::int32_t nanoseconds = 0;  ///< 0..999,999,999
  const Zone* zone = &utc();

  static Time from_unix_ns(std::int64_t ns, const Zone& zone = utc());
};

struct Clock {
  int hour, minute, second;
};

CivilDate date_of(const Time& time);
Clock clock_of(const Time& time);
std::string_view weekday_name(const Time& time);

/// Go's time.Date: every field may be outside its range and carries into the next.
Time make_time(std::int64_t year, std::int64_t month, std::int64_t day, std::int64_t hour,
               std::int64_t minute, std::int64_t second, std::int64_t nanosecond, const Zone& zone);
Time add_date(const Time& time, std::int64_t years, std::int64_t months, std::int64_t days);

std::string format_time(const Time& time, std::string_view layout);
/// Errors read as Go's: `parsing time "x" as "2006": cannot parse "x" as "2006"`.
Result<Time> parse_time(std::string_view layout, std::string_view value);
/// time.ParseDuration, in nanoseconds.
Result<std::int64_t> parse_duration(std::string_view text);

/// The quoting that the time package uses in its errors.
std::string quote_for_time(std::string_view text);

}  // namespace signalbox::policy::go
