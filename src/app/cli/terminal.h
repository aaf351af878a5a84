// How verbs speak: errors to stderr in one form, tables and colours where a person reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/cli/verb.h"
#include "base/diagnostic.h"
#include "base/result.h"

namespace signalbox::app::cli {

enum class Colour { Plain, Red, Green, Yellow, Bold, Dim };

/// Colours only on a terminal, and not with NO_COLOR or TERM=dumb. `fd` is 1 or 2.
bool colours_on(int fd);
std::string painted(std::string_view text, Colour colour, int fd);

/// To stdout. A closed pipe ends the process quietly.
void print(std::string_view text);
/// "signalbox: message" to stderr; the hint on a line of its own.
void complain(std::string_view message, std::string_view hint = {});
void complain(const Error& error);
void complain(const Diagnostics& diagnostics);

/// Unreachable for Unavailable, Timeout, NotFound and Io; Refused for Cancelled; otherwise Finding.
Exit exit_for(const Error& error);

/// Columns padded to their widest cell, two spaces between. The first row is the heading. Control characters
/// in cells are escaped, since cells may come from clients.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace signalbox::app::cli
