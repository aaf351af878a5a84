// Masking: one column value becomes another that tells less and is still a value of its type, in the format
// in which the server sent it. Pure. NULL stays NULL; what a mask cannot do for a type becomes the mask
// `full` of the type, and what has no harmless value of its type becomes NULL: a mask never lets the original
// through.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signalbox::actions {

enum class MaskKind : std::uint8_t {
  Nullify,  ///< NULL
  Full,     ///< a constant: "********", 0, false, 2000-01-01, ...
  Partial,  ///< texts: `first` and `last` characters stay, the rest becomes `fill`; at least half is always
            ///< masked
  Hash,    ///< keyed hash: equal values stay equal. Texts: 16 hex digits; uuid and integers of their own kind
  Regex,   ///< texts: every match of `pattern` is replaced by `replacement` (RE2, \1 ...)
  Format,  ///< keyed, format preserving: digits become digits, letters letters of their case, the rest stays
};
std::optional<MaskKind> mask_kind_named(std::string_view name);

struct MaskRule {
  MaskKind kind = MaskKind::Full;
  std::uint32_t first = 0, last = 0;  ///< Partial; "keep last n" is first 0, last n
  std::string fill = "*";             ///< Partial: one character
  std::string pattern = {}, replacement = {};
  std::string key = {};  ///< Hash, Format: the secret; not empty
};

enum class ValueFormat : std::uint8_t { Text = 0, Binary = 1 };  ///< the protocol's format codes

class Masker {
 public:
  /// InvalidArgument: pattern, fill or key cannot be used.
  static Result<Masker> compile(MaskRule rule);
  Masker(Masker&&) noexcept;
  Masker& operator=(Masker&&) noexcept;
  ~Masker();

  /// The masked form of a value that is not NULL; nullopt = NULL. `type` is the column's type oid in
  /// RowDescription.
  std::optional<std::string> apply(std::uint32_t type, ValueFormat format, std::string_view value) const;

 private:
  struct Regex;
  Masker(MaskRule rule, std::unique_ptr<Regex> regex);
  std::optional<std::string> mask_text(std::string_view value) const;
  std::string partial(std::string_view value) const;
  std::string format_preserving(std::string_view value) const;

  MaskRule rule_;
  std::unique_ptr<Regex> regex_;
};

}  // namespace signalbox::actions
