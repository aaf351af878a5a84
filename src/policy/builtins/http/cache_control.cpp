// Cache-Control, Date and Expires.
#include "policy/builtins/http/cache_control.h"

#include <algorithm>
#include <charconv>

#include "policy/builtins/go/text.h"
#include "policy/builtins/go/time.h"

namespace signalbox::policy::http {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
/// Zero time: before everything that can be kept.
constexpr std::int64_t kNever = INT64_MIN / 2;

/// The value of a Cache-Control directive: "" when it stands alone, nothing when it is not there.
std::optional<std::string_view> directive(const Response& response, std::string_view name) {
  for (std::string_view part : go::split(response.header("cache-control"), ",")) {
    part = go::trim_left(go::trim_right(part, " "), " ");
    const auto equals = part.find('=');
    if (go::trim_right(part.substr(0, equals), " ") != name) continue;
    if (equals == std::string_view::npos) return "";
    if (part.find('=', equals + 1) == std::string_view::npos) return part.substr(equals + 1);
  }
  return std::nullopt;
}

/// http.ParseTime.
std::optional<std::int64_t> time_of(std::string_view text) {
  constexpr std::string_view kLayouts[] = {"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 MST",
                                           "Mon Jan _2 15:04:05 2006"};
  for (std::string_view layout : kLayouts)
    if (auto time = go::parse_time(layout, text)) return time->seconds * kSecond;
  return std::nullopt;
}

}  // namespace

bool is_cacheable(int status) {
  constexpr int kCodes[] = {200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501};
  return std::ranges::find(kCodes, status) != std::end(kCodes);
}

bool may_store(const Response& response) {
  return !directive(response, "no-store");
}

std::optional<std::int64_t> expiry(const Response& response) {
  const auto max_age = directive(response, "max-age");
  if (!max_age) {
    const std::string_view expires = response.header("expires");
    return expires.empty() ? kNever : time_of(expires).value_or(kNever);
  }
  std::uint64_t seconds = 0;
  const auto [end, problem] = std::from_chars(max_age->data(), max_age->data() + max_age->size(), seconds);
  if (end != max_age->data() + max_age->size() ||
      (problem != std::errc() && problem != std::errc::result_out_of_range))
    return std::nullopt;
  if (problem != std::errc() || seconds > INT32_MAX) seconds = INT32_MAX;
  const auto date = time_of(response.header("date"));
  if (!date) return std::nullopt;
  return *date + static_cast<std::int64_t>(seconds) * kSecond;
}

}  // namespace signalbox::policy::http
