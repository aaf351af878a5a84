// Reads files of cases.
#pragma once

#include <expected>
#include <string>

#include "policy/value/json.h"

namespace signalbox::policy::test {

std::expected<Value, std::string> parse_case_yaml(Arena& arena, const std::string& text);

}  // namespace signalbox::policy::test
