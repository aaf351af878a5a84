// A scanner with Go's states and words: each state says which character it was looking for when the text went
// wrong.
#include "policy/builtins/json_shape.h"

#include <optional>

#include "policy/builtins/go/text.h"
#include "policy/builtins/results.h"

namespace signalbox::policy::builtins {
namespace {

constexpr std::size_t kMaxDepth = 10'000;

/// Recursive descent over one document; the first fault is kept.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<std::string> fault() {
    if (value(0)) {
      skip_space();
      if (at_ < text_.size()) unexpected("after top-level value");
    }
    return fault_;
  }

  /// The document at the beginning, where the token after it is null.
  std::optional<std::string_view> document_before_null() {
    if (!value(0)) return std::nullopt;
    const std::size_t end = at_;
    skip_space();
    return literal("null") ? std::optional(text_.substr(0, end)) : std::nullopt;
  }

  /// As a streaming decoder complains that reads one value and then looks for another token.
  std::string stream_complaint() {
    skip_space();
    if (at_ >= text_.size()) return "EOF";
    if (!value(0)) return at_ >= text_.size() ? "unexpected EOF" : *fault_;
    skip_space();
    std::size_t token = at_;
    if (token >= text_.size()) return "number outside of the supported range";
    bool delimiter = text_[token] == '{' || text_[token] == '[';
    if (!delimiter && !value(0)) return at_ >= text_.size() ? "unexpected EOF" : *fault_;
    std::string shown(text_.substr(token, delimiter ? 1 : at_ - token));
    if (shown.starts_with('"')) shown = shown.substr(1, shown.size() - 2);
    if (shown == "true" || shown == "false") shown = "%!s(bool=" + shown + ")";  // as OPA spells it
    return "error: invalid character '" + shown + "' after top-level value";
  }

 private:
  bool unexpected(std::string_view where) {
    if (fault_) return false;
    if (at_ >= text_.size()) {
      fault_ = "unexpected end of JSON input";
    } else {
      char c = text_[at_];
      auto byte = static_cast<unsigned char>(c);
      std::string rune;
      go::append_rune(rune, byte);
      std::string shown = c == '\''  ? R"('\'')"
                          : c == '"' ? "'\"'"
                                     : go::quote(rune, go::QuoteStyle::Unicode, '\'');
      fault_ = "invalid character " + shown + " " + std::string(where);
    }
    return false;
  }
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool digit() const { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; }
  bool value(std::size_t depth);
  bool object(std::size_t depth);
  bool array(std::size_t depth);
  bool string();
  bool number();
  bool literal(std::string_view word);

  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<std::string> fault_;
};

bool Scanner::value(std::size_t depth) {
  skip_space();
  if (depth > kMaxDepth) {
    fault_ = "exceeded max depth";
    return false;
  }
  char c = at_ < text_.size() ? text_[at_] : '\0';
  if (c == '{') return object(depth);
  if (c == '[') return array(depth);
  if (c == '"') return string();
  if (c == '-' || digit()) return number();
  if (c == 't') return literal("true");
  if (c == 'f') return literal("false");
  if (c == 'n') return literal("null");
  return unexpected("looking for beginning of value");
}

bool Scanner::object(std::size_t depth) {
  ++at_;
  skip_space();
  if (take('}')) return true;
  while (true) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != '"')
      return unexpected("looking for beginning of object key string");
    if (!string()) return false;
    skip_space();
    if (!take(':')) return unexpected("after object key");
    if (!value(depth + 1)) return false;
    skip_space();
    if (take('}')) return true;
    if (!take(',')) return unexpected("after object key:value pair");
  }
}

bool Scanner::array(std::size_t depth) {
  ++at_;
  skip_space();
  if (take(']')) return true;
  while (true) {
    if (!value(depth + 1)) return false;
    skip_space();
    if (take(']')) return true;
    if (!take(',')) return unexpected("after array element");
  }
}

bool Scanner::string() {
  for (++at_; at_ < text_.size(); ++at_) {
    char c = text_[at_];
    if (c == '"') {
      ++at_;
      return true;
    }
    if (static_cast<unsigned char>(c) < 0x20) return unexpected("in string literal");
    if (c != '\\') continue;
    ++at_;
    if (at_ >= text_.size()) break;
    if (text_[at_] == 'u') {
      for (int i = 0; i < 4; ++i) {
        ++at_;
        if (at_ >= text_.size() || std::isxdigit(static_cast<unsigned char>(text_[at_])) == 0)
          return unexpected("in \\u hexadecimal character escape");
      }
    } else if (std::string_view("\"\\/bfnrt").find(text_[at_]) == std::string_view::npos) {
      return unexpected("in string escape code");
    }
  }
  return unexpected("");
}

bool Scanner::number() {
  if (take('-') && !digit()) return unexpected("in numeric literal");
  if (!take('0'))
    while (digit()) ++at_;
  if (take('.')) {
    if (!digit()) return unexpected("after decimal point in numeric literal");
    while (digit()) ++at_;
  }
  if (take('e') || take('E')) {
    (void)(take('+') || take('-'));
    if (!digit()) return unexpected("in exponent of numeric literal");
    while (digit()) ++at_;
  }
  return true;
}

bool Scanner::literal(std::string_view word) {
  for (std::size_t i = 0; i < word.size(); ++i)
    if (!take(word[i]))
      return unexpected("in literal " + std::string(word) + " (expecting '" + std::string(1, word[i]) + "')");
  return true;
}

}  // namespace

bool is_valid_json(std::string_view text) {
  return !Scanner(text).fault();
}

std::optional<std::string_view> document_before_null(std::string_view text) {
  return Scanner(text).document_before_null();
}

std::string json_complaint(std::string_view text) {
  return Scanner(text).stream_complaint();
}

std::string indent_json(std::string_view compact, std::string_view prefix, std::string_view indent) {
  std::string out;
  std::size_t depth = 0;
  bool in_string = false;
  auto line = [&] {
    out.append("\n").append(prefix);
    for (std::size_t i = 0; i < depth; ++i) out += indent;
  };
  for (std::size_t i = 0; i < compact.size(); ++i) {
    char c = compact[i];
    if (in_string) {
      out += c;
      if (c == '\\')
        out += compact[++i];
      else if (c == '"')
        in_string = false;
      continue;
    }
    if ((c == '{' || c == '[') && i + 1 < compact.size() && compact[i + 1] != c + 2) {
      out += c;
      ++depth;
      line();
    } else if ((c == '}' || c == ']') && compact[i - 1] != c - 2) {
      --depth;
      line();
      out += c;
    } else if (c == ',') {
      out += c;
      line();
    } else {
      out += c;
      if (c == ':') out += ' ';
      in_string = c == '"';
    }
  }
  return out;
}

bool charge_value(BuiltinContext& context, const Value& value) {
  if (!context.meter.charge(1 + value.size() / kBytesPerStep)) return false;
  if (value.is_object())
    for (const Pair& pair : value.as_object())
      if (!charge_value(context, pair.key) || !charge_value(context, pair.value)) return false;
  if (value.is_array() || value.is_set())
    for (const Value& element : value.is_array() ? value.as_array() : value.as_set())
      if (!charge_value(context, element)) return false;
  return true;
}

}  // namespace signalbox::policy::builtins
