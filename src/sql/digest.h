// Normalised text and fingerprint: for people, logs and statistics only.
// Never a key for a decision: libpg_query's fingerprints collide past 47 nested calls and ignore DO bodies and SET values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sql/analyze.h"

namespace signalbox::sql {

/// The text with its constants replaced by $n, comments and blanks kept. Works on tokens, so any text and any length is
/// safe; what does not lex is replaced by "?" from there on, so that no literal can leak.
std::string normalize(std::string_view text, const AnalyzeOptions& options = {});

/// 16 hexadecimal digits: the same for statements that differ in constants only. Empty when the text does not parse or is
/// longer than 64 KiB.
std::string fingerprint(std::string_view text, const AnalyzeOptions& options = {});

}  // namespace signalbox::sql
