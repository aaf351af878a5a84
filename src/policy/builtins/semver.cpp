// semver.compare and semver.is_valid (semver.org 2.0, with an optional leading "v" as OPA allows).
#include <algorithm>
#include <charconv>
#include <compare>
#include <optional>

#include "policy/builtins/declare.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/list.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

struct Version {
  std::array<std::int64_t, 3> numbers{};
  std::string_view pre_release;
};

std::pair<std::string_view, std::string_view> cut(std::string_view text, char at) {
  std::size_t n = text.find(at);
  if (n == std::string_view::npos) return {text, {}};
  return {text.substr(0, n), text.substr(n + 1)};
}

/// Dot-separated identifiers of letters, digits and hyphens, none of them empty.
bool valid_identifiers(std::string_view text) {
  bool empty = true;
  for (char c : text) {
    if (c == '.') {
      if (empty) return false;
      empty = true;
    } else if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-') {
      empty = false;
    } else {
      return false;
    }
  }
  return !empty;
}

/// strconv.ParseInt: an optional sign and digits.
bool read_integer(std::string_view text, std::int64_t& out) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  auto end = std::from_chars(text.data(), text.data() + text.size(), out);
  return !text.empty() && end.ec == std::errc() && end.ptr == text.data() + text.size();
}

std::optional<Version> parse(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  Version version;
  auto [rest, metadata] = cut(text, '+');
  if (!metadata.empty() && !valid_identifiers(metadata)) return std::nullopt;
  auto [core, pre_release] = cut(rest, '-');
  if (!pre_release.empty() && !valid_identifiers(pre_release)) return std::nullopt;
  version.pre_release = pre_release;
  if (std::ranges::count(core, '.') != 2) return std::nullopt;
  for (std::int64_t& number : version.numbers) {
    auto [head, tail] = cut(core, '.');
    if (!read_integer(head, number)) return std::nullopt;
    core = tail;
  }
  return version;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string_view without_zeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

int order(std::string_view a, std::string_view b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

int compare_identifiers(std::string_view a, std::string_view b) {
  bool a_number = is_number(a), b_number = is_number(b);
  if (a_number != b_number) return a_number ? -1 : 1;
  if (!a_number) return order(a, b);
  a = without_zeros(a), b = without_zeros(b);
  return a.size() != b.size() ? (a.size() < b.size() ? -1 : 1) : order(a, b);
}

int compare_versions(const Version& a, const Version& b) {
  if (auto order = a.numbers <=> b.numbers; order != 0) return order < 0 ? -1 : 1;
  std::string_view left = a.pre_release, right = b.pre_release;
  if (left == right) return 0;
  if (left.empty() || right.empty()) return left.empty() ? 1 : -1;
  while (true) {
    auto [x, after_x] = cut(left, '.');
    auto [y, after_y] = cut(right, '.');
    if (int order = compare_identifiers(x, y); order != 0) return order;
    if (after_x.empty() || after_y.empty())
      return after_x.empty() == after_y.empty() ? 0 : after_x.empty() ? -1 : 1;
    left = after_x, right = after_y;
  }
}

BuiltinResult compare(BuiltinContext&, std::string_view a, std::string_view b) {
  auto left = parse(a), right = parse(b);
  if (!left) return builtin_failure("operand 1: string " + go::quote(a) + " is not a valid SemVer");
  if (!right) return builtin_failure("operand 2: string " + go::quote(b) + " is not a valid SemVer");
  return Value::integer(compare_versions(*left, *right));
}

BuiltinResult is_valid(BuiltinContext&, Value text) {
  return Value::boolean(text.is_string() && parse(text.as_string()).has_value());
}

constexpr Builtin kTable[] = {
    declare("semver", "semver.compare", "(string, string) => number", typed<compare>),
    declare("semver", "semver.is_valid", "(any) => boolean", typed<is_valid>),
};

}  // namespace

std::span<const Builtin> semver() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
