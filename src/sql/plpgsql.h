// The SQL that a PL/pgSQL body runs: its statements, and its expressions as the SELECTs they are.
//
// PL/pgSQL is read as PostgreSQL's own parser for it reads it (src/pl/plpgsql/src/pl_gram.y): by the tokens
// of SQL, cut at the words that end an expression. What is cut out is SQL, and the grammar reads it again; a
// body that is read wrongly gives texts that do not parse.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace signalbox::sql {

struct ProceduralBody {
  std::vector<std::string> statements;  ///< in the order of the text; INTO of PL/pgSQL is left out
  std::vector<std::string> variables;   ///< names that may mean a variable where SQL has columns
  bool opaque = false;                  ///< it runs SQL from a string, or was not understood
};

/// Linear in the text's length.
ProceduralBody read_plpgsql(std::string_view body, bool standard_conforming_strings);

}  // namespace signalbox::sql
