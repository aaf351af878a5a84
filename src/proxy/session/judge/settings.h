// What a text or a name says may depend on settings of the session: standard_conforming_strings and
// client_encoding. They must be those that the server will read it under.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/session/book.h"
#include "proxy/session/stop.h"

namespace signalbox::proxy {

/// A backslash, or bytes beyond ASCII.
bool depends_on_settings(std::string_view text);

/// What must happen before such a text is read: nothing when the settings are known.
std::optional<Stop> await_settings(const Book& book);

}  // namespace signalbox::proxy
