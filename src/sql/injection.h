// Shapes that a statement takes on when SQL has been injected into it. By the parse tree, not by patterns of
// text: no spelling, comment or encoding hides one, and a string that talks about SQL is only a string.
//
//   blind            a comparison of one character of a sub-select, or of what the server says of itself
//   comment_tail     a comment at the end of the last line cuts off what came behind it
//   delay            a condition or sub-select waits (pg_sleep), or counts to a million
//   encoded          a string put together of three or more chr()
//   error_based      a sub-select about the server or its catalog cast to a number, so that the error shows
//   it tautology        OR with what is always true, behind something that is not union_catalog    a UNION of
//   a table with the system catalog union_constants  a UNION of a table with a row of NULLs, of 1, 2, 3, or
//   of what the server says of itself
//
// They say what a statement looks like, not what it is: people may write such statements too. What
// applications, pg_dump and psql are known to send has none (tests/sql/injection_test.cpp,
// tests/e2e/test_false_positives.py).
#pragma once

#include <string_view>
#include <vector>

#include "sql/analyze.h"

namespace signalbox::sql {

/// Those of one statement, sorted. `text` is one that analyze() has parsed with these options; empty for any
/// other.
std::vector<std::string_view> injected_shapes(std::string_view text, const AnalyzeOptions& options);

/// The text ends in a comment behind SQL on the same line that is empty or begins in the middle of something:
/// `--`, `-- ' AND active`, `--)`.
bool ends_in_cut_off_comment(std::string_view text, bool standard_conforming_strings);

}  // namespace signalbox::sql
