// One pass over the bytes. Whatever is not certainly an integer constant stays as it is; whatever could make
// the following bytes mean something else gives up.
#include "sql/shape.h"

#include <array>
#include <cstdint>

namespace signalbox::sql {
namespace {

constexpr std::size_t kLongestText = 4096;
constexpr std::size_t kMostDigits = 9;

enum class Class : std::uint8_t { Other, Word, Digit, Quote, GiveUp };

constexpr std::array<Class, 256> kClasses = [] {
  std::array<Class, 256> classes{};
  for (int c = 'a'; c <= 'z'; ++c) classes[static_cast<std::size_t>(c)] = Class::Word;
  for (int c = 'A'; c <= 'Z'; ++c) classes[static_cast<std::size_t>(c)] = Class::Word;
  classes['_'] = Class::Word;
  for (int c = '0'; c <= '9'; ++c) classes[static_cast<std::size_t>(c)] = Class::Digit;
  classes['\''] = classes['"'] = Class::Quote;
  classes['\\'] = classes[static_cast<std::size_t>(kConstantMark)] = classes[0] = Class::GiveUp;
  for (std::size_t c = 128; c < 256; ++c) classes[c] = Class::GiveUp;
  return classes;
}();

Class class_of(char c) {
  return kClasses[static_cast<unsigned char>(c)];
}

/// FLOAT(n): the grammar itself looks at n.
bool is_float(std::string_view word) {
  constexpr std::string_view kFloat = "float";
  if (word.size() != kFloat.size()) return false;
  for (std::size_t i = 0; i < kFloat.size(); ++i)
    if ((word[i] | 0x20) != kFloat[i]) return false;
  return true;
}

class Reader {
 public:
  Reader(std::string_view text, std::string& shape) : text_(text), shape_(shape) {}

  bool read() {
    while (at_ < text_.size()) {
      switch (class_of(text_[at_])) {
        case Class::GiveUp: return false;
        case Class::Word: word(); break;
        case Class::Digit: number(); break;
        case Class::Quote:
          if (!quoted()) return false;
          break;
        case Class::Other:
          if (!other()) return false;
          break;
      }
    }
    shape_.append(text_.substr(copied_));
    return replaced_;
  }

 private:
  char next(std::size_t from) const { return from < text_.size() ? text_[from] : ' '; }

  void word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && continues_word(text_[at_])) ++at_;
    after_float_ = is_float(text_.substr(begin, at_ - begin));
  }

  void number() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && class_of(text_[at_]) == Class::Digit) ++at_;
    const bool plain = at_ - begin <= kMostDigits && (begin == 0 || text_[begin - 1] != '.') &&
                       next(at_) != '.' && !continues_word(next(at_));
    if (plain) {
      shape_.append(text_.substr(copied_, begin - copied_));
      shape_ += kConstantMark;
      copied_ = at_;
      replaced_ = true;
      return;
    }
    while (at_ < text_.size() && (continues_word(text_[at_]) || text_[at_] == '.')) ++at_;
  }

  /// A string without prefix or a quoted identifier; a doubled quote reads as two of them in a row.
  bool quoted() {
    if (at_ > 0 && (continues_word(text_[at_ - 1]) || text_[at_ - 1] == '&')) return false;
    const char quote = text_[at_++];
    while (at_ < text_.size() && text_[at_] != quote) {
      if (class_of(text_[at_]) == Class::GiveUp) return false;
      ++at_;
    }
    return at_++ < text_.size();
  }

  bool other() {
    const char c = text_[at_];
    const char following = next(at_ + 1);
    if ((c == '-' && following == '-') || (c == '/' && following == '*')) return false;
    ++at_;
    if (c == '(') return !after_float_;
    if (c == '$') {
      if (class_of(following) != Class::Digit) return false;
      while (at_ < text_.size() && continues_word(text_[at_])) ++at_;
    }
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    after_float_ = after_float_ && blank;
    return true;
  }

  static bool continues_word(char c) {
    const Class kind = class_of(c);
    return kind == Class::Word || kind == Class::Digit || c == '$';
  }

  std::string_view text_;
  std::string& shape_;
  std::size_t at_ = 0;
  std::size_t copied_ = 0;
  bool replaced_ = false;
  bool after_float_ = false;  ///< the last word was FLOAT, and only blanks came since
};

}  // namespace

bool shape_of(std::string_view text, std::string& shape) {
  shape.clear();
  return text.size() <= kLongestText && Reader(text, shape).read();
}

}  // namespace signalbox::sql
