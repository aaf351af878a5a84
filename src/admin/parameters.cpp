// RFC 3339 times and page sizes.
#include "admin/parameters.h"

#include <charconv>
#include <chrono>

namespace signalbox::admin {
namespace {

// Takes `digits` digits off the front.
std::optional<int> take(std::string_view& text, std::size_t digits) {
  int value = 0;
  if (text.size() < digits) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc{} || end != text.data() + digits || text.front() == '-') return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool skip(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// "Z" or "+02:00", in minutes.
std::optional<int> take_offset(std::string_view& text) {
  if (skip(text, "Zz")) return 0;
  const bool west = text.starts_with('-');
  if (!skip(text, "+- ")) return std::nullopt;  // a "+" that was not percent-encoded arrives as a blank
  const auto hours = take(text, 2);
  if (!hours || !skip(text, ":")) return std::nullopt;
  const auto minutes = take(text, 2);
  if (!minutes) return std::nullopt;
  return (west ? -1 : 1) * (*hours * 60 + *minutes);
}

}  // namespace

std::optional<std::int64_t> parse_time_ms(std::string_view text) {
  using namespace std::chrono;
  const auto y = take(text, 4);
  if (!y || !skip(text, "-")) return std::nullopt;
  const auto m = take(text, 2);
  if (!m || !skip(text, "-")) return std::nullopt;
  const auto d = take(text, 2);
  if (!d || !skip(text, "Tt ")) return std::nullopt;
  const auto hour = take(text, 2);
  if (!hour || !skip(text, ":")) return std::nullopt;
  const auto minute = take(text, 2);
  if (!minute || !skip(text, ":")) return std::nullopt;
  const auto second = take(text, 2);
  if (!second) return std::nullopt;
  std::int64_t fraction = 0;
  if (skip(text, ".")) {
    std::int64_t unit = 100;
    if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), unit /= 10) {
      fraction += unit * (text.front() - '0');
    }
  }
  const auto offset = take_offset(text);
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
  if (!offset || !text.empty() || !date.ok() || *hour > 23 || *minute > 59 || *second > 60)
    return std::nullopt;
  const auto at = sys_days{date} + hours{*hour} + minutes{*minute - *offset} + seconds{*second};
  return duration_cast<milliseconds>(at.time_since_epoch()).count() + fraction;
}

std::optional<std::uint32_t> limit_of(const Request& request, std::uint32_t most) {
  const auto text = request.parameter("limit");
  if (!text) return 100;
  std::uint32_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  const bool number = error == std::errc{} && end == text->data() + text->size();
  if (!number || limit == 0 || limit > most) return std::nullopt;
  return limit;
}

}  // namespace signalbox::admin
