// The text of a SET statement from a parameter's name and value.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::sql {

/// SET [LOCAL] "name" TO value, as set_config() would take the value: of the parameters that hold a list of
/// identifiers (search_path, ...) each element is one. No value can end the statement or begin another.
std::string set_statement(std::string_view name, std::string_view value, bool local);

/// The parameter holds a list of identifiers.
bool is_identifier_list(std::string_view parameter);

/// An element of such a list, as PostgreSQL keeps it: quoted where letters or their case would be lost.
std::string list_element(std::string_view identifier);

}  // namespace signalbox::sql
