// JSON to values and back. One recursive-descent pass, bounded in depth; strings without escapes are copied
// once, and an object's keys are shared through a table, because documents repeat them. The surprise: sets
// and objects with other keys have no JSON form, so they print as OPA converts them (array, text key).
#include "policy/value/json.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "policy/builtins/go/text.h"
#include "policy/value/number.h"
#include "policy/value/work.h"

namespace signalbox::policy {
namespace {

/// Copies each distinct key once.
class KeyTable {
 public:
  explicit KeyTable(Arena& arena) : arena_(arena) {}
  std::string_view intern(std::string_view key) {
    const auto found = keys_.find(key);
    if (found != keys_.end()) return found->second;
    const std::string_view kept = arena_.copy(key);
    if (keys_.size() < kMaxKeys) keys_.emplace(kept, kept);
    return kept;
  }

 private:
  static constexpr std::size_t kMaxKeys = 65'536;
  Arena& arena_;
  std::unordered_map<std::string_view, std::string_view> keys_;
};

class Reader {
 public:
  Reader(Arena& arena, std::string_view text, JsonOptions options)
      : arena_(arena), text_(text), options_(options), keys_(arena), texts_(arena) {}

  std::expected<Value, JsonError> read() {
    const Value value = any(0);
    if (!failed_) {
      blanks();
      if (at_ != text_.size()) fail("unexpected text after the document");
    }
    if (failed_) return std::unexpected(error_);
    return value;
  }

 private:
  static constexpr std::size_t kSharingFrom = 16'384, kLongestShared = 24;

  Value any(std::uint32_t depth) {
    blanks();
    if (depth > options_.max_depth) return fail("nested too deeply");
    if (at_ == text_.size()) return fail("unexpected end of document");
    switch (text_[at_]) {
      case '{': return object(depth);
      case '[': return array(depth);
      case '"': return string();
      case 't': return word("true", kTrue);
      case 'f': return word("false", kFalse);
      case 'n': return word("null", Value::null());
      default: return number();
    }
  }

  Value object(std::uint32_t depth) {
    ++at_;
    blanks();
    if (take('}')) return kEmptyObject;
    const std::size_t base = pending_pairs_.size();
    do {
      blanks();
      if (at_ == text_.size() || text_[at_] != '"') return fail("expected a string as object key");
      if (!scan_string()) return {};
      const std::string_view key = keys_.intern(scanned_);
      blanks();
      if (!take(':')) return fail("expected ':' after an object key");
      const Value value = any(depth + 1);
      if (failed_) return {};
      pending_pairs_.push_back({Value::string(key), value});
      blanks();
    } while (take(','));
    if (!take('}')) return fail("expected ',' or '}' in an object");
    return close_object(base);
  }

  /// Sorts the pairs from `base` on; of equal keys the last stays.
  Value close_object(std::size_t base) {
    const auto first = pending_pairs_.begin() + static_cast<std::ptrdiff_t>(base);
    const auto by_key = [](const Pair& a, const Pair& b) { return a.key.as_string() < b.key.as_string(); };
    if (!std::is_sorted(first, pending_pairs_.end(), by_key))
      std::stable_sort(first, pending_pairs_.end(), by_key);
    std::size_t kept = base;
    for (std::size_t i = base; i < pending_pairs_.size(); ++i) {
      const bool repeated = kept > base && pending_pairs_[kept - 1].key == pending_pairs_[i].key;
      if (!repeated) ++kept;
      pending_pairs_[kept - 1] = pending_pairs_[i];
    }
    const auto pairs = arena_.copy(std::span<const Pair>(pending_pairs_).subspan(base, kept - base));
    pending_pairs_.resize(base);
    return adopt_sorted_object(arena_, pairs);
  }

  Value array(std::uint32_t depth) {
    ++at_;
    blanks();
    if (take(']')) return kEmptyArray;
    // Elements wait on a stack that all levels share, so that the arena holds exactly the array and no spare
    // room.
    const std::size_t base = pending_.size();
    do {
      const Value value = any(depth + 1);
      if (failed_) return {};
      pending_.push_back(value);
      blanks();
    } while (take(','));
    if (!take(']')) return fail("expected ',' or ']' in an array");
    const Value out = make_array(arena_, std::span(pending_).subspan(base));
    pending_.resize(base);
    return out;
  }

  /// Large documents repeat short texts, too: roles, states, names of departments.
  Value string() {
    if (!scan_string()) return {};
    const bool share = text_.size() >= kSharingFrom && scanned_.size() <= kLongestShared;
    return share ? Value::string(texts_.intern(scanned_)) : copy_string(arena_, scanned_);
  }

  /// Leaves the unescaped text in scanned_, valid until the next call. What is no UTF-8 is U+FFFD from here
  /// on, as in Go: a text has one meaning, whoever reads it next.
  bool scan_string() {
    beyond_ascii_ = 0;
    if (!scan_bytes()) return false;
    if ((beyond_ascii_ & 0x80) != 0 && !go::is_valid_utf8(scanned_)) {
      unescaped_ = go::to_valid_utf8(scanned_);
      scanned_ = unescaped_;
    }
    return true;
  }

  bool scan_bytes() {
    const std::size_t from = ++at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' && is_plain(text_[at_])) {
      beyond_ascii_ |= static_cast<unsigned char>(text_[at_++]);
    }
    if (at_ < text_.size() && text_[at_] == '"') {
      scanned_ = text_.substr(from, at_++ - from);
      return true;
    }
    unescaped_.assign(text_.substr(from, at_ - from));
    while (at_ < text_.size() && text_[at_] != '"') {
      if (!is_plain(text_[at_])) return fail("control character in a string"), false;
      if (text_[at_] != '\\') {
        beyond_ascii_ |= static_cast<unsigned char>(text_[at_]);
        unescaped_ += text_[at_++];
      } else if (!escape()) {
        return false;
      }
    }
    if (at_ == text_.size()) return fail("string without end"), false;
    ++at_;
    scanned_ = unescaped_;
    return true;
  }

  bool escape() {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (++at_ == text_.size()) return fail("string without end"), false;
    const char letter = text_[at_++];
    if (letter != 'u') {
      const auto which = kLetters.find(letter);
      if (which == std::string_view::npos) return fail("unknown escape in a string"), false;
      unescaped_ += kMeanings[which];
      return true;
    }
    std::uint32_t code = 0;
    if (!hex4(code)) return false;
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const std::size_t back = at_;
      at_ += 2;
      std::uint32_t low = 0;
      if (!hex4(low)) return false;
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      } else {
        at_ = back;
      }
    }
    // A lone surrogate is no character: append_rune makes it U+FFFD, as Go does.
    go::append_rune(unescaped_, code);
    return true;
  }

  bool hex4(std::uint32_t& code) {
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return fail("\\u needs four hexadecimal digits"), false;
      code = code * 16 + static_cast<std::uint32_t>(digit);
    }
    return true;
  }

  Value number() {
    const std::size_t from = at_;
    while (at_ < text_.size() && std::string_view("+-.eE0123456789").contains(text_[at_])) ++at_;
    if (at_ == from) return fail("unexpected character");
    const Value value = parse_number(arena_, text_.substr(from, at_ - from));
    if (value.is_undefined()) at_ = from, fail("not a JSON number, or one beyond the limits");
    return value;
  }

  Value word(std::string_view expected, Value value) {
    if (text_.substr(at_, expected.size()) != expected) return fail("unexpected character");
    at_ += expected.size();
    return value;
  }

  static bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20; }

  void blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Value fail(std::string message) {
    if (failed_) return {};
    failed_ = true;
    const std::string_view before = text_.substr(0, at_);
    const auto row = static_cast<std::uint32_t>(std::ranges::count(before, '\n')) + 1;
    const auto line = before.rfind('\n');
    const auto col = static_cast<std::uint32_t>(at_ - (line == std::string_view::npos ? 0 : line + 1)) + 1;
    error_ = {std::move(message), at_, row, col};
    return {};
  }

  Arena& arena_;
  std::string_view text_;
  JsonOptions options_;
  KeyTable keys_, texts_;
  std::size_t at_ = 0;
  std::vector<Value> pending_;
  std::vector<Pair> pending_pairs_;
  std::string unescaped_;
  unsigned char beyond_ascii_ = 0;  ///< the bytes of the string being read, or-ed
  std::string_view scanned_;
  bool failed_ = false;
  JsonError error_;
};

constexpr std::uint64_t kCostOfWriting = 2;

class Writer {
 public:
  Writer(std::string& out, EscapeHtml escape, std::string_view indent, bool pretty)
      : out_(out), escape_(escape), indent_(indent), pretty_(pretty) {}

  void write(const Value& value) {
    if (!Work::spend(kCostOfWriting * (1 + value.size()))) return;
    switch (value.kind()) {
      case Kind::Undefined:
      case Kind::Null: out_ += "null"; return;
      case Kind::Boolean: out_ += value.as_boolean() ? "true" : "false"; return;
      case Kind::Number: append_number(out_, value); return;
      case Kind::String: quote(value.as_string()); return;
      case Kind::Array: list(value.as_array()); return;
      case Kind::Set: list(value.as_set()); return;
      case Kind::Object: object(value.as_object()); return;
    }
  }

 private:
  void list(std::span<const Value> items) {
    open('[');
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i != 0) out_ += ',';
      line();
      write(items[i]);
    }
    close(']', items.empty());
  }

  void object(std::span<const Pair> pairs) {
    open('{');
    bool all_strings = true;
    for (const Pair& pair : pairs) all_strings = all_strings && pair.key.is_string();
    if (all_strings) {
      for (std::size_t i = 0; i < pairs.size(); ++i) member(i == 0, pairs[i].key.as_string(), pairs[i].value);
    } else {
      std::vector<std::pair<std::string, Value>> members;
      for (const Pair& pair : pairs) {
        members.emplace_back(
            pair.key.is_string() ? std::string(pair.key.as_string()) : to_json(pair.key, EscapeHtml::Yes),
            pair.value);
      }
      std::ranges::stable_sort(members, {}, &std::pair<std::string, Value>::first);
      bool first = true;
      for (std::size_t i = 0; i < members.size(); ++i) {
        // Of keys with one text, 1 and "1", the last stands.
        if (i + 1 < members.size() && members[i].first == members[i + 1].first) continue;
        member(first, members[i].first, members[i].second);
        first = false;
      }
    }
    close('}', pairs.empty());
  }

  void member(bool first, std::string_view key, const Value& value) {
    if (!first) out_ += ',';
    line();
    quote(key);
    out_ += pretty_ ? ": " : ":";
    write(value);
  }

  void open(char bracket) {
    out_ += bracket;
    ++level_;
  }
  void close(char bracket, bool empty) {
    --level_;
    if (!empty) line();
    out_ += bracket;
  }
  void line() {
    if (!pretty_) return;
    out_ += '\n';
    for (int i = 0; i < level_; ++i) out_ += indent_;
  }

  /// Bytes of the UTF-8 sequence at the beginning; 0 when there is none. Where it is not at the beginning of
  /// one, a continuation byte is taken for the rest of what was written before.
  std::size_t sequence_width(std::string_view text) {
    if (continued_ > 0) return --continued_, 1;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t width = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
    if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < width) return 0;
    for (std::size_t i = 1; i < width; ++i) {
      if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    const bool overlong = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
    const bool surrogate = byte(0) == 0xED && byte(1) > 0x9F;
    if (overlong || surrogate || (byte(0) == 0xF4 && byte(1) > 0x8F)) return 0;
    continued_ = width - 1;
    return width;
  }

  void quote(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    out_ += '"';
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (byte >= 0x80 && sequence_width(text.substr(i)) == 0) {
        out_ += "\\ufffd";  // as Go writes a byte that is no UTF-8
      } else if (byte >= 0x20 &&
                 (escape_ == EscapeHtml::No || (c != '<' && c != '>' && c != '&' && c != '\xE2'))) {
        out_ += c;
      } else if (c == '\n' || c == '\r' || c == '\t' || c == '\b' || c == '\f') {
        out_ += '\\';
        out_ += c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c == '\b' ? 'b' : 'f';
      } else if (c == '\xE2') {
        const std::string_view separator = text.substr(i, 3);
        if (separator == "\u2028" || separator == "\u2029") {
          out_ += separator == "\u2028" ? "\\u2028" : "\\u2029";
          i += 2;
          continued_ = 0;
        } else {
          out_ += c;
        }
      } else {
        out_ += "\\u00";
        out_ += kHex[byte >> 4];
        out_ += kHex[byte & 0xF];
      }
    }
    out_ += '"';
  }

  std::string& out_;
  EscapeHtml escape_;
  std::string_view indent_;
  bool pretty_;
  int level_ = 0;
  std::size_t continued_ = 0;  ///< bytes of the sequence under way
};

}  // namespace

std::expected<Value, JsonError> parse_json(Arena& arena, std::string_view text, JsonOptions options) {
  return Reader(arena, text, options).read();
}

void append_json(std::string& out, const Value& value, EscapeHtml escape) {
  Writer(out, escape, "", false).write(value);
}

std::string to_json(const Value& value, EscapeHtml escape) {
  std::string out;
  append_json(out, value, escape);
  return out;
}

std::string to_json_pretty(const Value& value, std::string_view indent) {
  std::string out;
  Writer(out, EscapeHtml::No, indent, true).write(value);
  return out;
}

}  // namespace signalbox::policy
