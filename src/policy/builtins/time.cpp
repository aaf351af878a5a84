// time.*: instants are nanoseconds since 1970, alone or as [ns, zone] or [ns, zone, layout].
#include "policy/builtins/go/time.h"

#include <algorithm>
#include <array>

#include "policy/builtins/big_integer.h"
#include "policy/builtins/declare.h"
#include "policy/builtins/go/number.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

struct NamedLayout {
  std::string_view name, layout;
};
constexpr std::array kLayouts = {
    NamedLayout{"ANSIC", "Mon Jan _2 15:04:05 2006"},
    NamedLayout{"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
    NamedLayout{"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"},
    NamedLayout{"RFC822", "02 Jan 06 15:04 MST"},
    NamedLayout{"RFC822Z", "02 Jan 06 15:04 -0700"},
    NamedLayout{"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
    NamedLayout{"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},
    NamedLayout{"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"},
    NamedLayout{"RFC3339", go::kRfc3339},
    NamedLayout{"RFC3339Nano", go::kRfc3339Nano},
};

std::string_view layout_named(std::string_view name) {
  for (const NamedLayout& known : kLayouts)
    if (known.name == name) return known.layout;
  return name;
}

struct Instant {
  go::Time time;
  std::string_view layout;  ///< empty when not given
};

/// The nanoseconds of a number; as in OPA it may be spelled 1e18, but must fit.
Operand<std::int64_t> nanoseconds(const Value& value) {
  if (!value.is_number()) return operand_error(1, "number", value);
  auto ns = to_int64(value);
  if (!ns) return builtin_failure("timestamp too big");
  return *ns;
}

Operand<Instant> instant_of(const Value& value) {
  constexpr std::string_view kWanted = "either number (ns) or [number (ns), string (tz)]";
  if (value.is_number()) {
    auto ns = nanoseconds(value);
    if (!ns) return std::unexpected(ns.error());
    return Instant{go::Time::from_unix_ns(*ns), {}};
  }
  if (!value.is_array() || value.size() == 0) return operand_error(1, kWanted, value);
  auto parts = value.as_array();
  if (!parts[0].is_number()) return operand_error(1, "number", parts[0]);
  const go::Zone* zone = &go::utc();
  if (parts.size() > 1) {
    if (!parts[1].is_string()) return operand_error(1, "string", parts[1]);
    auto loaded = go::load_zone(parts[1].as_string());
    if (!loaded) return builtin_failure(loaded.error().message);
    zone = *loaded;
  }
  std::string_view layout;
  if (parts.size() > 2) {
    if (!parts[2].is_string()) return operand_error(1, "string", parts[2]);
    layout = parts[2].as_string();
  }
  auto ns = nanoseconds(parts[0]);
  if (!ns) return std::unexpected(ns.error());
  return Instant{go::Time::from_unix_ns(*ns, *zone), layout};
}

/// Nanoseconds since 1970, when they fit 64 bits.
BuiltinResult unix_ns(const go::Time& time) {
  __int128 ns = static_cast<__int128>(time.seconds) * 1'000'000'000 + time.nanoseconds;
  if (ns < INT64_MIN || ns > INT64_MAX) return builtin_failure("time outside of valid range");
  return Value::integer(static_cast<std::int64_t>(ns));
}

BuiltinResult integers(BuiltinContext& context, std::initializer_list<std::int64_t> numbers) {
  ArrayBuilder out(context.arena);
  for (std::int64_t number : numbers) out.add(Value::integer(number));
  return out.finish();
}

BuiltinResult now_ns(BuiltinContext& context, std::span<const Value>) {
  return Value::integer(context.now_ns);
}

BuiltinResult parse_with(std::string_view layout, std::string_view text) {
  auto time = go::parse_time(layout, text);
  if (!time) return builtin_failure(time.error().message);
  return unix_ns(*time);
}

BuiltinResult parse_ns(BuiltinContext& context, std::string_view layout, std::string_view text) {
  if (!charge_bytes(context, layout.size() + text.size())) return limit_failure();
  return parse_with(layout_named(layout), text);
}

BuiltinResult parse_rfc3339_ns(BuiltinContext&, std::string_view text) {
  return parse_with(go::kRfc3339, text);
}

/// Days, weeks and years become hours, which Go's parser then reads. Nothing when the text is no duration.
std::optional<std::string> without_long_units(std::string_view text) {
  std::string out;
  if (text.starts_with('-') || text.starts_with('+')) {
    out += text[0];
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    std::string number(text.substr(0, digits));
    text.remove_prefix(digits);
    std::size_t letters = std::min(text.find_first_of("0123456789."), text.size());
    std::string_view unit = text.substr(0, letters);
    text.remove_prefix(letters);
    bool plain = !number.empty() && number.find_first_of("0123456789") != std::string::npos &&
                 std::ranges::count(number, '.') <= 1;
    if (!plain || unit.empty()) return std::nullopt;
    int hours = unit == "d" ? 24 : unit == "w" ? 7 * 24 : unit == "y" ? 365 * 24 : 0;
    if (hours == 0)
      out.append(number).append(unit);
    else
      out.append(go::format_float(std::strtod(number.c_str(), nullptr) * hours, 'f', -1)).append("h");
  }
  return out;
}

BuiltinResult parse_duration_ns(BuiltinContext& context, std::string_view text) {
  if (!charge_bytes(context, text.size())) return limit_failure();
  std::string rewritten(text);
  bool extended = text.find_first_of("dwy") != std::string_view::npos;
  if (extended) {
    auto hours = without_long_units(text);
    if (!hours) return builtin_failure("time: invalid duration " + go::quote_for_time(text));
    rewritten = *hours;
  }
  auto ns = go::parse_duration(rewritten);
  if (ns) return Value::integer(*ns);
  std::string message = ns.error().message;
  if (!extended) return builtin_failure(message);
  return builtin_failure(message.substr(0, message.rfind(' ')) + " " + go::quote_for_time(text));
}

BuiltinResult format(BuiltinContext& context, Value value) {
  auto instant = instant_of(value);
  if (!instant) return std::unexpected(instant.error());
  std::string_view layout = instant->layout.empty() ? go::kRfc3339Nano : layout_named(instant->layout);
  if (!charge_bytes(context, layout.size() * 8)) return limit_failure();
  return owned_string(context, go::format_time(instant->time, layout));
}

BuiltinResult date(BuiltinContext& context, Value value) {
  auto instant = instant_of(value);
  if (!instant) return std::unexpected(instant.error());
  auto [year, month, day] = go::date_of(instant->time);
  return integers(context, {year, month, day});
}

BuiltinResult clock(BuiltinContext& context, Value value) {
  auto instant = instant_of(value);
  if (!instant) return std::unexpected(instant.error());
  auto [hour, minute, second] = go::clock_of(instant->time);
  return integers(context, {hour, minute, second});
}

BuiltinResult weekday(BuiltinContext&, Value value) {
  auto instant = instant_of(value);
  if (!instant) return std::unexpected(instant.error());
  return Value::string(go::weekday_name(instant->time));
}

BuiltinResult add_date(BuiltinContext&, std::span<const Value> args) {
  auto instant = instant_of(args[0]);
  if (!instant) return std::unexpected(instant.error());
  std::int64_t amounts[3];
  for (int i = 0; i < 3; ++i) {
    auto amount = operand<Int>(args[static_cast<std::size_t>(i) + 1], i + 2);
    if (!amount) return std::unexpected(amount.error());
    amounts[i] = amount->value;
  }
  return unix_ns(go::add_date(instant->time, amounts[0], amounts[1], amounts[2]));
}

/// Years, months, ... between two instants on the first one's calendar (after github.com/icza/gox,
/// Apache-2.0).
BuiltinResult diff(BuiltinContext& context, Value from, Value to) {
  auto a = instant_of(from);
  if (!a) return std::unexpected(a.error());
  auto b = instant_of(to);
  if (!b) return std::unexpected(b.error());
  go::Time start = a->time, end = b->time;
  end.zone = start.zone;
  if (std::pair(start.seconds, start.nanoseconds) > std::pair(end.seconds, end.nanoseconds))
    std::swap(start, end);
  auto [y1, m1, d1] = go::date_of(start);
  auto [y2, m2, d2] = go::date_of(end);
  auto c1 = go::clock_of(start), c2 = go::clock_of(end);
  std::int64_t year = y2 - y1, month = m2 - m1, day = d2 - d1;
  std::int64_t hour = c2.hour - c1.hour, minute = c2.minute - c1.minute, second = c2.second - c1.second;
  auto borrow = [](std::int64_t& low, std::int64_t& high, std::int64_t base) {
    if (low < 0) low += base, --high;
  };
  borrow(second, minute, 60);
  borrow(minute, hour, 60);
  borrow(hour, day, 24);
  borrow(day, month, go::days_in_month(y1, m1));
  borrow(month, year, 12);
  return integers(context, {year, month, day, hour, minute, second});
}

constexpr Builtin row(std::string_view name, std::string_view signature, BuiltinFn fn, Traits traits = {}) {
  return declare("time", name, signature, fn, traits);
}

constexpr std::string_view kTriple = "(any<number, array<number, string>>) => array<number, number, number>";

constexpr Builtin kTable[] = {
    row("time.add_date", "(number, number, number, number) => number", add_date),
    row("time.clock", kTriple, typed<clock>),
    row("time.date", kTriple, typed<date>),
    row("time.diff",
        "(any<number, array<number, string>>, any<number, array<number, string>>) => "
        "array<number, number, number, number, number, number>",
        typed<diff>),
    row("time.format", "(any<number, array<number, string>, array<number, string, string>>) => string",
        typed<format>),
    row("time.now_ns", "() => number", now_ns, {.nondeterministic = true}),
    row("time.parse_duration_ns", "(string) => number", typed<parse_duration_ns>),
    row("time.parse_ns", "(string, string) => number", typed<parse_ns>),
    row("time.parse_rfc3339_ns", "(string) => number", typed<parse_rfc3339_ns>),
    row("time.weekday", "(any<number, array<number, string>>) => string", typed<weekday>),
};

}  // namespace

std::span<const Builtin> time() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
