// Diagnostic: what is wrong with something an author wrote (policy, configuration, test), and how to mend it.
// Collected, sorted by position, printed with the source line and a caret.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox {

/// A place in a source text. Rows and columns count from 1, columns in characters (code points); 0 means
/// unknown.
struct SourcePosition {
  std::string file;
  std::uint32_t row = 0;
  std::uint32_t col = 0;
  auto operator<=>(const SourcePosition&) const = default;
};

enum class Severity : std::uint8_t { Error, Warning };

struct Diagnostic {
  Severity severity = Severity::Error;
  std::string code;     ///< stable name, e.g. "rego_parse_error", "config_unknown_key"
  std::string message;  ///< one sentence, no trailing period
  SourcePosition at;
  std::string source_line;   ///< the line the position names; may be empty
  std::string hint;          ///< how to mend it; may be empty
  std::string details = {};  ///< JSON: what OPA says of such a mistake beyond its message; may be empty
};

using Diagnostics = std::vector<Diagnostic>;

/// "file:row:col: code: message", then the source line, a caret, and the hint. Ends with a newline.
std::string to_text(const Diagnostic& diagnostic);
std::string to_text(const Diagnostics& diagnostics);

bool has_errors(const Diagnostics& diagnostics);
void sort_by_position(Diagnostics& diagnostics);

/// The candidate nearest to `word` in edit distance, or "" when none is near enough to be a likely
/// misspelling.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

/// Line `row` (from 1) of `text`, without its line end; "" when there is none.
std::string_view line_of(std::string_view text, std::uint32_t row);

}  // namespace signalbox
