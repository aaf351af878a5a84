// What is known of PostgreSQL's own functions, operators and types: which change something, which reach
// outside tables. A name that is not here is somebody else's code: the facts say so (opaque "function").
#pragma once

#include <string_view>

namespace signalbox::sql {

struct KnownFunction {
  bool known = false;        ///< pg_catalog has it, or an extension of PostgreSQL's own distribution
  bool changes = false;      ///< calling it changes data, settings, locks, files, other processes
  bool runs_sql = false;     ///< it executes SQL text given as an argument
  std::string_view effect;   ///< facts.h, StatementFacts::effects; "" for none
  std::string_view effect2;  ///< a second one; "" for none
};

KnownFunction known_function(std::string_view name);
bool is_known_operator(std::string_view name);
bool is_known_type(std::string_view name);

/// Functions of one argument that give a whole row's content: t.to_json is to_json(t) when t has no such
/// column. `server_version`: the major one, 0 when it is not known.
bool reveals_row(std::string_view function, int server_version);

}  // namespace signalbox::sql
