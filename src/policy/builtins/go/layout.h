// Cuts a Go time layout into literal text and elements ("2006", "Jan", ".000", "Z07:00", ...).
#pragma once

#include <cstdint>
#include <string_view>

namespace signalbox::policy::go {

enum class Element : std::uint8_t {
  None,
  LongMonth,
  Month,
  NumMonth,
  ZeroMonth,
  LongWeekDay,
  WeekDay,
  Day,
  UnderDay,
  ZeroDay,
  UnderYearDay,
  ZeroYearDay,
  Hour,
  Hour12,
  ZeroHour12,
  Minute,
  ZeroMinute,
  Second,
  ZeroSecond,
  LongYear,
  Year,
  UpperPm,
  LowerPm,
  ZoneName,
  IsoZone,
  IsoSecondsZone,
  IsoShortZone,
  IsoColonZone,
  IsoColonSecondsZone,
  NumZone,
  NumSecondsZone,
  NumShortZone,
  NumColonZone,
  NumColonSecondsZone,
  FracZeros,
  FracNines,
};

struct LayoutChunk {
  std::string_view literal;  ///< text before the element
  Element element = Element::None;
  std::string_view spelling;  ///< the element as the layout spells it
  std::string_view rest;
};

/// The next element of `layout`; Element::None when only literal text is left.
LayoutChunk next_chunk(std::string_view layout);

}  // namespace signalbox::policy::go
