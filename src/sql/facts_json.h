// QueryFacts as the JSON object of `input.query` (docs/input.md, rules/schema/input.json).
#pragma once

#include <string>
#include <string_view>

#include "sql/facts.h"

namespace signalbox::sql {

/// `text` is what was analysed. Absent facts (an empty schema, an unknown value) are absent members, so that
/// a policy finds them undefined; bytes that are not UTF-8 become U+FFFD.
std::string to_json(const QueryFacts& facts, std::string_view text);

}  // namespace signalbox::sql
