// The `format` keyword: what each named format accepts, which is what Go's parsers accept.
#include <re2/re2.h>

#include <array>

#include "policy/builtins/go/ip.h"
#include "policy/builtins/go/time.h"
#include "policy/builtins/go/url.h"
#include "policy/builtins/pattern_cache.h"
#include "policy/schema/json_schema.h"
#include "policy/schema/mail_address.h"

namespace signalbox::policy::schema {
namespace {

using Text = std::string_view;

bool fits(const re2::RE2& pattern, Text text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

bool has_layout(Text text, std::initializer_list<Text> layouts) {
  for (Text layout : layouts)
    if (go::parse_time(layout, text)) return true;
  return false;
}

constexpr Text kTime = "15:04:05", kTimeZone = "15:04:05Z07:00", kDate = "2006-01-02";

bool is_date(Text text) {
  return has_layout(text, {kDate});
}
bool is_time(Text text) {
  return has_layout(text, {kTimeZone, kTime});
}
bool is_date_time(Text text) {
  return has_layout(text, {kTime, kTimeZone, kDate, go::kRfc3339, go::kRfc3339Nano});
}

bool is_hostname(Text text) {
  static const re2::RE2 pattern(R"(^([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]{0,61}[a-zA-Z0-9]))"
                                R"((\.([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]{0,61}[a-zA-Z0-9]))*$)");
  constexpr std::size_t kMaxLength = 255;
  return text.size() <= kMaxLength && fits(pattern, text);
}

bool is_ipv4(Text text) {
  return text.contains('.') && go::parse_ip(text).has_value();
}
bool is_ipv6(Text text) {
  return text.contains(':') && go::parse_ip(text).has_value();
}

bool is_uri(Text text) {
  const auto url = go::parse_url(text);
  return url && !url->scheme.empty() && !text.contains('\\');
}
bool is_uri_reference(Text text) {
  return go::parse_url(text).has_value() && !text.contains('\\');
}
bool is_uri_template(Text text) {
  static const re2::RE2 pattern("^([^{]*({[^}]*})?)*$");
  const auto url = go::parse_url(text);
  return url && !text.contains('\\') && fits(pattern, url->path);
}

bool is_uuid(Text text) {
  static const re2::RE2 pattern("^(?i)[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$");
  return fits(pattern, text);
}
bool is_regex(Text text) {
  return text.empty() || builtins::compile_regex(text).has_value();
}
bool is_json_pointer(Text text) {
  static const re2::RE2 pattern("^(?:/(?:[^~/]|~0|~1)*)*$");
  return fits(pattern, text);
}
bool is_relative_json_pointer(Text text) {
  static const re2::RE2 pattern("^(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~0|~1)*)*)$");
  return fits(pattern, text);
}

struct Format {
  Text name;
  bool (*accepts)(Text);
};

constexpr std::array kFormats = {
    Format{"date", is_date},
    Format{"time", is_time},
    Format{"date-time", is_date_time},
    Format{"hostname", is_hostname},
    Format{"email", is_mail_address},
    Format{"idn-email", is_mail_address},
    Format{"ipv4", is_ipv4},
    Format{"ipv6", is_ipv6},
    Format{"uri", is_uri},
    Format{"uri-reference", is_uri_reference},
    Format{"iri", is_uri},
    Format{"iri-reference", is_uri_reference},
    Format{"uri-template", is_uri_template},
    Format{"uuid", is_uuid},
    Format{"regex", is_regex},
    Format{"json-pointer", is_json_pointer},
    Format{"relative-json-pointer", is_relative_json_pointer},
};

}  // namespace

bool has_format(Text format, Text text) {
  for (const Format& one : kFormats)
    if (one.name == format) return one.accepts(text);
  return true;
}

}  // namespace signalbox::policy::schema
