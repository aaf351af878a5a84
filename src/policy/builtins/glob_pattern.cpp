// Glob -> RE2, one construct at a time: * ** ? [abc] [!a-z] {a,b} \c.
// The surprises are gobwas's: an unclosed "{" is taken as closed at the end, "}" and "," outside braces are
// text, and a class holds either one range or a list of characters, never both.
#include "policy/builtins/glob_pattern.h"

#include <algorithm>
#include <vector>

#include "policy/builtins/go/text.h"

namespace signalbox::policy::builtins {
namespace {

constexpr std::string_view kSpecial = "\\*?[]{}";

void append_literal(std::string& out, char32_t rune) {
  static constexpr std::string_view kMeta = R"(\.+*?()|[]{}^$-&~#)";
  if (rune < 0x80 && kMeta.find(static_cast<char>(rune)) != std::string_view::npos) out += '\\';
  if (rune == 0)
    out += "\\x00";
  else
    go::append_rune(out, rune);
}

/// gobwas tells text, anything, text by how the whole begins and ends, and the two may overlap: "aba" is
/// matched by ab**ba. These are the texts that are matched for that.
std::vector<std::u32string> overlapping(std::string_view glob, bool star_is_anything) {
  std::u32string ends[2];
  std::size_t stars = 0;
  while (!glob.empty()) {
    go::Rune rune = go::decode_rune(glob);
    glob.remove_prefix(rune.width);
    if (rune.value == '*') {
      const bool super = glob.starts_with('*');
      if (super) glob.remove_prefix(1);
      if (++stars > 1 || (!super && !star_is_anything)) return {};
      continue;
    }
    if (rune.value == '?' || rune.value == '[' || rune.value == '{') return {};
    if (rune.value == '\\' && !glob.empty()) {
      rune = go::decode_rune(glob);
      glob.remove_prefix(rune.width);
    }
    ends[stars] += rune.value;
  }
  std::vector<std::u32string> out;
  if (stars == 0) return out;
  for (std::size_t shared = 1; shared <= std::min(ends[0].size(), ends[1].size()); ++shared) {
    if (ends[0].ends_with(ends[1].substr(0, shared))) out.push_back(ends[0] + ends[1].substr(shared));
  }
  return out;
}

class Translator {
 public:
  Translator(std::string_view glob, std::span<const char32_t> delimiters)
      : rest_(glob), overlaps_(overlapping(glob, delimiters.empty())) {
    any_ = ".";
    if (delimiters.empty()) return;
    any_ = "[^";
    for (char32_t delimiter : delimiters) append_literal(any_, delimiter);
    any_ += ']';
  }

  std::expected<std::string, std::string> run() {
    while (!rest_.empty() && error_.empty()) step();
    if (!error_.empty()) return std::unexpected(error_);
    out_.append(static_cast<std::size_t>(depth_), ')');
    for (const std::u32string& text : overlaps_) {
      out_ += '|';
      for (char32_t rune : text) append_literal(out_, rune);
    }
    return "(?s)\\A(?:" + out_ + ")\\z";
  }

 private:
  char32_t take() {
    go::Rune rune = go::decode_rune(rest_);
    if (rune.invalid()) error_ = "could not read rune";
    rest_.remove_prefix(rune.width);
    return rune.value;
  }
  void step();
  void character_class();

  std::string_view rest_;
  std::vector<std::u32string> overlaps_;
  std::string any_, out_, error_;
  int depth_ = 0;
};

void Translator::step() {
  char32_t rune = take();
  if (rune == '*') {
    bool super = rest_.starts_with('*');
    if (super) rest_.remove_prefix(1);
    out_ += super ? ".*" : any_ + "*";
  } else if (rune == '?') {
    out_ += any_;
  } else if (rune == '[') {
    character_class();
  } else if (rune == '{') {
    ++depth_;
    out_ += "(?:";
  } else if (rune == '}' && depth_ > 0) {
    --depth_;
    out_ += ')';
  } else if (rune == ',' && depth_ > 0) {
    out_ += '|';
  } else if (rune == '\\') {
    if (!rest_.empty()) append_literal(out_, take());
  } else {
    append_literal(out_, rune);
  }
}

void Translator::character_class() {
  auto fail = [&](const char* why) { error_ = why; };
  if (rest_.empty()) return fail("unexpected end of input");
  bool negated = rest_.starts_with('!');
  if (negated) rest_.remove_prefix(1);
  if (rest_.empty()) return fail("unexpected end of input");
  std::string set = negated ? "[^" : "[";
  std::string_view at_first = rest_;
  char32_t low = take();
  if (rest_.starts_with('-')) {
    rest_.remove_prefix(1);
    if (rest_.empty()) return fail("unexpected end of input");
    char32_t high = take();
    if (rest_.empty()) return fail("unexpected end of input");
    if (take() != ']') return fail("expected close range character");
    if (high < low) {
      std::string hi_text, lo_text;
      go::append_rune(hi_text, high), go::append_rune(lo_text, low);
      error_ = "hi character '" + hi_text + "' should be greater than lo '" + lo_text + "'";
      return;
    }
    append_literal(set, low);
    set += '-';
    append_literal(set, high);
  } else {
    rest_ = at_first;
    std::size_t count = 0;
    while (!rest_.empty() && rest_[0] != ']') {
      char32_t rune = take();
      if (rune == '\\' && !rest_.empty()) rune = take();
      append_literal(set, rune);
      ++count;
    }
    if (rest_.empty()) return fail("unexpected end of input");
    rest_.remove_prefix(1);
    if (count == 0) return fail("could not parse range");
  }
  out_ += set + "]";
}

}  // namespace

std::expected<std::string, std::string> glob_to_re2(std::string_view glob,
                                                    std::span<const char32_t> delimiters) {
  return Translator(glob, delimiters).run();
}

std::string quote_glob(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace signalbox::policy::builtins
