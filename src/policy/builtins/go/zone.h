// IANA time zones, read from the system's zoneinfo (Debian package tzdata).
// A Zone is immutable and lives for the process; any thread may use it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signalbox::policy::go {

/// What clocks in a zone show at an instant, and for how long around it.
struct ZonePeriod {
  std::string abbreviation;                         ///< "CET", "-03"
  int offset = 0;                                   ///< seconds east of UTC
  std::int64_t start = INT64_MIN, end = INT64_MAX;  ///< Unix seconds, half open
};

class Zone {
 public:
  virtual ~Zone() = default;
  virtual ZonePeriod at(std::int64_t unix_seconds) const = 0;
};

const Zone& utc();

/// Go's time.LoadLocation: "" and "UTC" are UTC, "Local" is the machine's zone. Errors read as Go's.
/// Loaded zones are kept; there are some 600 names.
Result<const Zone*> load_zone(std::string_view name);

}  // namespace signalbox::policy::go
