// net/mail's ParseAddress, as far as accepting or refusing goes. A bare address is tried first; only then a
// display name with the address in angle brackets, or a group with exactly one member.
#include "policy/schema/mail_address.h"

#include <optional>

#include "policy/builtins/go/ip.h"
#include "policy/builtins/go/text.h"

namespace signalbox::policy::schema {
namespace {

using Text = std::string_view;

bool is_visible(char32_t rune) {
  return (rune >= '!' && rune <= '~') || rune >= 0x80;
}
bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool is_atom_char(char32_t rune, bool dot) {
  if (rune == '.') return dot;
  constexpr std::u32string_view kSpecials = U"()<>[]:;@\\,\"";
  return kSpecials.find(rune) == std::u32string_view::npos && is_visible(rune);
}

class AddressReader {
 public:
  explicit AddressReader(Text text) : rest_(text) {}

  bool single() {
    const auto count = address(true);
    return count == 1U && skip_comments() && rest_.empty();
  }

 private:
  /// Number of addresses read; nothing when the text is malformed.
  std::optional<std::size_t> address(bool groups) {
    skip_blanks();
    if (rest_.empty()) return {};
    const Text start = rest_;
    if (specification()) {
      skip_blanks();
      if (!rest_.starts_with('(')) return 1;
      rest_.remove_prefix(1);
      return comment() ? std::optional<std::size_t>(1) : std::nullopt;
    }
    rest_ = start;
    if (!rest_.starts_with('<') && !phrase()) return {};
    skip_blanks();
    if (groups && take(':')) return group();
    if (!take('<') || !specification() || !take('>')) return {};
    return 1;
  }

  std::optional<std::size_t> group() {
    skip_blanks();
    std::size_t count = 0;
    if (take(';')) return skip_comments() ? std::optional(count) : std::nullopt;
    while (true) {
      skip_blanks();
      if (!address(false)) return {};
      ++count;
      if (!skip_comments()) return {};
      if (take(';')) return skip_comments() ? std::optional(count) : std::nullopt;
      if (!take(',')) return {};
    }
  }

  /// local-part "@" domain
  bool specification() {
    skip_blanks();
    if (rest_.empty()) return false;
    if (rest_.starts_with('"')) {
      const auto length = quoted();
      if (!length || *length == 0) return false;
    } else if (!atom(false)) {
      return false;
    }
    if (!take('@')) return false;
    skip_blanks();
    if (rest_.empty()) return false;
    return rest_.starts_with('[') ? domain_literal() : atom(false);
  }

  bool phrase() {
    std::size_t words = 0;
    while (true) {
      if (words > 0 && !skip_comments()) return false;
      skip_blanks();
      if (rest_.empty()) break;
      const Text before = rest_;
      if (!(rest_.starts_with('"') ? quoted().has_value() : atom(true))) {
        rest_ = before;
        break;
      }
      ++words;
    }
    return words > 0;
  }

  /// Runes inside of the quotes; nothing when the string is malformed.
  std::optional<std::size_t> quoted() {
    Text text = rest_.substr(1);
    bool escaped = false;
    for (std::size_t count = 0;;) {
      const go::Rune rune = go::decode_rune(text);
      if (rune.width == 0 || rune.invalid()) return {};
      text.remove_prefix(rune.width);
      const bool blank = rune.value == ' ' || rune.value == '\t';
      if (escaped) {
        if (!is_visible(rune.value) && !blank) return {};
        escaped = false;
        ++count;
      } else if (rune.value == '"') {
        rest_ = text;
        return count;
      } else if (rune.value == '\\') {
        escaped = true;
      } else if (is_visible(rune.value) || blank) {
        ++count;
      } else {
        return {};
      }
    }
  }

  bool atom(bool permissive) {
    std::size_t length = 0;
    while (true) {
      const go::Rune rune = go::decode_rune(rest_.substr(length));
      if (rune.invalid()) return false;
      if (rune.width == 0 || !is_atom_char(rune.value, true)) break;
      length += rune.width;
    }
    if (length == 0) return false;
    const Text atom = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return permissive || (!atom.starts_with('.') && !atom.ends_with('.') && !atom.contains(".."));
  }

  bool domain_literal() {
    const auto close = rest_.find(']');
    if (close == Text::npos) return false;
    Text literal = rest_.substr(1, close - 1);
    rest_.remove_prefix(close + 1);
    constexpr Text kV6 = "IPv6:";
    const bool v6 = literal.starts_with(kV6);
    if (v6) literal.remove_prefix(kV6.size());
    const auto ip = go::parse_ip(literal);
    return ip && (v6 || ip->is_v4());
  }

  /// Behind the opening parenthesis.
  bool comment() {
    int depth = 1;
    while (!rest_.empty() && depth > 0) {
      if (rest_[0] == '\\' && rest_.size() > 1) {
        rest_.remove_prefix(1);
      } else if (rest_[0] == '(') {
        ++depth;
      } else if (rest_[0] == ')') {
        --depth;
      }
      rest_.remove_prefix(1);
    }
    return depth == 0;
  }

  bool skip_comments() {
    skip_blanks();
    while (take('(')) {
      if (!comment()) return false;
      skip_blanks();
    }
    return true;
  }
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_[0])) rest_.remove_prefix(1);
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  Text rest_;
};

}  // namespace

bool is_mail_address(Text text) {
  return AddressReader(text).single();
}

}  // namespace signalbox::policy::schema
