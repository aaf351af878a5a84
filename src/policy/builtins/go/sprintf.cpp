// Go's fmt verbs. One Printer walks the format; each kind of argument has its own function.
// The surprise: nothing is an error. A wrong verb prints "%!d(string=x)", a missing argument "%!d(MISSING)",
// one too many "%!(EXTRA int64=1)", and policies show these texts to people.
#include "policy/builtins/go/sprintf.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "policy/builtins/go/bases.h"
#include "policy/builtins/go/format_spec.h"
#include "policy/builtins/go/number.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/plain_integer.h"
#include "policy/value/number.h"

namespace signalbox::policy::go {
namespace {

constexpr int kTooLarge = 1'000'000;

using Argument = FormatArgument;

Argument argument_of(const Value& value) {
  Argument arg;
  if (value.is_string()) {
    arg.text = value.as_string();
  } else if (auto integer = value.is_number() ? builtins::plain_integer(value) : std::nullopt) {
    arg.kind = Argument::Kind::Integer;
    arg.integer = *integer;
  } else if (value.is_number()) {
    arg.text = number_text(value);
    double real = to_double(value);
    if (arg.text.find('.') != std::string::npos) {
      if (std::isfinite(real)) arg.kind = Argument::Kind::Float, arg.real = real;
    } else if (arg.text.find_first_of("eE") == std::string::npos) {
      arg.kind = Argument::Kind::Big;
    }
  } else {
    arg.text = to_rego(value);
  }
  return arg;
}

std::string upper_ascii(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

}  // namespace

std::string_view FormatArgument::type_name() const {
  if (!type.empty()) return type;
  switch (kind) {
    case Kind::Integer: return "int64";
    case Kind::Float: return "float64";
    case Kind::Big: return "*big.Int";
    case Kind::Boolean: return "bool";
    case Kind::Nil: return "<nil>";
    case Kind::Text: break;
  }
  return "string";
}

void FormatSpec::pad(std::string& out, std::string_view text, bool allow_zeros) const {
  auto missing = width - static_cast<int>(rune_count(text));
  if (missing <= 0) {
    out += text;
  } else if (minus) {
    out.append(text).append(static_cast<std::size_t>(missing), ' ');
  } else {
    out.append(static_cast<std::size_t>(missing), zero && allow_zeros ? '0' : ' ').append(text);
  }
}

namespace {

class Printer {
 public:
  Printer(std::string& out, std::vector<Argument> args, const std::function<bool(std::size_t)>& room)
      : out_(out), room_(room), args_(std::move(args)) {}
  bool run(std::string_view format);

 private:
  bool verb(std::string_view format, std::size_t& at);
  bool take_flags(std::string_view format, std::size_t& at);
  void take_width(std::string_view format, std::size_t& at, bool& after_index);
  void take_precision(std::string_view format, std::size_t& at, bool& after_index);
  void take_index(std::string_view format, std::size_t& at, bool& found);
  std::optional<int> take_number(std::string_view format, std::size_t& at);
  std::optional<int> number_argument();

  void print(const Argument& arg, char32_t verb);
  void print_integer(const Argument& arg, char32_t verb);
  void print_integer_digits(std::int64_t value, char32_t verb);
  void print_unicode(std::uint64_t value);
  void print_float(const Argument& arg, char32_t verb);
  void print_big(const Argument& arg, char32_t verb);
  void print_text(const Argument& arg, char32_t verb);
  void print_hex_text(std::string_view text, bool upper);
  void print_nil(char32_t verb);
  void bad_verb(const Argument& arg, char32_t verb);
  void complain(char32_t verb, std::string_view what);
  std::string keep_points(std::string number, char32_t verb, int precision) const;

  std::string& out_;
  const std::function<bool(std::size_t)>& room_;
  std::vector<Argument> args_;
  FormatSpec spec_;
  std::size_t next_ = 0;
  bool reordered_ = false;
  bool good_index_ = true;
};

bool Printer::run(std::string_view format) {
  for (std::size_t at = 0; at < format.size();) {
    std::size_t percent = std::min(format.find('%', at), format.size());
    out_.append(format, at, percent - at);
    at = percent;
    if (at < format.size() && !verb(format, ++at)) return false;
  }
  if (!reordered_ && next_ < args_.size()) {
    spec_ = {};
    out_ += "%!(EXTRA ";
    for (std::size_t i = next_; i < args_.size(); ++i) {
      if (i > next_) out_ += ", ";
      if (args_[i].kind != Argument::Kind::Nil) out_.append(args_[i].type_name()).append("=");
      print(args_[i], 'v');
    }
    out_ += ')';
  }
  return room_(out_.size());
}

/// Reads flags; true when a plain verb follows at once and an argument is there for it.
bool Printer::take_flags(std::string_view format, std::size_t& at) {
  for (; at < format.size(); ++at) {
    switch (format[at]) {
      case '#': spec_.sharp = true; break;
      case '0': spec_.zero = true; break;
      case '+': spec_.plus = true; break;
      case '-': spec_.minus = true; break;
      case ' ': spec_.space = true; break;
      default: return format[at] >= 'a' && format[at] <= 'z' && next_ < args_.size();
    }
  }
  return false;
}

std::optional<int> Printer::take_number(std::string_view format, std::size_t& at) {
  std::optional<int> number;
  for (; at < format.size() && format[at] >= '0' && format[at] <= '9'; ++at) {
    if (number && *number > kTooLarge) {
      at = format.size();
      return std::nullopt;
    }
    number = number.value_or(0) * 10 + (format[at] - '0');
  }
  return number;
}

/// The argument that '*' stands for.
std::optional<int> Printer::number_argument() {
  if (next_ >= args_.size()) return std::nullopt;
  const Argument& arg = args_[next_++];
  if (arg.kind != Argument::Kind::Integer || arg.integer > kTooLarge || arg.integer < -kTooLarge)
    return std::nullopt;
  return static_cast<int>(arg.integer);
}

/// "[3]": the next argument is number 3.
void Printer::take_index(std::string_view format, std::size_t& at, bool& found) {
  found = false;
  if (at >= format.size() || format[at] != '[') return;
  reordered_ = true;
  std::size_t close = format.find(']', at);
  if (format.size() - at < 3 || close == std::string_view::npos) {
    good_index_ = false;
    ++at;
    return;
  }
  std::size_t digits = at + 1;
  auto number = take_number(format.substr(0, close), digits);
  at = close + 1;
  found = number && digits == close;
  if (found && *number >= 1 && static_cast<std::size_t>(*number) <= args_.size()) {
    next_ = static_cast<std::size_t>(*number) - 1;
  } else {
    good_index_ = false;
  }
}

void Printer::take_width(std::string_view format, std::size_t& at, bool& after_index) {
  if (at < format.size() && format[at] == '*') {
    ++at;
    auto width = number_argument();
    if (!width) out_ += "%!(BADWIDTH)";
    spec_.width = width.value_or(-1);
    if (width && *width < 0) spec_.width = -*width, spec_.minus = true, spec_.zero = false;
    after_index = false;
    return;
  }
  auto width = take_number(format, at);
  spec_.width = width.value_or(-1);
  if (after_index && width) good_index_ = false;
}

void Printer::take_precision(std::string_view format, std::size_t& at, bool& after_index) {
  if (at + 1 >= format.size() || format[at] != '.') return;
  ++at;
  if (after_index) good_index_ = false;
  take_index(format, at, after_index);
  if (at < format.size() && format[at] == '*') {
    ++at;
    auto precision = number_argument();
    if (!precision || *precision < 0) out_ += "%!(BADPREC)";
    spec_.precision = precision && *precision >= 0 ? *precision : -1;
    after_index = false;
    return;
  }
  spec_.precision = take_number(format, at).value_or(0);
}

/// One directive, after its '%'. False when the room is used up.
bool Printer::verb(std::string_view format, std::size_t& at) {
  spec_ = {};
  good_index_ = true;
  if (!take_flags(format, at)) {
    bool after_index = false;
    take_index(format, at, after_index);
    take_width(format, at, after_index);
    take_precision(format, at, after_index);
    if (!after_index) take_index(format, at, after_index);
  }
  if (at >= format.size()) {
    out_ += "%!(NOVERB)";
    return true;
  }
  Rune verb = decode_rune(format.substr(at));
  at += verb.width;
  if (!room_(out_.size() + static_cast<std::size_t>(std::max(spec_.width, 0)) +
             static_cast<std::size_t>(std::max(spec_.precision, 0))))
    return false;
  if (verb.value == '%') {
    out_ += '%';
  } else if (!good_index_) {
    complain(verb.value, "(BADINDEX)");
  } else if (next_ >= args_.size()) {
    complain(verb.value, "(MISSING)");
  } else {
    if (verb.value == 'v' || verb.value == 'w') {
      spec_.sharp_v = std::exchange(spec_.sharp, false);
      spec_.plus_v = std::exchange(spec_.plus, false);
    }
    print(args_[next_++], verb.value);
  }
  return true;
}

void Printer::complain(char32_t verb, std::string_view what) {
  out_ += "%!";
  append_rune(out_, verb);
  out_ += what;
}

void Printer::bad_verb(const Argument& arg, char32_t verb) {
  out_ += "%!";
  append_rune(out_, verb);
  out_.append("(").append(arg.type_name()).append("=");
  print(arg, 'v');
  out_ += ')';
}

void Printer::print(const Argument& arg, char32_t verb) {
  if (verb == 'T') return spec_.pad(out_, arg.type_name());
  if (arg.kind == Argument::Kind::Nil) return print_nil(verb);
  switch (arg.kind) {
    case Argument::Kind::Integer: return print_integer(arg, verb);
    case Argument::Kind::Float: return print_float(arg, verb);
    case Argument::Kind::Big: return print_big(arg, verb);
    case Argument::Kind::Text: return print_text(arg, verb);
    case Argument::Kind::Boolean:
      if (verb != 't' && verb != 'v') return bad_verb(arg, verb);
      return spec_.pad(out_, arg.integer != 0 ? "true" : "false", false);
    case Argument::Kind::Nil: break;
  }
}

void Printer::print_nil(char32_t verb) {
  if (verb == 'v') return spec_.pad(out_, "<nil>");
  complain(verb, "(<nil>)");
}

void Printer::print_integer(const Argument& arg, char32_t verb) {
  auto rune =
      static_cast<std::uint64_t>(arg.integer) > 0x10FFFF ? kRuneError : static_cast<char32_t>(arg.integer);
  std::string text;
  switch (verb) {
    case 'v':
    case 'd':
    case 'b':
    case 'o':
    case 'O':
    case 'x':
    case 'X': return print_integer_digits(arg.integer, verb);
    case 'c': append_rune(text, rune); return spec_.pad(out_, text);
    case 'q':
      append_rune(text, rune);
      return spec_.pad(out_, quote(text, spec_.plus ? QuoteStyle::Ascii : QuoteStyle::Unicode, '\''));
    case 'U': return print_unicode(static_cast<std::uint64_t>(arg.integer));
    default: return bad_verb(arg, verb);
  }
}

void Printer::print_integer_digits(std::int64_t value, char32_t verb) {
  bool negative = value < 0;
  auto magnitude =
      negative ? std::uint64_t{0} - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::size_t least = 0;
  if (spec_.precision >= 0) {
    if (spec_.precision == 0 && value == 0) return spec_.pad(out_, "", false);
    least = static_cast<std::size_t>(spec_.precision);
  } else if (spec_.zero && !spec_.minus && spec_.width > 0) {
    least = static_cast<std::size_t>(spec_.width - (negative || spec_.plus || spec_.space ? 1 : 0));
  }
  std::string digits = in_base(magnitude, static_cast<unsigned>(base_of(verb)), verb == 'X');
  if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
  if (spec_.sharp) {
    if (verb == 'b') digits.insert(0, "0b");
    if ((verb == 'o' || verb == 'O') && digits[0] != '0') digits.insert(0, "0");
    if (verb == 'x') digits.insert(0, "0x");
    if (verb == 'X') digits.insert(0, "0X");
  }
  if (verb == 'O') digits.insert(0, "0o");
  if (negative)
    digits.insert(0, "-");
  else if (spec_.plus)
    digits.insert(0, "+");
  else if (spec_.space)
    digits.insert(0, " ");
  spec_.pad(out_, digits, false);
}

void Printer::print_unicode(std::uint64_t value) {
  std::string digits = in_base(value, 16, true);
  std::size_t least = static_cast<std::size_t>(std::max(spec_.precision, 4));
  if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
  std::string text = "U+" + digits;
  if (spec_.sharp && value <= 0x10FFFF && is_printable(static_cast<char32_t>(value))) {
    text += " '";
    append_rune(text, static_cast<char32_t>(value));
    text += '\'';
  }
  spec_.pad(out_, text, false);
}

/// '#' keeps the decimal point and trailing zeros.
std::string Printer::keep_points(std::string number, char32_t verb, int precision) const {
  int digits =
      verb == 'v' || verb == 'g' || verb == 'G' || verb == 'x' ? (precision == -1 ? 6 : precision) : 0;
  bool hex = verb == 'x' || verb == 'X', point = false, seen = false;
  std::size_t end = number.size();
  for (std::size_t i = 1; i < number.size(); ++i) {
    char c = number[i];
    if (c == '.') {
      point = true;
    } else if (c == 'p' || c == 'P' || (!hex && (c == 'e' || c == 'E'))) {
      end = i;
      break;
    } else {
      if (c != '0') seen = true;
      if (seen) --digits;
    }
  }
  std::string tail = number.substr(end);
  number.resize(end);
  if (!point) {
    if (number.size() == 2 && number[1] == '0') --digits;
    number += '.';
  }
  if (digits > 0) number.append(static_cast<std::size_t>(digits), '0');
  return number + tail;
}

void Printer::print_float(const Argument& arg, char32_t verb) {
  static constexpr std::string_view kShortest = "vbgGxX", kSix = "feEF";
  char letter = verb < 0x80 ? static_cast<char>(verb) : '\0';
  bool shortest = kShortest.find(letter) != std::string_view::npos;
  if (letter == '\0' || (!shortest && kSix.find(letter) == std::string_view::npos))
    return bad_verb(arg, verb);
  int precision = spec_.precision >= 0 ? spec_.precision : shortest ? -1 : 6;
  std::string number = format_float(arg.real, letter == 'v' ? 'g' : letter == 'F' ? 'f' : letter, precision);
  if (number[0] != '-') number.insert(0, "+");
  if (spec_.space && number[0] == '+' && !spec_.plus) number[0] = ' ';
  if (spec_.sharp && verb != 'b') number = keep_points(std::move(number), verb, precision);
  if (!spec_.plus && number[0] == '+') return spec_.pad(out_, std::string_view(number).substr(1));
  if (spec_.zero && !spec_.minus && spec_.width > static_cast<int>(number.size())) {
    out_ += number[0];
    out_.append(static_cast<std::size_t>(spec_.width) - number.size(), '0').append(number, 1);
    return;
  }
  spec_.pad(out_, number);
}

void Printer::print_big(const Argument& arg, char32_t verb) {
  static constexpr std::u32string_view kVerbs = U"boOdsvxX";
  if (kVerbs.find(verb) == std::u32string_view::npos) {
    complain(verb, "(big.Int=" + arg.text + ")");
    return;
  }
  std::string digits = big_in_base(arg.text, base_of(verb));
  bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  if (verb == 'X') digits = upper_ascii(digits);
  bool sharp = spec_.sharp || spec_.sharp_v;
  std::string prefix = negative ? "-" : spec_.plus || spec_.plus_v ? "+" : spec_.space ? " " : "";
  if (sharp && verb == 'b') prefix += "0b";
  if (sharp && verb == 'o') prefix += "0";
  if (sharp && verb == 'x') prefix += "0x";
  if (sharp && verb == 'X') prefix += "0X";
  if (verb == 'O') prefix += "0o";
  if (static_cast<int>(digits.size()) < spec_.precision)
    digits.insert(0, static_cast<std::size_t>(spec_.precision) - digits.size(), '0');
  int missing = spec_.width - static_cast<int>(prefix.size() + digits.size());
  if (missing > 0 && spec_.zero && !spec_.minus && spec_.precision < 0)
    digits.insert(0, static_cast<std::size_t>(missing), '0');
  spec_.pad(out_, prefix + digits, false);
}

void Printer::print_text(const Argument& arg, char32_t verb) {
  std::string_view text = arg.text;
  if (spec_.precision >= 0 && verb != 'x' && verb != 'X')
    text = text.substr(0, rune_offset(text, static_cast<std::size_t>(spec_.precision)));
  switch (verb) {
    case 'x':
    case 'X': return print_hex_text(text, verb == 'X');
    case 's': return spec_.pad(out_, text);
    case 'v':
      if (!spec_.sharp_v) return spec_.pad(out_, text);
      return spec_.pad(out_, quote(text));
    case 'q':
      if (spec_.sharp && can_backquote(text)) return spec_.pad(out_, "`" + std::string(text) + "`");
      return spec_.pad(out_, quote(text, spec_.plus ? QuoteStyle::Ascii : QuoteStyle::Unicode));
    default: return bad_verb(arg, verb);
  }
}

void Printer::print_hex_text(std::string_view text, bool upper) {
  const char* hex = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  if (spec_.precision >= 0) text = text.substr(0, static_cast<std::size_t>(spec_.precision));
  std::string encoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (spec_.space && i > 0) encoded += ' ';
    if (spec_.sharp && (spec_.space || i == 0)) encoded += upper ? "0X" : "0x";
    auto byte = static_cast<unsigned char>(text[i]);
    encoded.append(1, hex[byte >> 4]).append(1, hex[byte & 15]);
  }
  spec_.pad(out_, encoded);
}

}  // namespace

bool sprintf(std::string& out, std::string_view format, std::span<const Value> args,
             const std::function<bool(std::size_t)>& room) {
  std::vector<Argument> arguments;
  std::size_t held = 0, allowed = 4096;
  for (const Value& arg : args) {
    arguments.push_back(argument_of(arg));
    held += arguments.back().text.size();
    if (held <= allowed) continue;
    if (!room(held)) return false;
    allowed = held + held / 4;
  }
  return Printer(out, std::move(arguments), room).run(format);
}

bool sprintf(std::string& out, std::string_view format, std::vector<FormatArgument> args,
             const std::function<bool(std::size_t)>& room) {
  return Printer(out, std::move(args), room).run(format);
}

}  // namespace signalbox::policy::go
