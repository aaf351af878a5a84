// Keys and values that frameworks put into SQL comments (sqlcommenter, marginalia):
// /*traceparent='00-...',route='%2Fx'*/
#pragma once

#include <string_view>
#include <vector>

#include "sql/facts.h"

namespace signalbox::sql {

/// All tags of all comments, at most 64 and at most 1024 bytes a value; texts without a comment cost one
/// search.
std::vector<CommentTag> comment_tags(std::string_view text, bool standard_conforming_strings);

}  // namespace signalbox::sql
