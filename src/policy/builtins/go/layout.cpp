// Go's reference layouts, cut one element at a time.
// The surprise: "_2006" is a literal underscore and a year, "Jan" followed by a lower-case letter is no
// month, and a run of 0s or 9s after '.' or ',' counts only when no other digit follows.
#include "policy/builtins/go/layout.h"

#include <array>

namespace signalbox::policy::go {
namespace {

struct Spelling {
  std::string_view text;
  Element element;
  bool not_before_lower = false;
};

// Longest first among those that share a beginning.
constexpr std::array kSpellings = {
    Spelling{"January", Element::LongMonth},
    Spelling{"Jan", Element::Month, true},
    Spelling{"Monday", Element::LongWeekDay},
    Spelling{"Mon", Element::WeekDay, true},
    Spelling{"MST", Element::ZoneName},
    Spelling{"01", Element::ZeroMonth},
    Spelling{"02", Element::ZeroDay},
    Spelling{"03", Element::ZeroHour12},
    Spelling{"04", Element::ZeroMinute},
    Spelling{"05", Element::ZeroSecond},
    Spelling{"06", Element::Year},
    Spelling{"002", Element::ZeroYearDay},
    Spelling{"15", Element::Hour},
    Spelling{"1", Element::NumMonth},
    Spelling{"2006", Element::LongYear},
    Spelling{"2", Element::Day},
    Spelling{"_2", Element::UnderDay},
    Spelling{"__2", Element::UnderYearDay},
    Spelling{"3", Element::Hour12},
    Spelling{"4", Element::Minute},
    Spelling{"5", Element::Second},
    Spelling{"PM", Element::UpperPm},
    Spelling{"pm", Element::LowerPm},
    Spelling{"-070000", Element::NumSecondsZone},
    Spelling{"-07:00:00", Element::NumColonSecondsZone},
    Spelling{"-0700", Element::NumZone},
    Spelling{"-07:00", Element::NumColonZone},
    Spelling{"-07", Element::NumShortZone},
    Spelling{"Z070000", Element::IsoSecondsZone},
    Spelling{"Z07:00:00", Element::IsoColonSecondsZone},
    Spelling{"Z0700", Element::IsoZone},
    Spelling{"Z07:00", Element::IsoColonZone},
    Spelling{"Z07", Element::IsoShortZone},
};

std::size_t fraction_length(std::string_view at) {
  if (at.size() < 2 || (at[0] != '.' && at[0] != ',') || (at[1] != '0' && at[1] != '9')) return 0;
  std::size_t end = at.find_first_not_of(at[1], 1);
  if (end == std::string_view::npos) return at.size();
  return at[end] >= '0' && at[end] <= '9' ? 0 : end;
}

}  // namespace

LayoutChunk next_chunk(std::string_view layout) {
  for (std::size_t i = 0; i < layout.size(); ++i) {
    std::string_view at = layout.substr(i);
    if (at.starts_with("_2006"))
      return {layout.substr(0, i + 1), Element::LongYear, at.substr(1, 4), at.substr(5)};
    for (const Spelling& spelling : kSpellings) {
      if (at[0] != spelling.text[0] || !at.starts_with(spelling.text)) continue;
      std::string_view rest = at.substr(spelling.text.size());
      if (spelling.not_before_lower && !rest.empty() && rest[0] >= 'a' && rest[0] <= 'z') continue;
      return {layout.substr(0, i), spelling.element, at.substr(0, spelling.text.size()), rest};
    }
    if (std::size_t n = fraction_length(at))
      return {layout.substr(0, i), at[1] == '0' ? Element::FracZeros : Element::FracNines, at.substr(0, n),
              at.substr(n)};
  }
  return {layout, Element::None, {}, {}};
}

}  // namespace signalbox::policy::go
