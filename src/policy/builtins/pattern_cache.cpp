// Regular expressions and globs are compiled once per evaluator: a map from source text to RE2, emptied by
// half when full. The surprise: RE2 reports errors in its own words; policies show Go's, so the codes are
// translated.
#include "policy/builtins/pattern_cache.h"

#include <re2/re2.h>

#include <algorithm>
#include <unordered_map>

#include "policy/builtins/glob_pattern.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

constexpr std::size_t kMaxPatterns = 512;
constexpr std::int64_t kMaxProgramBytes = 8 << 20;

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

struct PatternCache {
  std::unordered_map<std::string, std::unique_ptr<re2::RE2>, TextHash, std::equal_to<>> compiled;

  const re2::RE2* find(std::string_view key) const {
    auto at = compiled.find(key);
    return at == compiled.end() ? nullptr : at->second.get();
  }
  const re2::RE2* keep(std::string_view key, std::unique_ptr<re2::RE2> pattern) {
    if (compiled.size() >= kMaxPatterns)
      for (auto at = compiled.begin(); compiled.size() > kMaxPatterns / 2;) at = compiled.erase(at);
    return compiled.insert_or_assign(std::string(key), std::move(pattern)).first->second.get();
  }
};

std::string_view go_message(re2::RE2::ErrorCode code) {
  switch (code) {
    case re2::RE2::ErrorBadEscape: return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass: return "invalid character class";
    case re2::RE2::ErrorBadCharRange: return "invalid character class range";
    case re2::RE2::ErrorMissingBracket: return "missing closing ]";
    case re2::RE2::ErrorMissingParen: return "missing closing )";
    case re2::RE2::ErrorUnexpectedParen: return "unexpected )";
    case re2::RE2::ErrorTrailingBackslash: return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument: return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize: return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp: return "invalid nested repetition operator";
    case re2::RE2::ErrorBadPerlOp: return "invalid or unsupported Perl syntax";
    case re2::RE2::ErrorBadUTF8: return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture: return "invalid named capture";
    case re2::RE2::ErrorPatternTooLarge: return "expression too large";
    default: return "internal error";
  }
}

/// Go spells a named group (?<name>...) as well as (?P<name>...); this RE2 knows only the latter.
std::string with_named_groups(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      out.append(pattern, i++, 2);
      continue;
    }
    if (c == '[')
      in_class = true;
    else if (c == ']')
      in_class = false;
    out += c;
    if (!in_class && c == '(' && pattern.substr(i).starts_with("(?<")) out.append("?P"), ++i;
  }
  return out;
}

/// \C, any byte, is RE2's alone.
bool asks_for_bytes(std::string_view pattern) {
  for (std::size_t at = 0; (at = pattern.find('\\', at)) < pattern.size(); at += 2) {
    if (pattern.substr(at).starts_with("\\Q")) at = std::min(pattern.find("\\E", at), pattern.size() - 1);
    if (pattern.substr(at).starts_with("\\C")) return true;
  }
  return false;
}

/// In Go names of groups are ASCII.
const std::string* foreign_group_name(const re2::RE2& pattern) {
  for (const auto& [name, group] : pattern.NamedCapturingGroups())
    if (!go::is_ascii(name)) return &name;
  return nullptr;
}

}  // namespace

std::expected<std::unique_ptr<re2::RE2>, std::string> compile_regex(std::string_view pattern) {
  if (asks_for_bytes(pattern)) return std::unexpected("error parsing regexp: invalid escape sequence: `\\C`");
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxProgramBytes);
  std::string respelled;
  const std::string_view written = pattern;
  if (pattern.find("(?<") != std::string_view::npos) pattern = respelled = with_named_groups(pattern);
  auto compiled = std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (compiled->ok()) {
    const std::string* name = foreign_group_name(*compiled);
    if (name == nullptr) return compiled;
    const bool short_form = written.find("(?<" + *name) != std::string_view::npos;
    return std::unexpected("error parsing regexp: invalid named capture: `" +
                           std::string(short_form ? "(?<" : "(?P<") + *name + ">`");
  }
  std::string argument = compiled->error_code() == re2::RE2::ErrorMissingParen ||
                                 compiled->error_code() == re2::RE2::ErrorUnexpectedParen
                             ? std::string(pattern)
                             : compiled->error_arg();
  std::string message = "error parsing regexp: " + std::string(go_message(compiled->error_code()));
  if (compiled->error_code() != re2::RE2::ErrorTrailingBackslash)
    return std::unexpected(message + ": `" + argument + "`");
  return std::unexpected(message + ": ``");
}

std::expected<const re2::RE2*, std::string> cached_regex(BuiltinContext& context, std::string_view pattern) {
  auto& cache = context.kept.of<PatternCache>();
  if (const re2::RE2* found = cache.find(pattern)) return found;
  auto compiled = compile_regex(pattern);
  if (!compiled) return std::unexpected(compiled.error());
  return cache.keep(pattern, std::move(*compiled));
}

std::expected<const re2::RE2*, std::string> cached_glob(BuiltinContext& context, std::string_view glob,
                                                        std::u32string_view delimiters) {
  // No regular expression is valid UTF-8 text with this byte, so the two kinds of key never meet.
  std::string key("\xFF");
  for (char32_t delimiter : delimiters) go::append_rune(key, delimiter);
  key.append("\xFF").append(glob);
  auto& cache = context.kept.of<PatternCache>();
  if (const re2::RE2* found = cache.find(key)) return found;
  auto pattern = glob_to_re2(glob, delimiters);
  if (!pattern) return std::unexpected(pattern.error());
  auto compiled = compile_regex(*pattern);
  if (!compiled) return std::unexpected(compiled.error());
  return cache.keep(key, std::move(*compiled));
}

bool charge_search(BuiltinContext& context, const re2::RE2& pattern, std::string_view text) {
  // RE2 reads a byte in a few nanoseconds, or, where the states of a large pattern are too many to keep, in a
  // few for every instruction of its program.
  constexpr std::size_t kLargeProgram = 256, kLongSearch = 1 << 26;
  const auto program = static_cast<std::size_t>(std::max(pattern.ProgramSize(), 1));
  const std::size_t worst = text.size() * program;
  const std::size_t steps = text.size() / kBytesPerStep * (1 + program / kLargeProgram);
  return context.meter.charge(1 + steps + (worst > kLongSearch ? worst / kBytesPerStep : 0));
}

bool matches(const re2::RE2& pattern, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

}  // namespace signalbox::policy::builtins
