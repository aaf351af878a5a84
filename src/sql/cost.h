// What parsing a text would cost, told before it is parsed.
#pragma once

#include <string_view>

#include "sql/analyze.h"

namespace signalbox::sql {

/// It has more tokens than `options.max_tokens`, or would keep PostgreSQL's lexer busy for long.
bool is_too_costly(std::string_view text, const AnalyzeOptions& options);

}  // namespace signalbox::sql
