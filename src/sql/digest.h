// Normalised text and fingerprint: for people, logs and statistics only, never a key for a decision.
// Both work on tokens, not on a parse tree: any text of any length is safe, also one that the grammar
// rejects.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::sql {

/// The text with each constant replaced by $n (numbered after the highest $n it has), comments dropped, runs
/// of blanks as one. A text that ends within a string keeps nothing of that string.
std::string normalize(std::string_view text, bool standard_conforming_strings = true);

/// 16 hexadecimal digits, equal for texts that differ in constants, letter case of words, blanks, comments
/// and the length of a list of constants only.
std::string fingerprint(std::string_view text, bool standard_conforming_strings = true);

}  // namespace signalbox::sql
