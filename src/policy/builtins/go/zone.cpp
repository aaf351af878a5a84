// Reads compiled zone files (TZif, RFC 8536) and answers "which offset holds at this instant".
// The idea: a sorted list of transitions, binary search, and after the last one the POSIX rule in the file's
// footer. The surprise: before the first transition Go takes the first standard-time zone, not zone 0.
#include "policy/builtins/go/zone.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "policy/builtins/go/civil.h"

namespace signalbox::policy::go {
namespace {

class UtcZone final : public Zone {
 public:
  ZonePeriod at(std::int64_t) const override { return {"UTC", 0}; }
};

struct ZoneKind {
  int offset = 0;
  bool dst = false;
  std::string abbreviation;
};

/// One end of daylight saving in a POSIX rule: Jn, n or Mm.w.d, and the seconds after midnight.
struct RuleDate {
  enum class Form { Julian, DayOfYear, WeekOfMonth } form = Form::Julian;
  int day = 0, week = 0, month = 0, seconds = 2 * 3600;

  std::int64_t in_year(
      std::int64_t year) const;  ///< seconds since the start of the year, local standard time
};

std::int64_t RuleDate::in_year(std::int64_t year) const {
  std::int64_t first = days_from_civil(year, 1, 1);
  switch (form) {
    case Form::Julian: return (day - 1 + (is_leap(year) && day >= 60 ? 1 : 0)) * 86400LL + seconds;
    case Form::DayOfYear: return day * 86400LL + seconds;
    case Form::WeekOfMonth: break;
  }
  std::int64_t month_start = days_from_civil(year, month, 1);
  int ahead = (day - weekday_of(month_start) + 7) % 7 + (week - 1) * 7;
  while (ahead >= days_in_month(year, month)) ahead -= 7;
  return (month_start - first + ahead) * 86400LL + seconds;
}

/// Reader of a POSIX TZ string such as "CET-1CEST,M3.5.0,M10.5.0/3" or "<-03>3".
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<std::string> name() {
    bool quoted = take('<');
    std::size_t n = 0;
    while (n < rest_.size() &&
           (quoted ? rest_[n] != '>' : std::isalpha(static_cast<unsigned char>(rest_[n])) != 0))
      ++n;
    std::string out(rest_.substr(0, n));
    rest_.remove_prefix(n);
    if (quoted && !take('>')) return std::nullopt;
    if (out.size() < 3) return std::nullopt;
    return out;
  }
  std::optional<int> number() {
    int value = 0;
    std::size_t n = 0;
    for (; n < rest_.size() && n < 4 && rest_[n] >= '0' && rest_[n] <= '9'; ++n)
      value = value * 10 + (rest_[n] - '0');
    if (n == 0) return std::nullopt;
    rest_.remove_prefix(n);
    return value;
  }
  /// [+-]hh[:mm[:ss]] in seconds.
  std::optional<int> clock() {
    int sign = take('-') ? -1 : (take('+'), 1);
    int total = 0;
    for (int unit : {3600, 60, 1}) {
      if (unit != 3600 && !take(':')) break;
      auto part = number();
      if (!part) return std::nullopt;
      total += *part * unit;
    }
    return sign * total;
  }
  std::optional<RuleDate> date() {
    RuleDate rule;
    if (take('J')) {
      rule.form = RuleDate::Form::Julian;
    } else if (take('M')) {
      rule.form = RuleDate::Form::WeekOfMonth;
      auto month = number(), week = take('.') ? number() : std::nullopt;
      if (!month || !week || *month < 1 || *month > 12 || *week < 1 || *week > 5 || !take('.'))
        return std::nullopt;
      rule.month = *month, rule.week = *week;
    } else {
      rule.form = RuleDate::Form::DayOfYear;
    }
    auto day = number();
    if (!day || *day > 366) return std::nullopt;
    rule.day = *day;
    if (take('/')) {
      auto seconds = clock();
      if (!seconds) return std::nullopt;
      rule.seconds = *seconds;
    }
    return rule;
  }

 private:
  std::string_view rest_;
};

struct PosixRule {
  ZoneKind standard, daylight;
  bool has_daylight = false;
  RuleDate begin, end;

  static std::optional<PosixRule> parse(std::string_view text);
  ZonePeriod at(std::int64_t unix_seconds) const;
};

std::optional<PosixRule> PosixRule::parse(std::string_view text) {
  RuleReader in(text);
  PosixRule rule;
  auto name = in.name();
  auto offset = name ? in.clock() : std::nullopt;
  if (!offset) return std::nullopt;
  rule.standard = {-*offset, false, *name};
  if (in.done()) return rule;
  auto daylight = in.name();
  if (!daylight) return std::nullopt;
  rule.has_daylight = true;
  rule.daylight = {rule.standard.offset + 3600, true, *daylight};
  if (!in.take(',')) {
    auto shift = in.clock();
    if (!shift || !in.take(',')) return std::nullopt;
    rule.daylight.offset = -*shift;
  }
  auto begin = in.date();
  auto end = begin && in.take(',') ? in.date() : std::nullopt;
  if (!end || !in.done()) return std::nullopt;
  rule.begin = *begin, rule.end = *end;
  return rule;
}

ZonePeriod PosixRule::at(std::int64_t unix_seconds) const {
  if (!has_daylight) return {standard.abbreviation, standard.offset};
  std::int64_t year = civil_from_days(floor_div(unix_seconds, 86400)).year;
  std::int64_t year_start = days_from_civil(year, 1, 1) * 86400;
  std::int64_t starts = year_start + begin.in_year(year) - standard.offset;
  std::int64_t ends = year_start + end.in_year(year) - daylight.offset;
  const ZoneKind *inside = &daylight, *outside = &standard;
  if (ends < starts)
    std::swap(starts, ends), std::swap(inside, outside);  // southern summers span the new year
  std::int64_t next_year = days_from_civil(year + 1, 1, 1) * 86400;
  if (unix_seconds < starts) return {outside->abbreviation, outside->offset, year_start, starts};
  if (unix_seconds < ends) return {inside->abbreviation, inside->offset, starts, ends};
  return {outside->abbreviation, outside->offset, ends, next_year};
}

class FileZone final : public Zone {
 public:
  static std::unique_ptr<FileZone> parse(std::string_view bytes);
  ZonePeriod at(std::int64_t unix_seconds) const override;

 private:
  struct Transition {
    std::int64_t when;
    std::uint8_t kind;
  };
  const ZoneKind& before_first() const;

  std::vector<Transition> transitions_;
  std::vector<ZoneKind> kinds_;
  std::optional<PosixRule> rule_;
};

struct Header {
  char version;
  std::array<std::uint32_t, 6> counts;  // isutc, isstd, leap, transitions, kinds, abbreviation bytes
  std::size_t body(std::size_t time_size) const {
    return counts[3] * (time_size + 1) + counts[4] * 6 + counts[5] + counts[2] * (time_size + 4) + counts[1] +
           counts[0];
  }
};

std::optional<Header> read_header(std::string_view bytes) {
  if (bytes.size() < 44 || bytes.substr(0, 4) != "TZif") return std::nullopt;
  Header header{bytes[4], {}};
  for (std::size_t i = 0; i < 6; ++i) {
    header.counts[i] = load_be<std::uint32_t>(bytes.data() + 20 + i * 4);
    if (header.counts[i] > 100'000) return std::nullopt;
  }
  return header;
}

std::unique_ptr<FileZone> FileZone::parse(std::string_view bytes) {
  auto header = read_header(bytes);
  if (!header || header->version < '2') return nullptr;  // every file since 2005 has the 64-bit block
  std::size_t skip = 44 + header->body(4);
  if (bytes.size() < skip) return nullptr;
  bytes.remove_prefix(skip);
  header = read_header(bytes);
  if (!header || bytes.size() < 44 + header->body(8) || header->counts[4] == 0) return nullptr;
  auto [utc_flags, std_flags, leaps, count, kinds, name_bytes] = header->counts;
  const char* times = bytes.data() + 44;
  const char* indexes = times + count * 8;
  const char* kind_data = indexes + count;
  std::string_view names(kind_data + kinds * 6, name_bytes);
  auto zone = std::make_unique<FileZone>();
  for (std::uint32_t i = 0; i < kinds; ++i) {
    const char* at = kind_data + i * 6;
    std::size_t name = static_cast<unsigned char>(at[5]);
    if (name >= names.size()) return nullptr;
    zone->kinds_.push_back({load_be<std::int32_t>(at), at[4] != 0, std::string(names.substr(name).data())});
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    auto kind = static_cast<std::uint8_t>(indexes[i]);
    if (kind >= kinds) return nullptr;
    zone->transitions_.push_back({load_be<std::int64_t>(times + i * 8), kind});
  }
  std::string_view footer = bytes.substr(44 + header->body(8));
  if (footer.size() > 2 && footer.front() == '\n' && footer.find('\n', 1) != std::string_view::npos)
    zone->rule_ = PosixRule::parse(footer.substr(1, footer.find('\n', 1) - 1));
  return zone;
}

const ZoneKind& FileZone::before_first() const {
  bool first_used =
      std::any_of(transitions_.begin(), transitions_.end(), [](auto& t) { return t.kind == 0; });
  if (!first_used) return kinds_[0];
  if (!transitions_.empty() && kinds_[transitions_[0].kind].dst)
    for (int i = transitions_[0].kind - 1; i >= 0; --i)
      if (!kinds_[static_cast<std::size_t>(i)].dst) return kinds_[static_cast<std::size_t>(i)];
  for (auto& kind : kinds_)
    if (!kind.dst) return kind;
  return kinds_[0];
}

ZonePeriod FileZone::at(std::int64_t unix_seconds) const {
  auto next = std::upper_bound(transitions_.begin(), transitions_.end(), unix_seconds,
                               [](std::int64_t t, const Transition& at) { return t < at.when; });
  if (next == transitions_.begin()) {
    if (transitions_.empty() && rule_) return rule_->at(unix_seconds);
    auto& kind = before_first();
    return {kind.abbreviation, kind.offset, INT64_MIN,
            transitions_.empty() ? INT64_MAX : transitions_[0].when};
  }
  if (next == transitions_.end() && rule_) return rule_->at(unix_seconds);
  auto& kind = kinds_[std::prev(next)->kind];
  return {kind.abbreviation, kind.offset, std::prev(next)->when,
          next == transitions_.end() ? INT64_MAX : next->when};
}

std::unique_ptr<FileZone> read_zone_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return nullptr;
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  return FileZone::parse(bytes);
}

}  // namespace

const Zone& utc() {
  static const UtcZone zone;
  return zone;
}

Result<const Zone*> load_zone(std::string_view name) {
  if (name.empty() || name == "UTC") return &utc();
  if (name.find("..") != std::string_view::npos || name[0] == '/' || name[0] == '\\')
    return fail(ErrorCode::InvalidArgument, "time: invalid location name");
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<FileZone>, std::less<>> loaded;
  std::lock_guard lock(mutex);
  if (auto found = loaded.find(name); found != loaded.end()) return found->second.get();
  bool local = name == "Local";
  auto zone = read_zone_file(local ? "/etc/localtime" : "/usr/share/zoneinfo/" + std::string(name));
  if (!zone && local) return &utc();
  if (!zone) return fail(ErrorCode::NotFound, "unknown time zone " + std::string(name));
  return loaded.emplace(name, std::move(zone)).first->second.get();
}

}  // namespace signalbox::policy::go
