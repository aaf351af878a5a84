// One pass: at each byte, the first replacement of the list that matches there. A table of first bytes skips
// the rest.
#include "policy/builtins/go/replacer.h"

#include <bitset>

namespace signalbox::policy::go {

/// As many bytes as are compared in the time of a short comparison.
static constexpr std::size_t kBytesCompared = 64;

bool replace_into(std::string& out, std::string_view text, std::span<const Replacement> replacements,
                  const Room& room) {
  std::bitset<256> starts;
  bool matches_empty = false;
  for (const Replacement& r : replacements) {
    if (r.from.empty())
      matches_empty = true;
    else
      starts.set(static_cast<unsigned char>(r.from[0]));
  }
  std::size_t last = 0;
  bool after_empty = false;
  for (std::size_t i = 0; i <= text.size();) {
    bool possible = matches_empty || (i < text.size() && starts[static_cast<unsigned char>(text[i])]);
    const Replacement* match = nullptr;
    std::size_t comparisons = 0;
    if (possible)
      for (const Replacement& r : replacements) {
        comparisons += 1 + r.from.size() / kBytesCompared;
        if (!(r.from.empty() && after_empty) && text.substr(i).starts_with(r.from)) {
          match = &r;
          break;
        }
      }
    if (comparisons != 0 && !room(out.size(), comparisons)) return false;
    after_empty = match != nullptr && match->from.empty();
    if (match == nullptr) {
      ++i;
      continue;
    }
    out.append(text, last, i - last).append(match->to);
    i += match->from.size();
    last = i;
  }
  out.append(text.substr(std::min(last, text.size())));
  return true;
}

}  // namespace signalbox::policy::go
