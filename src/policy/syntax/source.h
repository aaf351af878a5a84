// Source: one text of the author, and the places in it that nodes and diagnostics name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/diagnostic.h"

namespace signalbox::policy::ast {

/// Immutable and shared: modules, diagnostics and explanations refer to it as long as they need it.
struct Source {
  std::string name;  ///< the path as the author gave it; may be empty for a query
  std::string text;
};

using SourcePtr = std::shared_ptr<const Source>;

/// A place in a Source. `row`, `col` (from 1, in code points) and `offset` (bytes) name where the node is
/// reported; [begin, end) is the text the node covers. They differ for `(a) + b`, which is reported at `a`.
/// row 0: no place; the node was generated.
struct Span {
  std::uint32_t row = 0;
  std::uint32_t col = 0;
  std::uint32_t offset = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  bool known() const { return row != 0; }
  std::string_view text(const Source& source) const {
    return end <= source.text.size() && begin <= end
               ? std::string_view(source.text).substr(begin, end - begin)
               : std::string_view();
  }
};

/// The position of `span` in `source`, for diagnostics.
inline SourcePosition position(const Source& source, const Span& span) {
  return {source.name, span.row, span.col};
}

}  // namespace signalbox::policy::ast
