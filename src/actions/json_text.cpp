// The escaper copies runs of ordinary bytes at once; what is left is looked at one character at a time.
#include "actions/json_text.h"

#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

namespace signalbox::actions {

namespace {

/// Length of the valid UTF-8 sequence at the front (RFC 3629), 0 when it is invalid.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned second = byte(1);
    if (!tail(1) || !tail(2) || (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return 0;
    return 3;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned second = byte(1);
    if (!tail(1) || !tail(2) || !tail(3) || (lead == 0xf0 && second < 0x90) ||
        (lead == 0xf4 && second > 0x8f))
      return 0;
    return 4;
  }
  return 0;
}

void append_unicode_escape(std::string& out, unsigned code) {
  constexpr char kDigits[] = "0123456789abcdef";
  const char escape[] = {'\\',
                         'u',
                         kDigits[code >> 12 & 15],
                         kDigits[code >> 8 & 15],
                         kDigits[code >> 4 & 15],
                         kDigits[code & 15]};
  out.append(escape, sizeof escape);
}

constexpr bool is_ordinary(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\';
}

/// Escapes the one character at the front; how many bytes it was.
std::size_t append_special(std::string& out, std::string_view text) {
  switch (text.front()) {
    case '"': out += "\\\""; return 1;
    case '\\': out += "\\\\"; return 1;
    case '\n': out += "\\n"; return 1;
    case '\r': out += "\\r"; return 1;
    case '\t': out += "\\t"; return 1;
    default: break;
  }
  const std::size_t length = sequence_length(text);
  if (length == 0) {
    out += "\xef\xbf\xbd";
    return 1;
  }
  if (length == 1) {
    append_unicode_escape(out, static_cast<unsigned char>(text.front()));
  } else if (text.starts_with("\xe2\x80\xa8") || text.starts_with("\xe2\x80\xa9")) {
    append_unicode_escape(out, text[2] == '\xa8' ? 0x2028 : 0x2029);
  } else {
    out.append(text.substr(0, length));
  }
  return length;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t run = 0;
    while (run < text.size() && is_ordinary(text[run])) ++run;
    out.append(text.substr(0, run));
    text.remove_prefix(run);
    if (!text.empty()) text.remove_prefix(append_special(out, text));
  }
  out += '"';
}

std::string unquote_json(std::string_view json) {
  if (json.size() >= 2 && json.front() == '"' && json.find('\\') == std::string_view::npos) {
    return std::string(json.substr(1, json.size() - 2));
  }
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  return parsed.is_string() ? parsed.get<std::string>() : std::string();
}

std::string& JsonObject::key(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  append_json_string(out_, name);
  out_ += ':';
  return out_;
}

void JsonObject::number(std::string_view name, std::int64_t value) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  key(name).append(digits, end);
}

void append_time(std::string& out, std::int64_t wall_ns) {
  using namespace std::chrono;
  const sys_time<nanoseconds> at{nanoseconds(wall_ns)};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const auto micros = static_cast<std::uint64_t>(floor<microseconds>(at - day).count());
  const auto put = [&out](std::uint64_t value, int width) {
    char digits[8];
    for (int i = width - 1; i >= 0; --i, value /= 10) digits[i] = static_cast<char>('0' + value % 10);
    out.append(digits, static_cast<std::size_t>(width));
  };
  put(static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  out += '-', put(static_cast<unsigned>(date.month()), 2);
  out += '-', put(static_cast<unsigned>(date.day()), 2);
  out += 'T', put(micros / 3'600'000'000, 2);
  out += ':', put(micros / 60'000'000 % 60, 2);
  out += ':', put(micros / 1'000'000 % 60, 2);
  out += '.', put(micros % 1'000'000, 6);
  out += 'Z';
}

}  // namespace signalbox::actions
