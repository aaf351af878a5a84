// Facts as one short line each, so that a test case is one line: statement -> facts.
#pragma once

#include <string>
#include <string_view>

#include "sql/facts.h"

namespace signalbox::sql::test {

/// "read users, write public.t": one for each entry of `tables`; with verbs "delete logs".
std::string tables(const StatementFacts& facts);
std::string verbs(const StatementFacts& facts);
/// "users.id, users.*, ?.x" with "~" in front of one that is not certain and "=" in front of one that is
/// written.
std::string columns(const StatementFacts& facts);
/// "id=1, name='x', b=true, n=null, p=$1"
std::string where(const std::vector<Equality>& where);
std::string literal(const Literal& value);
/// "session search_path='a, b'"
std::string sets(const StatementFacts& facts);
std::string objects(const StatementFacts& facts);

/// "a, b" of any list of words
template <class List>
std::string words(const List& list) {
  std::string out;
  for (const auto& word : list) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

/// The facts of one statement; "parse_error: ..." is thrown as a failed requirement.
StatementFacts facts_of(std::string_view sql);

}  // namespace signalbox::sql::test
