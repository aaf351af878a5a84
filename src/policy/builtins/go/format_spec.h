// The flags, width and precision of one Go formatting verb, and the padding they ask for.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::policy::go {

struct FormatSpec {
  bool sharp = false, zero = false, plus = false, minus = false, space = false;
  bool sharp_v = false, plus_v = false;  ///< # and + given to %v, where they mean something else
  int width = -1;                        ///< -1 = not given
  int precision = -1;                    ///< -1 = not given

  /// Appends `text`, padded to the width in runes; with zeros on the left when asked for.
  void pad(std::string& out, std::string_view text, bool allow_zeros = true) const;
};

}  // namespace signalbox::policy::go
