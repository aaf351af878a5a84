// The surprise: the server tells of a changed setting just before ReadyForQuery (since PostgreSQL 14), so
// that within a pipeline all may be answered and a setting be another one than it has told. Then it is asked.
#include "proxy/session/judge/settings.h"

#include <algorithm>

namespace signalbox::proxy {

bool depends_on_settings(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c == '\\' || static_cast<signed char>(c) < 0; });
}

std::optional<Stop> await_settings(const Book& book) {
  if (book.skipping()) return std::nullopt;  // nobody will read it
  if (book.size() > 0) return Stop::Unconfirmed;
  return book.settings_told() ? std::nullopt : std::optional(Stop::Settings);
}

}  // namespace signalbox::proxy
